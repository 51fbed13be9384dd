import { foldedName } from '@kubepass/inspect/formats';
import {
  blocks,
  plainBlock,
  listedAtMost,
  type BindingsOfIdentity,
  type Identity,
  type IdentityDetails,
  type IdentityOnCluster,
} from '../model/identity.js';
import type { ListedCertificate } from '../model/certificate.js';
import type { CertificateRequest } from '../model/certificate-request.js';
import type { UnexpiredCertificates } from '../store/tables/certificate-table.js';
import type { LiveIdentity } from '../store/tables/identity-table.js';
import type { IssuanceContext } from '../context/context.js';
import { lostByBearer } from './certificates-with-lost-groups.js';
import { spellingsOf } from './end-access.js';
import { enforcementOn, residualExposureOf } from './enforcement-on.js';

/** The identity as a list shows it. */
export function identityOf(context: IssuanceContext, { username, live, block }: LiveIdentity): Identity {
  const names = [...new Set(live.map(({ cluster }) => cluster))].sort();
  const clusters = names.map((cluster): IdentityOnCluster => {
    const own = live.filter((one) => one.cluster === cluster);
    return {
      cluster,
      groups: [...new Set(own.flatMap(({ groups }) => groups))].sort(),
      liveCertificates: own.length,
      latestNotAfter: new Date(Math.max(...own.map(({ notAfter }) => notAfter.getTime()))),
      enforcement: enforcementOn(context, cluster).mode,
    };
  });
  return { username, clusters, blocked: block };
}

/** Everything that certificates, requests, blocks, the directory and role bindings say about one username. */
export async function readIdentity(context: IssuanceContext, username: string): Promise<IdentityDetails> {
  const { store } = context;
  const now = context.clock();
  const limit = listedAtMost + 1;
  const unexpired = { clusters: null, now, limit };
  const names = await spellingsOf(context, username);
  const [live, revoked, requestedForOthers, waitingRequests, [found]] = await Promise.all([
    store.certificates.unexpiredOf(username, { ...unexpired, revoked: false }),
    store.certificates.unexpiredOf(username, { ...unexpired, revoked: true }),
    store.certificates.requestedForOthers(names, { revokedToo: false, now, limit }),
    waitingFor(context, username, limit),
    store.identityBlocks.find([foldedName(username)]),
  ]);
  const block = found === undefined || (found.until !== null && found.until <= now) ? null : found;
  const ofOthers = block === null ? [] : await unexpiredOfOthers(context, names, username, unexpired);
  const isBlocked = ({ cluster }: ListedCertificate) => block !== null && blocks(block, cluster, now);
  const lost = new Set((await lostByBearer(context, username, live)).map(({ certificate }) => certificate));
  const goesOn = [...live, ...ofOthers].filter((one) => isBlocked(one) || lost.has(one));
  const exposed = [...revoked, ...goesOn];
  const lists = [live, exposed, requestedForOthers, waitingRequests];
  return {
    ...identityOf(context, { username, live, block: block && plainBlock(block) }),
    certificates: live.slice(0, listedAtMost),
    waitingRequests: waitingRequests.slice(0, listedAtMost),
    residualExposure: exposed.flatMap((one) => residualExposureOf(context, one)).slice(0, listedAtMost),
    requestedForOthers: requestedForOthers.slice(0, listedAtMost),
    roleBindings: bindingsOf(context, username),
    omitted: lists.some(({ length }) => length > listedAtMost),
  };
}

/** A block holds for the name in every spelling. */
async function unexpiredOfOthers(
  { store }: IssuanceContext,
  names: readonly string[],
  username: string,
  wanted: Omit<UnexpiredCertificates, 'revoked'>,
): Promise<readonly ListedCertificate[]> {
  const found: ListedCertificate[] = [];
  for (const name of names)
    if (name !== username)
      for (const revoked of [true, false])
        found.push(...(await store.certificates.unexpiredOf(name, { ...wanted, revoked })));
  return found;
}

async function waitingFor(
  { store }: IssuanceContext,
  username: string,
  limit: number,
): Promise<readonly CertificateRequest[]> {
  const found: CertificateRequest[] = [];
  for (const state of ['pending', 'approved'] as const) {
    let cursor: string | null = null;
    do {
      const page: { items: readonly CertificateRequest[]; nextCursor: string | null } = await store.requests.list(
        { state, username },
        { limit, cursor },
      );
      found.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null && found.length < limit);
  }
  return found.slice(0, limit);
}

function bindingsOf({ clusters }: IssuanceContext, username: string): readonly BindingsOfIdentity[] {
  return [...clusters.values()]
    .filter(({ cluster }) => cluster.readsRoleBindings)
    .map((issuing) => {
      const { cluster } = issuing;
      const grants = issuing.roleBindings?.blastRadius(username, [])?.grants ?? null;
      const own = grants?.filter(({ subject }) => subject.kind === 'User' && subject.name === username) ?? null;
      return {
        cluster: cluster.name,
        bindings: own && own.map(({ kind, name, namespace, role }) => ({ kind, name, namespace, role })),
      };
    });
}
