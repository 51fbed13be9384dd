// Tests src/callers/authentication/service-accounts.ts, src/callers/allowance.ts
import { beforeEach, describe, expect, it } from 'vitest';
import type { Authentication } from '../../../../../src/model/principal.js';
import type { TokenReview } from '../../../../../src/model/cluster.js';
import { ServiceAccounts } from '../../../../../src/callers/authentication/service-accounts.js';

const start = new Date('2026-06-01T00:00:00Z');
const base64url = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

let tokens = 0;
/** A token that nobody has signed: only the cluster could tell. */
const tokenWith = (claims: object | string = {}): string => {
  const usual = {
    ...{ iss: 'https://kubernetes.default.svc.cluster.local', aud: ['kubepass'], exp: start.getTime() / 1000 + 3600 },
    ...{ sub: 'system:serviceaccount:ci:deployer', jti: String(tokens++) },
  };
  const body = typeof claims === 'string' ? claims : { ...usual, ...claims };
  return `${base64url({ alg: 'RS256', kid: 'a' })}.${base64url(body)}.${base64url('signature')}`;
};

/** One that names this account. */
const tokenFor = (account: string, more: object = {}): string =>
  tokenWith({ sub: `system:serviceaccount:ci:${account}`, ...more });

const accepted: TokenReview = {
  verdict: 'authenticated',
  username: 'system:serviceaccount:ci:deployer',
  uid: 'b3b4a0f6-6a0e-4b4e-9a55-1f0cdd0f6f5e',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:ci', 'system:authenticated'],
  credentialId: 'JTI=0a9f6b5e-5f4d-4b1c-8d4e-2f6a7b8c9d0e',
};
const refused: TokenReview = { verdict: 'refused', message: 'the cluster does not accept the token' };
const down = (retryAfterSeconds: number | null = null, missing: string | null = null): TokenReview => ({
  ...{ verdict: 'unavailable', message: 'the API server cannot be reached', retryAfterSeconds, missing },
});

let now: Date;
let asked: { readonly cluster: string; readonly token: string }[];
let told: string[];
let answer: (cluster: string, token: string) => TokenReview | Promise<TokenReview>;
beforeEach(() => {
  now = start;
  asked = [];
  told = [];
  answer = () => accepted;
});
const pass = (milliseconds: number) => {
  now = new Date(now.getTime() + milliseconds);
};

function wayIn() {
  const cluster = (name: string, audience: string, usernamePrefix: string) => ({
    ...{ name, audience, usernamePrefix },
    review: async (token: string) => {
      asked.push({ cluster: name, token });
      return answer(name, token);
    },
    forbidden: (missing: string) => void told.push(missing),
  });
  return new ServiceAccounts({
    clusters: [cluster('prod-eu', 'kubepass', ''), cluster('prod-us', 'kubepass-us', 'us:')],
    roles: [
      { names: ['system:serviceaccount:ci:deployer'], groups: [], roles: ['requester'] },
      { names: [], groups: ['us:system:serviceaccounts:ci', 'platform-admins'], roles: ['auditor'] },
    ],
    clock: () => now,
  });
}

const reasonOf = (authentication: Authentication): string =>
  authentication.outcome === 'refused' ? authentication.reason : authentication.outcome;

