export type Acted = 'done' | 'failed';

interface SteadyWatchOptions<Content> {
  /** `reading` identifies the content: it differs where the content does. */
  readonly read: () => Promise<{ readonly reading: string; readonly content: Content }>;
  /** The reading that needs no action. */
  readonly initial: string;
  readonly intervalMilliseconds: number;
  /**
   * Called with new content. After `failed` or an error it is called with the same content at each interval until it
   * answers `done`, because the cause may lie outside of the content and go away.
   */
  readonly act: (content: Content, reading: string) => Promise<Acted> | Acted;
  /** Called with an error of `read` or `act` that neither foresees. The watch goes on. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Looks at files again and again, because notifications miss changes of mounted ConfigMaps and Secrets and of network
 * file systems. New content counts only after two readings in a row agree, because a file may be being written.
 */
export function watchSteadily<Content>(options: SteadyWatchOptions<Content>) {
  const { read, initial, intervalMilliseconds, act, onFailure } = options;
  /** The reading before, and the reading that was last acted on and is done with. */
  let lastReading = initial;
  let settled: string | null = initial;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const poll = async (): Promise<void> => {
    const { reading, content } = await read();
    const steady = reading === lastReading;
    lastReading = reading;
    if (stopped || !steady || reading === settled) return;
    // Until it is done, no reading is: the one before may come back.
    settled = null;
    if ((await act(content, reading)) === 'done') settled = reading;
  };

  const schedule = (): void => {
    timer = setTimeout(() => {
      poll()
        .catch(onFailure)
        .finally(() => {
          if (!stopped) schedule();
        });
    }, intervalMilliseconds).unref();
  };
  schedule();

  return {
    /** Looks once, as the timer does. */
    poll,
    /** Looks now, and acts also on content on which it has acted already. */
    async again() {
      settled = null;
      await poll();
      // The reading before may be older than the change.
      await poll();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
