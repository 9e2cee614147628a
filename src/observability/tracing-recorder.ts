import { AsyncLocalStorage } from 'node:async_hooks';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, Span, Tracer } from '@opentelemetry/api';
import { getBooleanFromEnv, parseTraceParent } from '@opentelemetry/core';
import type { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import { traceStatements } from './postgres-spans.js';
import { recordWith } from './spans.js';
import type { OpenSpan, SpanAttributes, SpanRecorder } from './spans.js';
import { openProvider } from './tracing-provider.js';
import { ownVersion } from './own-version.js';

const STOP_WITHIN_MS = 2_000;
const KINDS = { internal: SpanKind.INTERNAL, client: SpanKind.CLIENT } as const;

/** OpenTelemetry's spans. Which one is under way is known by Node's own storage, without any hook into modules. */
class Recorder implements SpanRecorder {
  private readonly underWay = new AsyncLocalStorage<Span>();
  private readonly tracer: Tracer;
  private readonly restoreDriver: () => void;

  constructor(private readonly provider: BasicTracerProvider) {
    this.tracer = provider.getTracer('gatehouse', ownVersion());
    this.restoreDriver = traceStatements((name, attributes) => this.part(name, 'client', attributes));
  }

  /** `tracestate` is passed over: it is free text of the client's. */
  request(traceparent: string | undefined): OpenSpan {
    const parent = traceparent === undefined ? null : parseTraceParent(traceparent);
    const context = parent ? trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true }) : ROOT_CONTEXT;
    return this.open('request', SpanKind.SERVER, context);
  }

  part(name: string, kind: 'internal' | 'client', attributes?: SpanAttributes): OpenSpan | undefined {
    const parent = this.underWay.getStore();
    return parent?.isRecording() === true ? this.openBelow(parent, name, KINDS[kind], attributes) : undefined;
  }

  job(name: string): OpenSpan {
    return this.open(name, SpanKind.INTERNAL, ROOT_CONTEXT);
  }

  async stop(): Promise<void> {
    recordWith(undefined);
    this.restoreDriver();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, STOP_WITHIN_MS)));
    await Promise.race([this.provider.shutdown().catch(() => undefined), late]);
    clearTimeout(timer);
  }

  private openBelow(parent: Span, name: string, kind: SpanKind, attributes?: SpanAttributes): OpenSpan {
    return this.open(name, kind, trace.setSpan(ROOT_CONTEXT, parent), attributes);
  }

  private open(name: string, kind: SpanKind, context: Context, attributes: SpanAttributes = {}): OpenSpan {
    const span = this.tracer.startSpan(name, { kind, attributes: { ...attributes } }, context);
    return {
      traceId: span.spanContext().traceId,
      run: (work) => this.underWay.run(span, work),
      end: ({ name: ending, attributes: last = {}, failure } = {}) => {
        if (ending !== undefined) span.updateName(ending);
        span.setAttributes({ ...last });
        if (failure !== undefined) {
          span.setAttribute(ATTR_ERROR_TYPE, failure);
          span.setStatus({ code: SpanStatusCode.ERROR });
        }
        span.end();
      },
    };
  }
}

/** @param endpoint the collector's base URL, as OTEL_EXPORTER_OTLP_ENDPOINT has it */
export function openRecorder(endpoint: string): SpanRecorder | undefined {
  if (getBooleanFromEnv('OTEL_SDK_DISABLED')) return undefined;
  return new Recorder(openProvider(endpoint));
}
