/** Somebody's account of the work that is done for them. */
export interface InspectionAccount {
  /** The caller's name: nobody gets all turns. */
  readonly by: string;
  /** Called when the work is about to begin; throws where nothing is left for it. */
  readonly mustHaveSome: () => void;
  /** Processor seconds. */
  readonly spend: (seconds: number) => void;
}

/** Spends the time in which `work` keeps this thread to itself, until it waits for something. */
export function measured<T>({ spend }: Pick<InspectionAccount, 'spend'>, work: () => T): T {
  const began = performance.now();
  try {
    return work();
  } finally {
    spend((performance.now() - began) / 1000);
  }
}
