import { Logger } from '@nestjs/common';
import { getStringFromEnv, setGlobalErrorHandler } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import type { Resource } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import { ownVersion } from './own-version.js';

/** A collector that is away is told at this interval, not at each batch. */
const TELL_EVERY_MS = 60_000;

/**
 * Spans go to the collector by OTLP over HTTP, in batches and from a bounded queue, beyond which they are dropped: a collector
 * that is slow or away costs memory of that bound, and nothing else. The standard OTEL_* variables decide the rest.
 */
export function openProvider(endpoint: string): BasicTracerProvider {
  tellOfFailures();
  // Set for traces alone, it is a whole URL, which the exporter reads by itself.
  const ownUrl = getStringFromEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const exporter = new OTLPTraceExporter(
    ownUrl === undefined ? { url: `${endpoint.replace(/\/+$/, '')}/v1/traces` } : {},
  );
  return new BasicTracerProvider({ resource: describeProcess(), spanProcessors: [new BatchSpanProcessor(exporter)] });
}

/** What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say wins. */
const describeProcess = (): Resource =>
  defaultResource()
    .merge(resourceFromAttributes({ [ATTR_SERVICE_NAME]: 'gatehouse', [ATTR_SERVICE_VERSION]: ownVersion() }))
    .merge(detectResources({ detectors: [envDetector] }));

/** By its code alone: a message may hold the collector's URL, and that a password. */
function tellOfFailures(): void {
  const logger = new Logger('Tracing');
  let quietUntilMs = 0;
  setGlobalErrorHandler((error) => {
    if (performance.now() < quietUntilMs) return;
    quietUntilMs = performance.now() + TELL_EVERY_MS;
    const code = typeof error === 'object' && 'code' in error ? String(error.code) : 'unknown';
    logger.warn(`Traces could not be sent (${code}). They are dropped beyond a bound, and the service goes on.`);
  });
}
