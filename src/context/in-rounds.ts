/** Work that is done again and again. */
export interface Rounds {
  /** Begins no more rounds, and resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/** Runs the round at once and then at this interval, but never two at a time. One under way may end early on `stop`. */
export function inRounds(run: (isStopped: () => boolean) => Promise<void>, milliseconds: number): Rounds {
  let stopped = false;
  let round: Promise<void> | null = null;
  const begin = () => {
    round ??= run(() => stopped).finally(() => {
      round = null;
    });
  };
  begin();
  const rounds = setInterval(begin, milliseconds);
  return {
    async stop() {
      stopped = true;
      clearInterval(rounds);
      await round;
    },
  };
}