describe('a token of a service account', () => {
  it('is that of a principal with its name, the groups of service accounts, and their roles', async () => {
    expect(await wayIn().authenticate(tokenWith())).toEqual({
      outcome: 'authenticated',
      principal: {
        name: 'system:serviceaccount:ci:deployer',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:ci'],
        roles: ['requester'],
        method: 'service-account',
        createdBy: [],
        credentialId: 'service-account:prod-eu:0a9f6b5e-5f4d-4b1c-8d4e-2f6a7b8c9d0e',
        expiresAt: new Date(start.getTime() + 3_600_000),
        cluster: null,
      },
    });
  });

  it('has the prefix of its cluster before name and groups, and so never the rights of another cluster', async () => {
    const there = await wayIn().authenticate(tokenWith({ aud: 'kubepass-us' }));
    expect(there).toMatchObject({
      principal: {
        name: 'us:system:serviceaccount:ci:deployer',
        groups: ['us:system:serviceaccounts', 'us:system:serviceaccounts:ci'],
        roles: ['auditor'],
      },
    });
    expect(asked).toMatchObject([{ cluster: 'prod-us' }]);
  });

  it('is known by its account where the cluster does not tell the token', async () => {
    answer = () => ({ ...accepted, credentialId: null });
    expect(await wayIn().authenticate(tokenWith())).toMatchObject({
      principal: { credentialId: 'service-account:prod-eu:b3b4a0f6-6a0e-4b4e-9a55-1f0cdd0f6f5e' },
    });
  });

  it('gets no group that the cluster invents, for it could be one of ours', async () => {
    answer = () => ({
      ...accepted,
      groups: ['platform-admins', 'system:masters', 'system:serviceaccounts:other', 'system:serviceaccounts'],
    });
    expect(await wayIn().authenticate(tokenWith())).toMatchObject({
      principal: { groups: ['system:serviceaccounts'], roles: ['requester'] },
    });
  });
});

describe('a token is not sent to a cluster', () => {
  const cases: Readonly<Record<string, readonly [object | string, string]>> = {
    'that is not its own: it is for the API server itself': [
      { aud: ['https://kubernetes.default.svc.cluster.local'] },
      'AudienceUnknown',
    ],
    'where it has no audience': [{ aud: undefined }, 'AudienceUnknown'],
    'where its audience is empty': [{ aud: [] }, 'AudienceUnknown'],
    'where its audience is no text': [{ aud: [{ kubepass: true }] }, 'AudienceUnknown'],
    'where one of its audiences is no text': [{ aud: ['kubepass', 1] }, 'AudienceUnknown'],
    'where its audience is another by case': [{ aud: 'Kubepass' }, 'AudienceUnknown'],
    'where it is for two of them': [{ aud: ['kubepass', 'kubepass-us'] }, 'AudienceAmbiguous'],
    'where it has ended': [{ exp: start.getTime() / 1000 }, 'TokenExpired'],
    'where it never ends': [{ exp: undefined }, 'TokenExpired'],
    'where its end is no number': [{ exp: '9999999999' }, 'TokenExpired'],
    'where its end is beyond all times': [{ exp: 1e300 }, 'TokenExpired'],
    'where it is that of a person': [{ sub: 'jane' }, 'NotServiceAccount'],
    'where it is that of a node': [{ sub: 'system:node:worker-1' }, 'NotServiceAccount'],
    'where it is nobody’s': [{ sub: undefined }, 'NotServiceAccount'],
    'where it has two audiences that do not stand in one list': [
      '{"aud":"kubepass","aud":"https://kubernetes.default.svc","exp":9999999999,"sub":"system:serviceaccount:a:b"}',
      'DuplicateMember',
    ],
  };
  it.each(Object.entries(cases))('%s', async (_what, [claims, reason]) => {
    expect(reasonOf(await wayIn().authenticate(tokenWith(claims)))).toBe(reason);
    expect(asked).toEqual([]);
  });
});

describe('a token is refused', () => {
  it('where the cluster refuses it; the message names the cluster', async () => {
    answer = () => refused;
    expect(await wayIn().authenticate(tokenWith())).toEqual({
      ...{ outcome: 'refused', reason: 'TokenRefused' },
      message: 'cluster "prod-eu": the cluster does not accept the token',
    });
  });

  it.each([
    'jane',
    'system:admin',
    'system:node:worker-1',
    'system:serviceaccount:ci',
    'system:serviceaccount:ci:',
    'system:serviceaccount::deployer',
    'system:serviceaccount:ci:deployer:more',
    'System:serviceaccount:ci:deployer',
    'system:serviceaccount:CI:deployer',
    'system:serviceaccount:ci:deployer\n',
    ' system:serviceaccount:ci:deployer',
    'us:system:serviceaccount:ci:deployer',
  ])('where the cluster says that it is one of %j', async (username) => {
    answer = () => ({ ...accepted, username });
    expect(reasonOf(await wayIn().authenticate(tokenWith()))).toBe('NotServiceAccount');
  });

  it('where the name is longer than that of any principal', async () => {
    answer = () => ({ ...accepted, username: `system:serviceaccount:ci:${'a'.repeat(253)}` });
    expect(reasonOf(await wayIn().authenticate(tokenWith()))).toBe('NameNotPermitted');
  });

  it('where the cluster says neither which token nor which account it is', async () => {
    answer = () => ({ ...accepted, credentialId: null, uid: '' });
    expect(reasonOf(await wayIn().authenticate(tokenWith()))).toBe('TokenRefused');
  });
});

