import type { Restoration } from '../../model/restoration.js';

/** The facts that came to light since. */
export interface FoundSince {
  /** How many certificates clusters have that the database does not know; 500 means 500 or more. */
  readonly certificates: number;
  /** How many events the log has now. */
  readonly events: number;
  /** Whether the service holds the key of a CA. */
  readonly signsHere: boolean;
}

/** Sentences for people about a database that was put back, with numbers and no names. `open`: not acknowledged yet. */
export function whatMayBeUnknown(open: readonly Restoration[], found: FoundSince): readonly string[] {
  const [first] = open.toSorted((one, other) => one.events - other.events);
  if (first === undefined) return [];
  const until = first.knownUntil === null ? '' : `, the last of ${first.knownUntil.toISOString()}`;
  const signed = Math.max(0, ...open.map(({ signedEvents }) => signedEvents ?? 0));
  return [
    `the database was put back from a state with ${first.events} events${until}: certificates, revocations, blocks, decisions and tokens since then may be unknown`,
    found.certificates === 0
      ? 'no certificate that a cluster signed since was found on it. There may be some: the objects of recorded ones are deleted at once'
      : `${found.certificates} certificates that clusters signed since were found there, and are recorded as UnknownIdentityIssued with lost: true. There may be more: the objects of recorded ones are deleted at once`,
    ...(found.signsHere
      ? [
          'certificates that a CA of this service signed since are unknown, with their serial numbers: they work until they expire or their CA is replaced; no serial number is given out twice',
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
