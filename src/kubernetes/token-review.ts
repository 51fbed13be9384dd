import { randomUUID } from 'node:crypto';
import { escaped } from '@kubepass/inspect/formats';
import { messageOf } from '@kubepass/x509';
import type { TokenReview } from '../model/cluster.js';
import { type Access, ClusterForbiddenError, ClusterUnavailableError } from './cluster-error.js';
import type { ApiServer } from './api-server.js';

/** The access right that reviewing tokens takes. */
export const tokenReviewAccess: Access = {
  verb: 'create',
  group: 'authentication.k8s.io',
  resource: 'tokenreviews',
};

/**
 * Has a cluster review a token that one of its service accounts has for this audience. Never throws for what the
 * cluster answers.
 *
 * An API server remembers for ten seconds whom a token authenticates for which audiences (TokenSuccessCacheTTL in
 * kube-apiserver), also once the service account is gone. So each review asks about one more audience, which nobody has
 * a token for: then it remembers nothing that answers the question.
 */
export async function reviewToken(server: ApiServer, token: string, audience: string): Promise<TokenReview> {
  const audiences = [audience, `urn:uuid:${randomUUID()}`];
  try {
    const answer = await server.request({
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/tokenreviews',
      access: tokenReviewAccess,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences } },
    });
    return readTokenReview(answer, audience);
  } catch (error) {
    return unavailable(error, token);
  }
}

/** Reads the answer strictly: whatever is not plainly a yes for this audience is a no. */
export function readTokenReview(answer: unknown, audience: string): TokenReview {
  const status = member(answer, 'status');
  if (member(status, 'authenticated') !== true) {
    const error = member(status, 'error');
    const why = typeof error === 'string' ? `: ${escaped(error, 300)}` : '';
    return refused(`the cluster does not accept the token${why}`);
  }
  // A cluster that does not know audiences leaves them out. Its yes is for any audience, so it does not count for ours.
  const audiences = member(status, 'audiences');
  if (!isTexts(audiences) || !audiences.includes(audience))
    return refused('the cluster accepts the token, but not for the audience that it was asked about');
  const user = member(status, 'user');
  const [username, uid, groups] = [member(user, 'username'), member(user, 'uid') ?? '', member(user, 'groups') ?? []];
  if (typeof username !== 'string' || username === '' || typeof uid !== 'string' || !isTexts(groups))
    return refused('the cluster does not say whose token it is');
  return { verdict: 'authenticated', username, uid, groups, credentialId: credentialIdOf(user) };
}

function credentialIdOf(user: unknown): string | null {
  const ids = member(member(user, 'extra'), 'authentication.kubernetes.io/credential-id');
  return isTexts(ids) && ids.length === 1 ? (ids[0] ?? null) : null;
}

function unavailable(error: unknown, token: string): TokenReview {
  const message = withoutToken(messageOf(error), token);
  const retryAfterSeconds = error instanceof ClusterUnavailableError ? error.retryAfterSeconds : null;
  const missing = error instanceof ClusterForbiddenError ? error.missing : null;
  return { verdict: 'unavailable', message, retryAfterSeconds, missing };
}

/** An API server or a proxy before it may repeat what it refuses. */
function withoutToken(message: string, token: string): string {
  const parts = [token, ...token.split('.').filter((part) => part.length > 8)];
  return escaped(
    parts.reduce((text, part) => text.replaceAll(part, '…'), message),
    500,
  );
}

const refused = (message: string): TokenReview => ({ verdict: 'refused', message });

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');
