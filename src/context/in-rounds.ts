/** Work that is done again and again. */
export interface Rounds {
  /** Begins no more rounds, and resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/** Runs the round at once and then at this interval, but never two at a time. */
export function inRounds(run: () => Promise<void>, milliseconds: number): Rounds {
  let round: Promise<void> | null = null;
  const begin = () => {
    round ??= run().finally(() => {
      round = null;
    });
  };
  begin();
  const rounds = setInterval(begin, milliseconds);
  return {
    async stop() {
      clearInterval(rounds);
      await round;
    },
  };
}
