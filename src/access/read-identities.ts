import { foldedName } from '@kubepass/inspect/formats';
import type { Context } from '../context/context.js';
import { inPortions } from '../context/in-portions.js';
import { whyNotPermitted } from '../callers/permissions.js';
import type { CertificateRequest } from '../model/certificate-request.js';
import {
  type BindingsOfIdentity,
  type ExposedIdentity,
  type Identity,
  type IdentityDetails,
  type IdentityFilter,
  inForce,
  listedAtMost,
  plainBlock,
} from '../model/identity.js';
import { type Outcome, type Page, type PageQuery, done, refused } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { requestsOf, spellingsOf } from './blocks.js';
import { exposedAmong, identityOf, readExposed } from './exposed-identities.js';
import { enforcementOn } from './revoke-certificate.js';

/** By username; with `blocked: true` in the order of the usernames as names are compared. */
export async function listIdentities(
  context: Context,
  principal: Principal,
  filter: IdentityFilter,
  page: PageQuery,
): Promise<Outcome<Page<Identity>>> {
  const refusal = whyNotPermitted(principal, 'read-identities');
  if (refusal !== null) return refusal;
  const { items, nextCursor } = await context.store.identities.list(filter, context.clock(), page);
  return done({ items: items.map((one) => identityOf(context, one)), nextCursor });
}

/** By username: the certificates that are live, or revoked and not refused everywhere. */
export async function readTimeline(context: Context, principal: Principal, filter: IdentityFilter, page: PageQuery) {
  const works = (cluster: string) => enforcementOn(context, cluster).continues.length > 0;
  return (
    whyNotPermitted(principal, 'read-identities') ??
    done(await context.store.timeline.list(filter, context.clock(), page, works))
  );
}

export const listExposed = async (
  context: Context,
  principal: Principal,
  filter: IdentityFilter,
  page: PageQuery,
): Promise<Outcome<Page<ExposedIdentity>>> =>
  whyNotPermitted(principal, 'read-identities') ?? done(await (await readExposed(context, filter))(page));

/** All exposed identities, in portions. A portion is read when it is taken. */
export const exportExposed = (
  context: Context,
  principal: Principal,
  filter: IdentityFilter,
): Outcome<AsyncGenerator<readonly ExposedIdentity[], void, void>> =>
  whyNotPermitted(principal, 'read-identities') ?? done(inPortions(() => readExposed(context, filter)));

export async function findIdentity(
  context: Context,
  principal: Principal,
  username: string,
): Promise<Outcome<IdentityDetails>> {
  const refusal = whyNotPermitted(principal, 'read-identities');
  if (refusal !== null) return refusal;
  const identity = await readIdentity(context, username);
  const { blocked, waitingRequests, requestedForOthers } = identity;
  const isKnown = blocked !== null || waitingRequests.length > 0 || requestedForOthers.length > 0;
  if (!isKnown && !(await context.store.identities.isKnown(username))) return refused({ kind: 'not-found' });
  return done(identity);
}

/** Everything that certificates, requests, blocks, the directory and role bindings say about one username. */
export async function readIdentity(context: Context, username: string): Promise<IdentityDetails> {
  const { store } = context;
  const now = context.clock();
  const limit = listedAtMost + 1;
  const names = await spellingsOf(context, username);
  const [live, requestedForOthers, waitingRequests, [stored = null]] = await Promise.all([
    store.certificates.unexpiredOf(username, { clusters: null, now, limit, revoked: false }),
    store.certificates.requestedForOthers(names, { revokedToo: false, now, limit }),
    waitingFor(context, username, limit),
    store.identityBlocks.find([foldedName(username)]),
  ]);
  const block = inForce(stored, now);
  // A block holds for the name in every spelling.
  const exposed = [...(await exposedAmong(context, block === null ? [username] : names)).values()];
  const residualExposure = exposed.flatMap((one) => one.residualExposure);
  const lists = [live, residualExposure, requestedForOthers, waitingRequests];
  return {
    ...identityOf(context, { username, live: live.slice(0, listedAtMost), block: block && plainBlock(block) }),
    certificates: live.slice(0, listedAtMost),
    waitingRequests: waitingRequests.slice(0, listedAtMost),
    residualExposure: residualExposure.slice(0, listedAtMost),
    requestedForOthers: requestedForOthers.slice(0, listedAtMost),
    roleBindings: bindingsOf(context, username),
    omitted: lists.some(({ length }) => length > listedAtMost) || exposed.some(({ omitted }) => omitted),
  };
}

async function waitingFor(context: Context, username: string, limit: number) {
  const found: CertificateRequest[] = [];
  for await (const request of requestsOf(context, username, ['pending', 'approved'], limit))
    if (found.push(request) === limit) break;
  return found;
}

function bindingsOf({ clusters }: Context, username: string): readonly BindingsOfIdentity[] {
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
