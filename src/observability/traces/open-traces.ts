import type { Log } from '../../context/context.js';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { BoundedMap } from '../../model/bounded-map.js';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
  type Context,
  type Span as OpenTelemetrySpan,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api';
import {
  traceparentOf,
  untraced,
  type CallOfSpan,
  type RequestSpan,
  type RequestTracing,
  type Span,
  type SpanAttributes,
  type TraceContext,
  type TraceHeaders,
  type Tracing,
} from '../../model/tracing.js';

interface TracesOptions {
  /** Takes OTLP over HTTP, as JSON. */
  readonly url: string;
  readonly sampler: {
    readonly kind: 'always_on' | 'always_off' | 'traceidratio';
    readonly ratio: number;
    readonly parentBased: boolean;
  };
  /** Null: the CAs that Node.js trusts. */
  readonly certificateAuthority: Buffer | null;
  readonly clientCertificate: { readonly cert: Buffer; readonly key: Buffer } | null;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** How long a finished span waits for others; default 5,000. */
  readonly batchMilliseconds?: number;
}

/** How long a stop waits for the collector to take the last spans. */
const flushMilliseconds = 2_000;
/** Spans beyond these are dropped while the collector does not take any: some 5 MB. */
const mostWaitingSpans = 4_096;

/**
 * Sends spans to a collector in the background. `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, and the headers,
 * timeout and compression of `OTEL_EXPORTER_OTLP_*` are read by OpenTelemetry's own library.
 */
export function openTraces(options: TracesOptions): {
  readonly tracing: OpenTelemetryTracing;
  readonly close: () => Promise<void>;
} {
  const agent = agentFor(options);
  const exporter = new TellingExporter(
    new OTLPTraceExporter({ url: options.url, httpAgentOptions: () => agent }),
    options.log,
  );
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'kubepass' }).merge(
      detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }),
    ),
    sampler: samplerOf(options.sampler),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: mostWaitingSpans,
        scheduledDelayMillis: options.batchMilliseconds ?? 5_000,
      }),
    ],
  });
  return {
    tracing: new OpenTelemetryTracing(provider.getTracer('kubepass')),
    async close() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, flushMilliseconds)));
      // The log has been told already of spans that could not be sent.
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
      clearTimeout(timer);
      endConnections(agent);
    },
  };
}

/**
 * Keeps connections. The collector gets secret headers, so its certificate is verified whatever the environment says.
 */
function agentFor({ url, certificateAuthority, clientCertificate }: TracesOptions): HttpAgent | HttpsAgent {
  if (new URL(url).protocol === 'http:') return new HttpAgent({ keepAlive: true });
  return new HttpsAgent({
    keepAlive: true,
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(certificateAuthority !== null && { ca: certificateAuthority }),
    ...clientCertificate,
  });
}

/** With an error of our own: the exporter would try again after one that the network makes. */
function endConnections(agent: HttpAgent | HttpsAgent): void {
  const closing = new Error('the service stops');
  for (const sockets of Object.values(agent.sockets)) for (const socket of sockets ?? []) socket.destroy(closing);
  agent.destroy();
}

function samplerOf({ kind, ratio, parentBased }: TracesOptions['sampler']): Sampler {
  const root =
    kind === 'always_off'
      ? new AlwaysOffSampler()
      : kind === 'always_on'
        ? new AlwaysOnSampler()
        : new TraceIdRatioBasedSampler(ratio);
  return parentBased ? new ParentBasedSampler({ root }) : root;
}

/** `ExportResultCode.SUCCESS` of a package that is not ours to import. */
const success = 0;

type Done = Parameters<SpanExporter['export']>[1];

/** Says once that the collector takes no spans, and once that it takes them again. They are dropped meanwhile. */
class TellingExporter implements SpanExporter {
  #failing = false;

  constructor(
    private readonly exporter: SpanExporter,
    private readonly log: Pick<Log, 'info' | 'warn'>,
  ) {}

