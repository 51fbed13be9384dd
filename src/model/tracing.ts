/**
 * Tells a collector of traces where time goes. It changes nothing of what is done, and is never given a name of a
 * person, a token, a CSR or a key.
 */
export interface Tracing {
  /** Runs `work` as a part of the trace that is under way, or by itself where no trace is under way. */
  span<T>(name: string, work: (span: Span) => Promise<T>): Promise<T>;
  /** The same for a call to another service. That gets `headers`, so that its own spans continue the trace. */
  call<T>(name: string, attributes: SpanAttributes, work: CallOfSpan<T>): Promise<T>;
  /** Runs `work` outside of the trace that is under way, because it serves others too. */
  outside<T>(work: () => T): T;
  /** Keeps the trace that is under way for later work with this id. */
  keep(id: string): void;
  /** As `call`, in the trace that was kept under the id. Where no such trace is known, a new trace begins. */
  resume<T>(id: string, name: string, attributes: SpanAttributes, work: CallOfSpan<T>): Promise<T>;
  /** 32 hexadecimal digits; null where no trace is under way. */
  traceId(): string | null;
}

/** Traces the requests of a server. */
export interface RequestTracing {
  /** Begins the trace of a request that has arrived, or goes on with that of its caller. */
  begin(caller: TraceContext | null): RequestSpan;
}

export type CallOfSpan<T> = (headers: TraceHeaders, span: Span) => Promise<T>;

export interface Span {
  set(attributes: SpanAttributes): void;
  /** The work went wrong. `type` is the kind of error, not its message, which may hold names. */
  fail(type: string): void;
}

/** It begins in one hook of a server and ends in another. */
export interface RequestSpan extends Span {
  readonly traceId: string;
  /** Runs `work` as a part of the trace. */
  run(work: () => void): void;
  end(name: string): void;
}

/** Their names are those of OpenTelemetry's semantic conventions, or begin with `kubepass.`. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** W3C Trace Context; empty where no trace is under way. */
export type TraceHeaders = Readonly<Partial<Record<'traceparent', string>>>;

const noSpan: Span = { set: () => undefined, fail: () => undefined };
const noHeaders: TraceHeaders = {};

/** Where nobody collects traces: all work just runs. */
export const untraced: Tracing = {
  span: (_name, work) => work(noSpan),
  call: (_name, _attributes, work) => work(noHeaders, noSpan),
  outside: (work) => work(),
  keep: () => undefined,
  resume: (_id, _name, _attributes, work) => work(noHeaders, noSpan),
  traceId: () => null,
};

/** A place in a trace. */
export interface TraceContext {
  /** 32 hexadecimal digits, not all 0. */
  readonly traceId: string;
  /** 16 hexadecimal digits, not all 0. */
  readonly spanId: string;
  readonly sampled: boolean;
}

/**
 * Reads the header `traceparent` (W3C Trace Context, section 3.2). Null for everything that is not exactly that: a
 * caller who sends nonsense gets a trace of its own. A version that is not known yet may continue behind a dash
 * (section 3.2.4).
 */
export function readTraceparent(header: unknown): TraceContext | null {
  if (typeof header !== 'string' || header.length > longestTraceparent) return null;
  const [, version, traceId = '', spanId = '', flags = '', rest] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(header) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

const longestTraceparent = 512;

/** The header for calls whose parent is this place. */
export const traceparentOf = ({ traceId, spanId, sampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
