import {
  replayChanges,
  unrecordedFacts,
  type Replayed,
  type ReplayChange,
  type ReplaySummary,
  type UnrecordedFact,
} from '../../model/replay.js';

/** Counts what replayed requests come to. */
export class ReplayTally {
  #requests = 0;
  #changed = 0;
  #undecidable = 0;
  #failed = 0;
  readonly #changes = zeros(replayChanges);
  readonly #facts = zeros(unrecordedFacts);

  get requests(): number {
    return this.#requests;
  }

  add(replayed: readonly Replayed[]): void {
    this.#requests += replayed.length;
    for (const one of replayed)
      switch (one.kind) {
        case 'unchanged':
          break;
        case 'changed':
          this.#changed += 1;
          for (const change of one.changes) this.#changes[change] += 1;
          break;
        case 'undecidable':
          this.#undecidable += 1;
          for (const fact of one.facts) this.#facts[fact] += 1;
          break;
        case 'failed':
          this.#failed += 1;
          break;
      }
  }

  progress(): { readonly requests: number; readonly changed: number } {
    return { requests: this.#requests, changed: this.#changed };
  }

  summary(): ReplaySummary {
    return {
      requests: this.#requests,
      changed: { requests: this.#changed, ...this.#changes },
      undecidable: { requests: this.#undecidable, ...this.#facts },
      failed: this.#failed,
    };
  }
}

function zeros<Name extends ReplayChange | UnrecordedFact>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}