describe('an answer of the cluster', () => {
  it('is believed for nine seconds from the question on, then it is asked again', async () => {
    const way = wayIn();
    const token = tokenWith();
    answer = () => {
      pass(400);
      return accepted;
    };
    await way.authenticate(token);
    pass(8_599);
    expect(reasonOf(await way.authenticate(token))).toBe('authenticated');
    expect(asked).toHaveLength(1);
    pass(1);
    answer = () => refused;
    expect(reasonOf(await way.authenticate(token))).toBe('TokenRefused');
    expect(asked).toHaveLength(2);
  });

  it('is not believed beyond the end of the token', async () => {
    const way = wayIn();
    const token = tokenWith({ exp: start.getTime() / 1000 + 5 });
    expect(reasonOf(await way.authenticate(token))).toBe('authenticated');
    pass(5_000);
    expect(reasonOf(await way.authenticate(token))).toBe('TokenExpired');
  });

  it('is not believed where the clock was set back', async () => {
    const way = wayIn();
    const token = tokenWith();
    await way.authenticate(token);
    pass(-1_000);
    await way.authenticate(token);
    expect(asked).toHaveLength(2);
  });

  it('that is a no is believed for two seconds', async () => {
    const way = wayIn();
    const token = tokenWith();
    answer = () => refused;
    await way.authenticate(token);
    pass(1_999);
    expect(reasonOf(await way.authenticate(token))).toBe('TokenRefused');
    expect(asked).toHaveLength(1);
    pass(1);
    answer = () => accepted;
    expect(reasonOf(await way.authenticate(token))).toBe('authenticated');
  });

  it('is shared by all who present the token meanwhile', async () => {
    const way = wayIn();
    const token = tokenWith();
    const all = await Promise.all(Array.from({ length: 100 }, () => way.authenticate(token)));
    expect(asked).toHaveLength(1);
    expect(new Set(all.map(reasonOf))).toEqual(new Set(['authenticated']));
  });

  it('is not forgotten for guesses, however many there are', async () => {
    const way = wayIn();
    const good = tokenWith();
    answer = (_cluster, token) => (token === good ? accepted : refused);
    await way.authenticate(good);
    for (let i = 0; i < 3_000; i += 1) await way.authenticate(tokenWith());
    const before = asked.length;
    expect(reasonOf(await way.authenticate(good))).toBe('authenticated');
    expect(asked).toHaveLength(before);
  });
});

