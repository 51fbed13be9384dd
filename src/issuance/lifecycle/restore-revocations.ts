import type { RevokedCertificate } from '../../model/revocation.js';
import type { Store } from '../../store/store.js';
import { revokedEvent } from './revocation-steps.js';

/** How many revocations share a commit. */
const atOnce = 100;

/**
 * Revokes again what a list knows and the database does not, because the database was restored from a backup. Certificates that
 * have expired are left out. Answers how many there were.
 */
export async function restoreRevocations(
  { writer, revocations, certificates }: Pick<Store, 'writer' | 'revocations' | 'certificates'>,
  listed: readonly RevokedCertificate[],
  now: Date,
): Promise<number> {
  const live = new Map(
    listed.filter(({ notAfter }) => notAfter > now).map((revoked) => [revoked.fingerprintSha256, revoked]),
  );
  const known = await revocations.known([...live.keys()]);
  const unknown = [...live.values()].filter(({ fingerprintSha256 }) => !known.has(fingerprintSha256));
  for (let begin = 0; begin < unknown.length; begin += atOnce) {
    const some = unknown.slice(begin, begin + atOnce);
    const found = await certificates.findByFingerprints(some.map(({ fingerprintSha256 }) => fingerprintSha256));
    const requestIds = new Map(found.map(({ fingerprintSha256, requestId }) => [fingerprintSha256, requestId]));
    const result = await writer.commit({
      operations: some.map((revoked) => ({ op: 'insertRevocation', revoked })),
      events: some.map((revoked) =>
        revokedEvent(revoked, requestIds.get(revoked.fingerprintSha256) ?? null, true, now),
      ),
    });
    if (!result.committed) throw new Error('revocations that a list knows could not be recorded again');
  }
  return unknown.length;
}
