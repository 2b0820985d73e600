import type { Attributes, Link, Span as OtelSpan, SpanContext, SpanKind } from '@opentelemetry/api';
import { RejectedError, type Activity, type Origin } from '#libs/kernel';

export interface Span {
  /** What the work carries on, W3C Trace Context. */
  readonly traceparent: string;
  failed(error: unknown): void;
  answered(route: string, status: number): void;
  end(): void;
}

export interface Tracing {
  begin(activity: Activity): Span;
  beginRequest(method: string, origin: Origin): Span;
  /** Sends what is still held. */
  stop(): Promise<void>;
}

export interface TracingOptions {
  /** Which program speaks; OTEL_SERVICE_NAME goes before it. */
  readonly program: string;
  /** Told when spans cannot be sent. */
  readonly onError: (message: string) => void;
}

/**
 * Sends spans over OTLP/HTTP to where the environment says (OTEL_EXPORTER_OTLP_ENDPOINT and the other variables of
 * OpenTelemetry). The SDK is loaded here and not before. A span holds names out of fixed sets, figures and statuses, never
 * an address, an id, a message or anything else that somebody typed: what a trace is about is found by its id in the facts.
 */
export async function startTracing({ program, onError }: TracingOptions): Promise<Tracing> {
  const api = await import('@opentelemetry/api');
  const { BasicTracerProvider, BatchSpanProcessor } = await import('@opentelemetry/sdk-trace-base');
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  const { detectResources, envDetector, resourceFromAttributes } = await import('@opentelemetry/resources');
  const { ROOT_CONTEXT, SpanStatusCode, trace } = api;
  const kinds: { readonly [K in Activity['kind']]: SpanKind } = {
    command: api.SpanKind.INTERNAL,
    append: api.SpanKind.CLIENT,
    projection: api.SpanKind.CONSUMER,
    policy: api.SpanKind.CONSUMER,
    job: api.SpanKind.CONSUMER,
  };
  const say = (message: string) => onError(message);
  const silent = () => {};
  api.diag.setLogger({ error: say, warn: say, info: silent, debug: silent, verbose: silent }, api.DiagLogLevel.WARN);

  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': program }).merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  const tracer = provider.getTracer('qadaga');

  const wrap = (span: OtelSpan, method?: string): Span => ({
    traceparent: traceparentOf(span.spanContext()),
    failed: (error) => {
      if (error instanceof RejectedError) return void span.setAttribute('qadaga.refused', error.rejection.code);
      span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
      span.setStatus({ code: SpanStatusCode.ERROR });
    },
    answered: (route, status) => {
      span.updateName(`${method ?? ''} ${route}`.trim());
      span.setAttributes({ 'http.route': route, 'http.response.status_code': status });
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    },
    end: () => span.end(),
  });
  const start = (name: string, kind: SpanKind, attributes: Attributes, parents: readonly SpanContext[]) => {
    // Work for one trace goes on in it; work for several is a trace of its own that points at them.
    const [parent] = parents;
    if (parents.length === 1) {
      const context = trace.setSpanContext(ROOT_CONTEXT, parent!);
      return tracer.startSpan(name, { kind, attributes }, context);
    }
    const links = parents.map((context): Link => ({ context }));
    return tracer.startSpan(name, { kind, attributes, links }, ROOT_CONTEXT);
  };

  return {
    begin: ({ kind, name, origins, facts }) => {
      const attributes: Attributes = { 'qadaga.kind': kind, ...(facts === undefined ? {} : { 'qadaga.facts': facts }) };
      return wrap(start(kind === name ? kind : `${kind} ${name}`, kinds[kind], attributes, contextsOf(origins)));
    },
    beginRequest: (method, origin) => {
      const attributes = { 'http.request.method': method };
      return wrap(start(method, api.SpanKind.SERVER, attributes, contextsOf([{ meta: origin }])), method);
    },
    stop: async () => {
      await provider.shutdown().catch((error: unknown) => onError(String(error)));
      api.diag.disable();
    },
  };
}

/** As many traces as a span can point at. */
const maxLinks = 128;

function contextsOf(origins: Activity['origins']): readonly SpanContext[] {
  const found = new Map<string, SpanContext>();
  for (const { meta } of origins) {
    if (meta.traceparent === undefined || found.has(meta.traceparent)) continue;
    if (found.size === maxLinks) break;
    const [, traceId, spanId, flags] = meta.traceparent.split('-') as [string, string, string, string];
    found.set(meta.traceparent, { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true });
  }
  return [...found.values()];
}

const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