describe('a cluster that cannot be asked', () => {
  it('makes nobody a guesser, is left alone for a second, and known tokens get in meanwhile', async () => {
    const way = wayIn();
    const known = tokenWith();
    await way.authenticate(known);
    answer = () => down();
    expect(await way.authenticate(tokenWith())).toEqual({
      outcome: 'unavailable',
      message: 'cluster "prod-eu" cannot review the token: the API server cannot be reached',
      retryAfterSeconds: 1,
    });
    for (let i = 0; i < 100; i += 1)
      expect(await way.authenticate(tokenWith())).toMatchObject({
        outcome: 'unavailable',
        retryAfterSeconds: 1,
      });
    expect(asked).toHaveLength(2);
    expect(reasonOf(await way.authenticate(known))).toBe('authenticated');
    // The other cluster goes on.
    expect(await way.authenticate(tokenWith({ aud: 'kubepass-us' }))).toMatchObject({ outcome: 'unavailable' });
    expect(asked).toHaveLength(3);

    pass(1_000);
    answer = () => accepted;
    expect(reasonOf(await way.authenticate(tokenWith()))).toBe('authenticated');
  });

  it('is left alone for as long as it asks, up to a minute', async () => {
    const way = wayIn();
    answer = () => down(30);
    await way.authenticate(tokenWith());
    pass(20_000);
    expect(await way.authenticate(tokenWith())).toMatchObject({ retryAfterSeconds: 10 });
    expect(asked).toHaveLength(1);
    pass(10_000);
    answer = () => down(86_400);
    await way.authenticate(tokenWith());
    pass(60_000);
    answer = () => accepted;
    expect(reasonOf(await way.authenticate(tokenWith()))).toBe('authenticated');
  });

  it('is told of where kubepass lacks the right to ask it, once for each time that it is tried', async () => {
    const way = wayIn();
    answer = () => down(null, 'create tokenreviews.authentication.k8s.io');
    const tries = () => Promise.all(Array.from({ length: 10 }, () => way.authenticate(tokenWith())));
    expect(new Set((await tries()).map(reasonOf))).toEqual(new Set(['unavailable']));
    expect(told).toEqual(['create tokenreviews.authentication.k8s.io']);
    await tries();
    expect(told).toHaveLength(1);
    pass(5_000);
    await tries();
    expect(told).toHaveLength(2);
  });

  it('is asked about fifty tokens at the same time: forty that may be made up, and ten that it accepted before', async () => {
    const way = wayIn();
    const known = Array.from({ length: 20 }, () => tokenWith());
    for (const token of known) await way.authenticate(token);
    pass(9_000);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    answer = async () => {
      await released;
      return accepted;
    };
    const before = asked.length;
    const waiting = Array.from({ length: 100 }, (_, i) => way.authenticate(tokenFor(`new-${i}`)));
    const again = known.map((token) => way.authenticate(token));
    await new Promise(setImmediate);
    expect(asked).toHaveLength(before + 50);
    release();
    expect(new Set((await Promise.all([...waiting, ...again])).map(reasonOf))).toEqual(new Set(['authenticated']));
  });
});

describe('tokens that somebody makes up', () => {
  const isForged = (token: string) => Buffer.from(token.split('.')[1] ?? '', 'base64url').includes('"forged"');
  beforeEach(() => {
    answer = (_cluster, token) => (isForged(token) ? refused : accepted);
  });
  const forged = (account: string) => tokenFor(account, { jti: 'forged', n: tokens++ });

  it('cost the cluster a bounded number of reviews, and are then neither asked about nor refused', async () => {
    const way = wayIn();
    const answers: Authentication[] = [];
    for (let i = 0; i < 2_000; i += 1) answers.push(await way.authenticate(forged(`guess-${i}`)));
    expect(asked).toHaveLength(600);
    expect(answers.slice(0, 600).map(reasonOf)).not.toContain('unavailable');
    expect(answers.at(-1)).toEqual({
      outcome: 'unavailable',
      message: 'cluster "prod-eu" cannot review the token: too many tokens that may be made up are to be reviewed',
      retryAfterSeconds: 1,
    });
    pass(1_000);
    expect(reasonOf(await way.authenticate(tokenFor('newcomer')))).toBe('authenticated');
  });

  it('take nothing from accounts of which a token was accepted, nor from a token that was', async () => {
    const way = wayIn();
    const known = tokenFor('deployer');
    await way.authenticate(known);
    pass(60_000);
    for (let i = 0; i < 1_000; i += 1) await way.authenticate(forged(`guess-${i}`));
    expect(reasonOf(await way.authenticate(tokenFor('newcomer')))).toBe('unavailable');
    // A new token of the same account.
    expect(reasonOf(await way.authenticate(tokenFor('deployer')))).toBe('authenticated');
    for (let i = 0; i < 1_000; i += 1) await way.authenticate(forged('deployer'));
    expect(reasonOf(await way.authenticate(known))).toBe('authenticated');
  });

  it('in the name of one account take nothing from others', async () => {
    const way = wayIn();
    for (let i = 0; i < 1_000; i += 1) await way.authenticate(forged('victim'));
    expect(asked).toHaveLength(120);
    expect(await way.authenticate(tokenFor('victim'))).toMatchObject({ outcome: 'unavailable', retryAfterSeconds: 1 });
    expect(reasonOf(await way.authenticate(tokenFor('newcomer')))).toBe('authenticated');
    pass(1_000);
    expect(reasonOf(await way.authenticate(tokenFor('victim')))).toBe('authenticated');
  });
});
