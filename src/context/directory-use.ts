import { isHere, isPredecessors, type DirectoryStanding } from '../model/directory.js';
import { foldedName } from '@kubepass/inspect/formats';
import type { Principal, RolesLost } from '../model/principal.js';
import type { Store } from '../store/store.js';

/** How long something is believed of the directory, in milliseconds. Another replica may change it meanwhile. */
const believedMilliseconds = 1_000;
/** When so many names are believed, all are looked up again. */
const believedAtMost = 10_000;

interface Believed {
  readonly standings: readonly DirectoryStanding[];
  /** By the process's own clock, in milliseconds. */
  readonly at: number;
}

type Caller = Pick<Principal, 'name' | 'vouchedAt'>;

/** The directory as decisions look at it. Until there is anybody in it, they cost no look-up. */
export class DirectoryUse {
  #isUsed = false;
  #lookedAt = -Infinity;
  readonly #believed = new Map<string, Believed>();
  /** Counts the changes by this process. */
  #changes = 0;

  constructor(private readonly directory: Pick<Store['directory'], 'isInUse' | 'standingsOf'>) {}

  /** Called when this process puts somebody into it. */
  begin(): void {
    this.#isUsed = true;
  }

  /** Called when this process has changed somebody in it. */
  changed(): void {
    this.#changes += 1;
    this.#believed.clear();
  }

  async isUsed(): Promise<boolean> {
    const now = performance.now();
    if (this.#isUsed || now - this.#lookedAt < believedMilliseconds) return this.#isUsed;
    const isUsed = await this.directory.isInUse();
    this.#lookedAt = now;
    return (this.#isUsed ||= isUsed);
  }

  /**
   * The users who are or were the bearers of these names, in the form in which names are compared. It is believed for a second
   * that nobody bears a name, or somebody who is here, unless this process changes anybody or it is looked up `anew`.
   * Nobody gets anything by it after they left on another replica: a leaving blocks the name, and each commit of a request
   * requires that none of its names is blocked.
   */
  async standingsOf(folded: readonly string[], anew: boolean): Promise<readonly DirectoryStanding[]> {
    const now = performance.now();
    const known = new Map<string, readonly DirectoryStanding[]>();
    if (!anew)
      for (const name of folded) {
        const believed = this.#believed.get(name);
        if (believed !== undefined && now - believed.at < believedMilliseconds) known.set(name, believed.standings);
      }
    const unknown = folded.filter((name) => !known.has(name));
    if (unknown.length > 0) {
      const changes = this.#changes;
      const found = await this.directory.standingsOf(unknown);
      for (const name of unknown) {
        const standings = found.filter(({ username }) => username !== null && foldedName(username) === name);
        known.set(name, standings);
        if (changes === this.#changes && isBelievable(standings)) this.#believe(name, { standings, at: now });
      }
    }
    return folded.flatMap((name) => known.get(name) ?? []);
  }

  /** Why the caller is nobody who bears the name now: everybody who bears it left, or got it after somebody vouched for this one. */
  async whyOut(caller: Caller): Promise<RolesLost | null> {
    if (!(await this.isUsed())) return null;
    return whyOutOf(await this.standingsOf([foldedName(caller.name)], false), caller);
  }

  /** Whether it is believed without a look that the caller is not out. */
  believes(caller: Caller): boolean {
    const now = performance.now();
    if (!this.#isUsed) return now - this.#lookedAt < believedMilliseconds;
    const { at, standings } = this.#believed.get(foldedName(caller.name)) ?? { at: -Infinity, standings: [] };
    return now - at < believedMilliseconds && whyOutOf(standings, caller) === null;
  }

  #believe(name: string, believed: Believed): void {
    if (this.#believed.size >= believedAtMost) this.#believed.clear();
    this.#believed.set(name, believed);
  }
}

function whyOutOf(standings: readonly DirectoryStanding[], { vouchedAt }: Caller): RolesLost | null {
  if (standings.length > 0 && !standings.some(isHere)) return 'left';
  return vouchedAt !== undefined && isPredecessors(standings, vouchedAt) ? 'succeeded' : null;
}

/** Somebody who left may return, and a successor's wait may end: the next look tells. */
const isBelievable = (standings: readonly DirectoryStanding[]): boolean =>
  standings.every(({ reuse }) => reuse === null) && (standings.length === 0 || standings.some(isHere));
