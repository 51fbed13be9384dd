import { randomBytes } from 'node:crypto';
import type { Checkpoint } from '../audit/checkpoint.js';
import { rootHash, type TreeHashes } from '../audit/merkle-tree.js';
import { whyNotPermitted } from '../callers/permissions.js';
import { sessionEnded } from '../callers/sessions.js';
import type { Log } from '../context/context.js';
import { auditEvent } from '../model/audit-event.js';
import { newId } from '../model/new-id.js';
import { done, type Outcome } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import type { Restoration } from '../model/restoration.js';
import type { CommitResult, Step } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import { acknowledgeRestorations, insertRestoration } from '../store/tables/restoration-table.js';
import { endSession } from '../store/tables/session-table.js';
import type { KeptCheckpoint } from './checkpoint-beside-database.js';

/** How far an audit log goes. */
export interface LogAsFound {
  readonly events: number;
  /** When the last event happened; null: the log has no event. */
  readonly knownUntil: Date | null;
}

export async function logAsFound(
  auditEvents: Pick<Store['auditEvents'], 'head' | 'chunk'>,
  upTo?: number,
): Promise<LogAsFound> {
  const events = upTo ?? (await auditEvents.head()).seq;
  const [last] = events === 0 ? [] : await auditEvents.chunk(events - 1, 1);
  return { events, knownUntil: last?.at ?? null };
}

/** A restoration that nobody has acknowledged. `signedEvents`: the largest size known to be signed; 0: no size is. */
export const newRestoration = (
  detectedBy: Restoration['detectedBy'],
  detectedAt: Date,
  found: LogAsFound,
  signedEvents: number,
  random: (octets: number) => Buffer = randomBytes,
): Restoration => ({
  id: newId(detectedAt, random),
  detectedAt,
  detectedBy,
  ...found,
  signedEvents: signedEvents || null,
  acknowledgedAt: null,
  acknowledgedBy: null,
});

export const isOpen = ({ acknowledgedAt }: Restoration): boolean => acknowledgedAt === null;

/** The largest size that is known to have been signed before any of the restorations; 0: no size is known. */
export const mostSigned = (restorations: readonly Restoration[]): number =>
  Math.max(0, ...restorations.map(({ signedEvents }) => signedEvents ?? 0));

/** How many sessions are ended in one commit. */
const endedAtOnce = 200;

type RecordingContext = { readonly store: Pick<Store, 'sessions' | 'writer'>; readonly log: Log };

/**
 * Records that the database was put back from a backup, and ends the browsers' sessions that are in it. A session that
 * ended after the backup would be valid again.
 */
export async function recordRestoration(context: RecordingContext, restoration: Restoration): Promise<void> {
  await context.store.writer.commit(restorationStep(restoration));
  await afterRestoration(context, restoration);
}

/** The step that records a restoration. */
const restorationStep = (restoration: Restoration): Step => ({
  operations: [insertRestoration(restoration)],
  events: [auditEvent('DatabaseRestored', restoration.detectedAt, null, detailsOf(restoration))],
});

const detailsOf = ({ detectedBy, events, knownUntil, signedEvents }: Restoration) => ({
  detectedBy,
  events,
  signedEvents,
  knownUntil: knownUntil?.toISOString() ?? null,
});

/** Tells of a restoration that is on record, and ends the sessions. */
async function afterRestoration({ store, log }: RecordingContext, restoration: Restoration): Promise<void> {
  const { detectedAt } = restoration;
  log.warn(
    detailsOf(restoration),
    'the database was put back from a backup: an admin has to acknowledge what it may not know',
  );
  for (;;) {
    const { items } = await store.sessions.list(null, detectedAt, { limit: endedAtOnce, cursor: null });
    if (items.length === 0) return;
    const { committed } = await store.writer.commit({
      operations: items.map(({ id }) => endSession({ id, at: detectedAt })),
      events: items.map((session) => sessionEnded(session, detectedAt, null, 'DatabaseRestored')),
    });
    // Another process ended a session meanwhile. The next turn finds the sessions that are left.
    if (!committed) log.info({ sessions: items.length }, 'sessions of a restored database are ended again');
  }
}

interface RestorationsContext {
  readonly store: Pick<Store, 'alone' | 'auditEvents' | 'restorations' | 'sessions' | 'writer'>;
  readonly clock: () => Date;
  readonly random: (octets: number) => Buffer;
  readonly log: Log;
  /** The log as it was when the database was opened. */
  readonly found: LogAsFound;
  readonly keptCheckpoint: Pick<KeptCheckpoint, 'path' | 'read' | 'refuseUpTo'>;
  readonly instance: string;
  /** Whether the service holds the key of a CA, so that certificates exist of which no cluster knows. */
  readonly signsHere: boolean;
}

