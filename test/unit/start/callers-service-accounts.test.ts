// Tests src/start/callers.ts, src/kubernetes/broken-connection.ts
import { describe, expect, it } from 'vitest';
import { brokenConnection } from '../../../src/kubernetes/broken-connection.js';
import type { ClusterConnection } from '../../../src/kubernetes/cluster-connection.js';
import { openServiceAccounts } from '../../../src/start/callers.js';
import type { TokenReview } from '../../../src/model/cluster.js';

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (aud: string) => {
  const claims = { aud: [aud], exp: Math.floor(Date.now() / 1000) + 600, sub: 'system:serviceaccount:ci:deployer' };
  return `${base64url({ alg: 'RS256' })}.${base64url(claims)}.AAAA`;
};

function open(connection: ClusterConnection) {
  const lines: { readonly level: string; readonly fields: object; readonly message: string }[] = [];
  const line = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  const serviceAccounts = [{ cluster: 'prod-eu', audience: 'kubepass', usernamePrefix: '' }];
  const callers = { oidc: [], serviceAccounts, clientCertificates: null, apiTokens: { admins: true } };
  const log = { info: line('info'), warn: line('warn'), error: line('error') };
  const clusters = new Map([['prod-eu', { connection }]]);
  const wayIn = openServiceAccounts({ callers, roles: [] }, clusters, () => new Date(), log);
  if (wayIn === null) throw new Error('there is no way in');
  return { wayIn, lines };
}

describe('service accounts of the configuration', () => {
  it('are nobody’s where there are none', () => {
    const callers = { oidc: [], serviceAccounts: [], clientCertificates: null, apiTokens: { admins: true } };
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    expect(openServiceAccounts({ callers, roles: [] }, new Map(), () => new Date(), log)).toBeNull();
  });

  it('are known by the audience, and told of at the start', () => {
    const { wayIn, lines } = open(brokenConnection(new Error('broken')));
    expect([wayIn.knows('kubepass'), wayIn.knows('kubepas'), wayIn.knows('')]).toEqual([true, false, false]);
    expect(lines).toEqual([
      {
        level: 'info',
        fields: { cluster: 'prod-eu', audience: 'kubepass' },
        message: 'callers come with tokens of service accounts of this cluster',
      },
    ]);
  });

  it('are not refused where their cluster cannot be reached as it is configured', async () => {
    const { wayIn } = open(brokenConnection(new Error('kubeconfig x: it cannot be read (ENOENT)')));
    expect(await wayIn.authenticate(token('kubepass'))).toEqual({
      outcome: 'unavailable',
      message: 'cluster "prod-eu" cannot review the token: kubeconfig x: it cannot be read (ENOENT)',
      retryAfterSeconds: 1,
    });
  });

  it('leave an error in the log that says which right kubepass needs, and where that is', async () => {
    const missing = 'create tokenreviews.authentication.k8s.io';
    const review: TokenReview = { verdict: 'unavailable', message: 'cannot create', retryAfterSeconds: null, missing };
    const connection = { ...brokenConnection(null), reviewToken: () => Promise.resolve(review) };
    const { wayIn, lines } = open(connection);
    expect(await wayIn.authenticate(token('kubepass'))).toMatchObject({ outcome: 'unavailable' });
    expect(lines.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        fields: { cluster: 'prod-eu', missing, why: 'cannot create' },
        message:
          'service accounts of a cluster do not get in: kubepass may not create tokenreviews.authentication.k8s.io there, ' +
          'the right that deploy/kubernetes/components/review-tokens gives',
      },
    ]);
  });
});