  export(spans: ReadableSpan[], done: Done): void {
    this.exporter.export(spans, (result) => {
      this.#tell((result.code as number) === success, result.error);
      done(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.exporter.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  #tell(taken: boolean, error: Error | undefined): void {
    if (taken && this.#failing) this.log.info({}, 'the collector of traces takes spans again');
    if (!taken && !this.#failing)
      this.log.warn(
        { reason: reasonOf(error) },
        'the collector of traces takes no spans: they are dropped until it does',
      );
    this.#failing = !taken;
  }
}

/** A code or a status alone: messages may quote the collector's address or its answer, and both may hold secrets. */
function reasonOf(error: (Error & { readonly code?: string | number }) | undefined): string {
  const { code, message } = error ?? {};
  if (typeof code === 'number') return `it answers ${code}`;
  if (typeof code === 'string') return code;
  return message === 'Request timed out' ? 'no answer in time' : (error?.name ?? 'unknown');
}

/** The most traces that are kept for later work. A further trace displaces the trace that was kept first. */
const mostKept = 10_000;

/**
 * Spans by OpenTelemetry's SDK. The span under way is in an AsyncLocalStorage of its own: nothing is registered for the
 * whole process, and no library is changed.
 */
class OpenTelemetryTracing implements Tracing, RequestTracing {
  readonly #underWay = new AsyncLocalStorage<OpenTelemetrySpan>();
  readonly #kept = new BoundedMap<string, SpanContext>(mostKept);

  constructor(private readonly tracer: Tracer) {}

  span<T>(name: string, work: (span: Span) => Promise<T>): Promise<T> {
    const parent = this.#underWay.getStore();
    if (parent === undefined) return untraced.span(name, work);
    return this.#run(this.tracer.startSpan(name, {}, under(parent.spanContext())), work);
  }

  call<T>(name: string, attributes: SpanAttributes, work: CallOfSpan<T>): Promise<T> {
    const parent = this.#underWay.getStore();
    if (parent === undefined) return untraced.call(name, attributes, work);
    return this.#call(name, attributes, under(parent.spanContext()), work);
  }

  outside<T>(work: () => T): T {
    return this.#underWay.exit(work);
  }

  keep(id: string): void {
    const span = this.#underWay.getStore();
    if (span === undefined) return;
    this.#kept.set(id, span.spanContext());
  }

  resume<T>(id: string, name: string, attributes: SpanAttributes, work: CallOfSpan<T>): Promise<T> {
    const kept = this.#kept.get(id);
    return this.#call(name, attributes, kept === undefined ? ROOT_CONTEXT : under(kept), work);
  }

  traceId(): string | null {
    return this.#underWay.getStore()?.spanContext().traceId ?? null;
  }

  begin(caller: TraceContext | null): RequestSpan {
    const parent = caller === null ? ROOT_CONTEXT : under(remote(caller));
    // The sampler wants a name, and the route is not known yet.
    const span = this.tracer.startSpan('request', { kind: SpanKind.SERVER }, parent);
    return {
      ...spanOf(span),
      traceId: span.spanContext().traceId,
      run: (work) => {
        this.#underWay.run(span, work);
      },
      end(name) {
        span.updateName(name);
        span.end();
      },
    };
  }

  #call<T>(name: string, attributes: SpanAttributes, parent: Context, work: CallOfSpan<T>): Promise<T> {
    const span = this.tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
    return this.#run(span, (ours) => work(headersOf(span), ours));
  }

  #run<T>(span: OpenTelemetrySpan, work: (ours: Span) => Promise<T>): Promise<T> {
    return this.#underWay.run(span, async () => {
      const ours = spanOf(span);
      try {
        return await work(ours);
      } catch (error) {
        ours.fail(error instanceof Error ? error.name : 'unknown');
        throw error;
      } finally {
        span.end();
      }
    });
  }
}

const spanOf = (span: OpenTelemetrySpan): Span => ({
  set: (attributes) => {
    span.setAttributes(attributes);
  },
  // Without the message and the stack of the error.
  fail: (type) => {
    span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR });
  },
});

const under = (parent: SpanContext): Context => trace.setSpanContext(ROOT_CONTEXT, parent);

const remote = ({ traceId, spanId, sampled }: TraceContext): SpanContext => ({
  traceId,
  spanId,
  traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
  isRemote: true,
});

function headersOf(span: OpenTelemetrySpan): TraceHeaders {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return { traceparent: traceparentOf({ traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 }) };
}
