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
  type CallOfSpan,
  type RequestSpan,
  type RequestTracing,
  type Span,
  type SpanAttributes,
  type TraceContext,
  type TraceHeaders,
  type Tracing,
} from '../../model/tracing.js';

/** When so many traces are kept for later work, the one that was kept first is forgotten. */
const mostKept = 10_000;

/**
 * Spans by OpenTelemetry's SDK. The span under way is in an AsyncLocalStorage of its own: nothing is registered for the whole
 * process, and no library is changed.
 */
export class OpenTelemetryTracing implements Tracing, RequestTracing {
  readonly #underWay = new AsyncLocalStorage<OpenTelemetrySpan>();
  readonly #kept = new BoundedMap<string, SpanContext>(mostKept);

  constructor(private readonly tracer: Tracer) {}

  span<T>(name: string, work: (span: Span) => Promise<T>): Promise<T> {
    const parent = this.#underWay.getStore();
    if (parent === undefined) return work(noSpan);
    return this.#run(this.tracer.startSpan(name, {}, under(parent.spanContext())), work);
  }

  call<T>(name: string, attributes: SpanAttributes, work: CallOfSpan<T>): Promise<T> {
    const parent = this.#underWay.getStore();
    if (parent === undefined) return work({}, noSpan);
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

const noSpan: Span = { set: () => undefined, fail: () => undefined };

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
