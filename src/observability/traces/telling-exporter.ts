import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';

export interface ExportLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** `ExportResultCode.SUCCESS` of a package that is not ours to import. */
const success = 0;

type Done = Parameters<SpanExporter['export']>[1];

/** Says once that the collector takes no spans, and once that it takes them again. They are dropped meanwhile. */
export class TellingExporter implements SpanExporter {
  #failing = false;

  constructor(
    private readonly exporter: SpanExporter,
    private readonly log: ExportLog,
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
