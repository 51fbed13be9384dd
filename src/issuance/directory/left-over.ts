import type { DirectoryUser } from '../../model/directory.js';
import { foldedName } from '../../model/folded-name.js';
import type { ListedCertificate } from '../../model/certificate.js';
import type { LeftOver } from '../../model/webhook-delivery.js';
import type { Revocation } from '../../model/revocation.js';
import type { ApiToken } from '../../model/principal.js';
import type { IssuanceContext } from '../context.js';
import type { AccessToEnd } from '../lifecycle/end-access.js';
import { spellingsOf } from '../lifecycle/end-access.js';
import { residualExposure } from '../lifecycle/read-identity.js';

/** Keeps messages to webhooks below 20 KB (Standard Webhooks, payload size); the directory user itself lists all. */
const shown = 20;

/** The access that somebody who leaves still has, once these certificates are revoked and these tokens too. */
export async function leftOver(
  context: IssuanceContext,
  { id }: Pick<DirectoryUser, 'id'>,
  username: string,
  { certificates }: Pick<AccessToEnd, 'certificates'>,
  revocation: Revocation,
  revokedTokens: readonly ApiToken[],
): Promise<LeftOver> {
  const { store, clock } = context;
  const now = clock();
  const wanted = { revoked: true, clusters: null, now, limit: shown };
  const names = await spellingsOf(context, username);
  const [others, made, ...before] = await Promise.all([
    store.certificates.requestedForOthers(names, { revokedToo: false, now, limit: shown }),
    store.apiTokens.liveMadeBy([foldedName(username)], now),
    ...names.map((name) => store.certificates.unexpiredOf(name, wanted)),
  ]);
  const revoked: ListedCertificate[] = [...certificates.map((one) => ({ ...one, revocation })), ...before.flat()];
  const gone = new Set(revokedTokens.map((token) => token.id));
  return {
    directoryUserId: id,
    residualExposure: revoked.flatMap((one) => residualExposure(context, one)).slice(0, shown),
    requestedForOthers: others
      .slice(0, shown)
      .map(({ fingerprintSha256, username: name, cluster }) => ({ fingerprintSha256, username: name, cluster })),
    tokensMade: made
      .filter((token) => !gone.has(token.id))
      .slice(0, shown)
      .map((token) => ({ id: token.id, name: token.name })),
    revokedTokens: [...gone].slice(0, shown),
  };
}
