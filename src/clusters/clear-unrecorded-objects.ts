import type { ClusterConnection } from '../kubernetes/cluster-connection.js';
import { isUndecided, requestIdLabel, type CsrObject } from '../kubernetes/csr-object.js';
import { ClusterConflictError } from '../kubernetes/cluster-error.js';
import { leaseSeconds } from '../requests/issuance/start-attempt.js';
import type { Context } from '../context/context.js';
import { inRounds, type Rounds } from '../context/in-rounds.js';

interface Candidate {
  readonly csr: CsrObject;
  /** When it was first seen (`performance.now`): the clocks of clusters differ. */
  readonly since: number;
}

/**
 * Deletes CertificateSigningRequests that kubepass created and nobody approved, where no attempt on record has use for
 * them. An object is created while its intent is being recorded, so a process that dies at that moment leaves one. Each
 * is left alone for as long as an attempt may last, because another process may be about to record it. `stop` resolves
 * after the round that is under way.
 */
export function clearUnrecordedObjects(
  context: Context,
  cluster: string,
  connection: ClusterConnection,
  { untilMilliseconds = leaseSeconds(context.settings) * 1000, roundMilliseconds = 5_000 } = {},
): Rounds {
  const candidates = new Map<string, Candidate>();
  const unsubscribe = connection.csrWatch.subscribe((csr) => {
    if (isUndecided(csr) && requestIdOf(csr) !== null)
      candidates.set(csr.uid, { csr, since: candidates.get(csr.uid)?.since ?? performance.now() });
    else candidates.delete(csr.uid);
  });
  const oneRound = async (isStopped: () => boolean) => {
    for (const { csr, since } of [...candidates.values()]) {
      if (isStopped() || performance.now() - since < untilMilliseconds) continue;
      try {
        const { username } = await connection.whoAmI();
        // Anybody can set our labels. The API server sets the username.
        const isOurs = csr.username === username;
        if (isOurs && (await isRecorded(context, csr))) continue;
        if (isOurs) {
          await connection.csrs.delete(csr);
          context.log.info({ cluster, object: csr.name }, 'a CertificateSigningRequest without a record was deleted');
        }
        candidates.delete(csr.uid);
      } catch (error) {
        // The watch shows the version that the conflict is about, if it has not done so yet.
        if (error instanceof ClusterConflictError) continue;
        context.log.warn({ err: error, cluster }, 'a CertificateSigningRequest without a record could not be deleted');
        return;
      }
    }
  };
  const rounds = inRounds(oneRound, roundMilliseconds);
  return {
    async stop() {
      unsubscribe();
      await rounds.stop();
    },
  };
}

/** The request that an object names as its own, in its label and in its name; null where it names none. */
function requestIdOf({ name, labels }: CsrObject): string | null {
  const id = labels[requestIdLabel];
  return id !== undefined && name.startsWith(`kubepass-${id}-`) ? id : null;
}

/** Whether an attempt that has not ended has this object. */
async function isRecorded({ store }: Context, csr: CsrObject): Promise<boolean> {
  const request = await store.requests.find(requestIdOf(csr) ?? '');
  return request?.state === 'issuing' && request.attempt?.intent.objectName === csr.name;
}