interface RestoredState {
  /** Whether it was put back and no admin has acknowledged that. */
  readonly restored: boolean;
  /** Oldest first. */
  readonly restorations: readonly Restoration[];
  /** Sentences about what may not be known; none where it is acknowledged. */
  readonly mayBeUnknown: readonly string[];
  /** Certificates that were signed for this log and that the database does not know, oldest first, at most 500. */
  readonly certificates: readonly LostCertificate[];
}

/** A certificate that a cluster signed after the backup was made. */
interface LostCertificate {
  readonly cluster: string;
  readonly fingerprintSha256: string;
  readonly serialNumber: string | null;
  readonly username: string | null;
  readonly notAfter: string | null;
}

/** For so long the answers of `summary` are the same, because everybody may ask for them. */
const summaryMilliseconds = 2_000;
const mostCertificates = 500;

/**
 * Knows whether the database was put back from a backup, by the restore command or by other means, and what it may not
 * know therefore, until an admin acknowledges it.
 */
export class Restorations {
  #summary: { readonly until: number; readonly state: Promise<RestoredState> } | null = null;
  #found: LogAsFound;

  constructor(private readonly context: RestorationsContext) {
    this.#found = context.found;
  }

  /**
   * Finds out whether the database was put back from a backup without a word, by the traces that it does not know
   * itself. It comes before anything is signed. No checkpoint is signed up to the size that is known to be signed,
   * because such a checkpoint may be published already. `seen`: how far a running service knows the log, and whether it
   * saw a longer log before.
   */
  async detect(tree: TreeHashes, seen?: { readonly found: LogAsFound; readonly isShorter: boolean }): Promise<void> {
    const { store, keptCheckpoint, instance, log } = this.context;
    this.#found = seen?.found ?? this.#found;
    const kept = await keptCheckpoint.read(log);
    if (kept !== null && kept.origin !== `kubepass/${instance}`)
      log.warn(
        { file: keptCheckpoint.path, kept: kept.origin, origin: `kubepass/${instance}` },
        'the checkpoint beside the database is of another log',
      );
    await store.alone(async () => {
      const continues = await this.continues(tree);
      const isAlreadyOpen = (await store.restorations.all()).some(isOpen);
      keptCheckpoint.refuseUpTo(await this.#signed());
      if (!continues || (seen?.isShorter && !isAlreadyOpen))
        await recordRestoration(this.context, await this.#restoration(continues ? 'head' : 'checkpoint'));
      else if (isAlreadyOpen)
        log.warn(this.#found, 'the database was put back from a backup, and no admin has acknowledged that yet');
    });
  }

  /**
   * Whether the log has the events for which the kept checkpoint vouches. It is also true if a recorded restoration
   * covers the size of that checkpoint, because then it is known that the log has other events there.
   */
  async continues(tree: TreeHashes): Promise<boolean> {
    const { auditEvents, restorations } = this.context.store;
    const kept = await this.#kept();
    if (kept === null || kept.size <= mostSigned(await restorations.all())) return true;
    return kept.size <= (await auditEvents.head()).seq && (await rootHash(tree, kept.size)).equals(kept.root);
  }

  /**
   * Commits a step that records facts which the database does not know: revocations, or a certificate which a cluster
   * has and which was signed for this log. The same commit records the restoration, unless a restoration is open.
   */
  async recordLost(step: Step, detectedBy: Restoration['detectedBy'] = 'clusters'): Promise<CommitResult> {
    const { store, log } = this.context;
    if ((await store.restorations.all()).some(isOpen)) return store.writer.commit(step);
    const restoration = await this.#restoration(detectedBy);
    const { operations, events } = restorationStep(restoration);
    const result = await store.writer.commit({
      operations: [...step.operations, ...operations],
      events: [...step.events, ...events],
    });
    this.#summary = null;
    if (result.committed)
      await afterRestoration(this.context, restoration).catch((error: unknown) => {
        log.error({ err: error }, 'the sessions of a restored database could not be ended');
      });
    return result;
  }

  /** For auditors and admins. */
  async read(principal: Principal): Promise<Outcome<RestoredState>> {
    return whyNotPermitted(principal, 'read-audit-events') ?? done(await this.#state());
  }

  /** An admin knows: `restored` is false from now on. Acknowledging what is acknowledged changes nothing. */
  async acknowledge(principal: Principal): Promise<Outcome<RestoredState>> {
    const refusal = whyNotPermitted(principal, 'acknowledge-restored');
    if (refusal !== null) return refusal;
    const { store, clock } = this.context;
    const open = (await store.restorations.all()).filter(isOpen);
    const at = clock();
    if (open.length > 0)
      await store.writer.commit({
        operations: [acknowledgeRestorations({ at, by: principal.name })],
        events: [auditEvent('RestoredAcknowledged', at, principal.name, { restorations: open.length })],
      });
    this.#summary = null;
    return done(await this.#state());
  }

  /** For everybody: numbers, and no names. */
  async summary(): Promise<{ readonly restored: boolean; readonly notes: readonly string[] }> {
    const now = performance.now();
    if (this.#summary === null || this.#summary.until < now)
      this.#summary = { until: now + summaryMilliseconds, state: this.#state() };
    const { restored, mayBeUnknown } = await this.#summary.state;
    return { restored, notes: mayBeUnknown };
  }

  async #restoration(detectedBy: Restoration['detectedBy']): Promise<Restoration> {
    const { clock, random } = this.context;
    return newRestoration(detectedBy, clock(), this.#found, await this.#signed(), random);
  }

  /** The kept checkpoint, if it is a checkpoint of this log. */
  async #kept(): Promise<Checkpoint | null> {
    const kept = await this.context.keptCheckpoint.read();
    return kept?.origin === `kubepass/${this.context.instance}` ? kept : null;
  }

  /** The largest size that is known to be signed; 0: none. */
  async #signed(): Promise<number> {
    const [kept, before] = [await this.#kept(), await this.context.store.restorations.all()];
    return Math.max(mostSigned(before), kept?.size ?? 0);
  }

  async #state(): Promise<RestoredState> {
    const { store, signsHere } = this.context;
    const restorations = await store.restorations.all();
    const open = restorations.filter(isOpen);
    const [first] = restorations;
    const certificates = first === undefined ? [] : await this.#lostSince(first);
    const { seq: events } = await store.auditEvents.head();
    return {
      restored: open.length > 0,
      restorations,
      mayBeUnknown: whatMayBeUnknown(open, { certificates: certificates.length, events, signsHere }),
      certificates,
    };
  }

  async #lostSince({ knownUntil }: Restoration): Promise<readonly LostCertificate[]> {
    const filter = { type: 'UnknownIdentityIssued', ...(knownUntil !== null && { after: knownUntil }) };
    const lost: LostCertificate[] = [];
    let cursor: string | null = null;
    do {
      const page = await this.context.store.auditEvents.list(filter, { limit: mostCertificates, cursor });
      for (const { cluster, fingerprintSha256, details } of page.items)
        if (details['lost'] === true && cluster !== null && fingerprintSha256 !== null)
          lost.push({
            cluster,
            fingerprintSha256,
            serialNumber: textOrNull(details['serialNumber']),
            username: textOrNull(details['username']),
            notAfter: textOrNull(details['notAfter']),
          });
      cursor = page.nextCursor;
    } while (cursor !== null && lost.length < mostCertificates);
    return lost.slice(0, mostCertificates);
  }
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** The facts that came to light since. */
interface FoundSince {
  /** How many certificates clusters have that the database does not know; 500 means 500 or more. */
  readonly certificates: number;
  /** How many events the log has now. */
  readonly events: number;
  /** Whether the service signs with the key of a CA, wherever that lies. */
  readonly signsHere: boolean;
}

/** Sentences for people about a database that was put back, with numbers and no names. `open`: not acknowledged yet. */
function whatMayBeUnknown(open: readonly Restoration[], found: FoundSince): readonly string[] {
  const [first] = open.toSorted((one, other) => one.events - other.events);
  if (first === undefined) return [];
  const until = first.knownUntil === null ? '' : `, the last of ${first.knownUntil.toISOString()}`;
  const signed = mostSigned(open);
  return [
    `the database was put back from a state with ${first.events} events${until}: certificates, revocations, blocks, decisions and tokens since then may be unknown`,
    found.certificates === 0
      ? 'no certificate that a cluster signed since was found on it. There may be some: the objects of recorded ones are deleted at once'
      : `${found.certificates} certificates that clusters signed since were found there, and are recorded as UnknownIdentityIssued with lost: true. There may be more: the objects of recorded ones are deleted at once`,
    ...(found.signsHere
      ? [
          'certificates that a CA of this service signed since are unknown, with their serial numbers: they work until they expire or their CA is replaced; no serial number is given out twice',
          'issuers that were activated or retired since are in the states of then, and one of then signs: look at GET /v1/clusters/{name}/issuers before this is acknowledged',
        ]
      : []),
    'requests that were decided or issued since are as they were before: a key that somebody collected since belongs to a certificate that is not known',
    'identities that were blocked since and API tokens that were revoked since count as before, unless the list beside the database has them: look through both. The sessions of browsers are ended',
    'people of the directory who joined, changed groups or left since are as they were before, and whoever left is blocked only where that list has it: let the identity provider synchronize everybody again before this is acknowledged',
    signed === 0
      ? 'no checkpoint is at hand, so a size that was signed before may be signed again: compare with one that is kept elsewhere (kubepass-verify)'
      : `the last checkpoint at hand has ${signed} events, and no size up to there is signed again${found.events <= signed ? `: the log has ${found.events} now, and the next checkpoint comes when it has more than ${signed}` : ''}. Compare with those that are kept elsewhere (kubepass-verify)`,
    'an admin acknowledges this with POST /v1/restored/acknowledge',
  ];
}
