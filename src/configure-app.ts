import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import type { AppOptions } from './app.module.js';
import type { AppConfig } from './config/app-config.js';
import { warnOfForwarding } from './http/forwarding-warnings.js';
import { fastifyOptions } from './http/server/fastify-options.js';
import { installHttpHooks } from './http/server/http-hooks.js';
import type { RequestObserver } from './http/server/request-course.js';
import { requestLog } from './http/server/request-log.js';
import { traceRequests } from './http/server/request-trace.js';
import { reloadTls } from './http/server/tls-reload.js';
import { countRequests } from './http/server/request-metrics.js';
import { createLogger } from './observability/logger.js';
import type { ServiceLogger } from './observability/logger.js';
import { Metrics } from './observability/metrics.js';
import type { SpanRecorder } from './observability/spans.js';
import { startTracing } from './observability/tracing.js';
import { Clock, epochSeconds } from './shared/clock.js';

export interface CreateAppOptions extends AppOptions {
  /** The process's own, where there is one. */
  readonly logger?: ServiceLogger;
}

/** Builds the application as `main` runs it and as the tests do: everything but listening. */
export async function createApp(options: CreateAppOptions): Promise<NestFastifyApplication> {
  const { config } = options;
  const logger = options.logger ?? (await createLogger(config));
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(options),
    new FastifyAdapter(fastifyOptions(config)),
    // Our own parser takes JSON alone; errors reach whoever started the service instead of ending the process.
    { bodyParser: false, abortOnError: false, logger },
  );
  const { logLinesDropped } = app.get(Metrics, { strict: false });
  logger.countLosses((lines) => {
    logLinesDropped.inc(lines);
  });
  const observers = [requestLog(logger)];
  configureApp(app, config, observers, await startTracing(config));
  // What makes the reference is loaded where there is one.
  if (config.http.docs) (await import('./serve-docs.js')).serveDocs(app);
  return app;
}

function configureApp(
  app: NestFastifyApplication,
  config: AppConfig,
  observers: readonly RequestObserver[],
  recorder?: SpanRecorder,
): void {
  const fastify = app.getHttpAdapter().getInstance();
  const counter = countRequests(fastify, app.get(Metrics, { strict: false }).requests);
  const tracer = recorder && traceRequests(fastify, recorder, config.http.publicUrl);
  installHttpHooks(fastify, config, [...observers, counter, ...(tracer ? [tracer] : [])]);
  warnOfForwarding(fastify, config.http.trustProxy, app.get(Clock));
  watchCertificate(app, config);
}

function watchCertificate(app: NestFastifyApplication, { http }: AppConfig): void {
  const tls = reloadTls(app.getHttpAdapter().getInstance(), http.tls, app.get(Clock));
  if (!tls) return;
  const help = 'When the certificate in use ends, in seconds since 1970.';
  const metrics = app.get(Metrics, { strict: false });
  metrics.measure('gatehouse_tls_certificate_end_timestamp_seconds', help, () => epochSeconds(tls.notAfter));
}
