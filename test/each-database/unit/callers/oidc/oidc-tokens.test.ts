// Tests src/callers/oidc/oidc-tokens.ts, src/callers/oidc/issuer-keys.ts
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WayIn } from '../../../../../src/model/principal.js';
import { jwkOf, withRsa } from '../../../../helpers/raw-tokens.js';
import { corp, doorFor, keys, now, published, seconds, tokenWith } from './tokens-under-test.js';

let close: (() => void)[] = [];
beforeEach(() => {
  close = [];
});
afterEach(() => {
  for (const one of close) one();
});
function open(...options: Parameters<typeof doorFor>) {
  const door = doorFor(...options);
  close.push(door.close);
  return door;
}

describe('the principal of an OIDC token', () => {
  it('says who it is, what it may do, and until when', async () => {
    const door = open([{}], { roles: [{ names: [], groups: ['platform-admins'], roles: ['admin'] }] });
    await expect(door.ask(tokenWith({ groups: ['platform-admins', 'team-a'] }))).resolves.toEqual({
      outcome: 'authenticated',
      principal: {
        ...{ name: 'jane', groups: ['platform-admins', 'team-a'], roles: ['admin'], method: 'oidc', createdBy: [] },
        ...{ credentialId: 'oidc:corp:token-1', expiresAt: new Date((seconds + 300) * 1000), cluster: null },
        vouchedAt: new Date((seconds - 10) * 1000),
      },
    });
  });

  it.each([undefined, 7, '', 'a b', 'x'.repeat(65), 'line\nbreak'])(
    'has a credential with the hash of the token where jti is %j',
    async (jti) => {
      const answer = await open().ask(tokenWith({ jti }));
      const { credentialId } = (answer as { readonly principal: { readonly credentialId: string } }).principal;
      expect(credentialId).toMatch(/^oidc:corp:[0-9a-f]{32}$/);
    },
  );

  it('is told in the log where groups were left out, once for each token', async () => {
    const door = open();
    const token = tokenWith({ groups: ['/team', 'ok'] });
    await door.ask(token);
    await door.ask(token);
    expect(door.lines.filter(({ message }) => message.startsWith('groups of a token'))).toEqual([
      {
        fields: { issuer: 'corp', groupsClaim: 'groups', unmatchedGroups: 1, credentialId: 'oidc:corp:token-1' },
        message: 'groups of a token cannot be named here',
      },
    ]);
  });
});

describe('a token that was verified before', () => {
  it('is refused from its expiry on', async () => {
    let time = now;
    const door = open([{}], { clock: () => time });
    const token = tokenWith();
    await expect(door.ask(token)).resolves.toMatchObject({ outcome: 'authenticated' });
    time = new Date((seconds + 329) * 1000);
    await expect(door.ask(token)).resolves.toMatchObject({ outcome: 'authenticated' });
    time = new Date((seconds + 330) * 1000);
    await expect(door.ask(token)).resolves.toMatchObject({ outcome: 'refused', reason: 'TokenExpired' });
  });

  it('is refused where the clock was set back to before it counts', async () => {
    let time = now;
    const door = open([{}], { clock: () => time });
    const token = tokenWith();
    await door.ask(token);
    time = new Date((seconds - 41) * 1000);
    await expect(door.ask(token)).resolves.toMatchObject({ outcome: 'refused', reason: 'TokenNotYetValid' });
  });

  it('is refused once its key is withdrawn', async () => {
    const door = open();
    const token = tokenWith();
    await door.ask(token);
    door.publish(published.slice(1));
    // A token with another key makes the set known.
    await door.ask(tokenWith({}, { kid: 'new' }));
    await expect(door.ask(token)).resolves.toMatchObject({ outcome: 'refused', reason: 'KeyUnknown' });
  });

  it('is refused where another key has taken the name of its key', async () => {
    const door = open();
    const token = tokenWith();
    await door.ask(token);
    door.publish([jwkOf(keys.otherRsa.publicKey, { kid: 'rsa' })]);
    await door.ask(tokenWith({}, { kid: 'new' }));
    await expect(door.ask(token)).resolves.toMatchObject({ outcome: 'refused', reason: 'SignatureInvalid' });
  });

  it('does not vouch for another one with the same claims', async () => {
    const door = open();
    const [head, body] = tokenWith().split('.');
    await door.ask(tokenWith());
    await expect(door.ask(`${head}.${body}.AAAA`)).resolves.toMatchObject({ reason: 'SignatureInvalid' });
  });
});

describe('two issuers', () => {
  const partner = {
    ...{ name: 'partner', issuer: 'https://partner.example', usernamePrefix: 'partner:', groupsPrefix: 'partner:' },
    othersPrefixes: { usernames: [], groups: [] },
  };
  const ours = { othersPrefixes: { usernames: ['partner:'], groups: ['partner:'] } };

  it('never meet in one name or group', async () => {
    const door = open([ours, partner]);
    const jane = tokenWith({ groups: ['admins'] });
    const theirs = tokenWith({ iss: partner.issuer, groups: ['admins'] });
    await expect(door.ask(jane)).resolves.toMatchObject({ principal: { name: 'jane', groups: ['admins'] } });
    await expect(door.ask(theirs)).resolves.toMatchObject({
      principal: { name: 'partner:jane', groups: ['partner:admins'] },
    });
    await expect(door.ask(tokenWith({ sub: 'partner:jane' }))).resolves.toMatchObject({
      reason: 'NameOfAnotherIssuer',
    });
    await expect(door.ask(tokenWith({ sub: 'PARTNER:jane' }))).resolves.toMatchObject({
      reason: 'NameOfAnotherIssuer',
    });
    await expect(door.ask(tokenWith({ groups: ['partner:admins', 'Partner:admins'] }))).resolves.toMatchObject({
      principal: { groups: [] },
    });
  });

  it('each have keys and audiences of their own', async () => {
    const door = open([ours, { ...partner, audiences: ['theirs'], algorithms: ['ES256'] }]);
    await expect(door.ask(tokenWith({ iss: partner.issuer }))).resolves.toMatchObject({
      reason: 'AlgorithmNotAccepted',
    });
    const es = tokenWith({ iss: partner.issuer }, { alg: 'ES256', kid: 'p256' });
    await expect(door.ask(es)).resolves.toMatchObject({ reason: 'AudienceNotAccepted' });
  });
});

describe('a token of no configured issuer', () => {
  const asked: string[] = [];
  const serviceAccounts: WayIn<string> & { knows: (audience: string) => boolean } = {
    knows: (audience) => audience === 'kubepass-prod',
    async authenticate(token) {
      asked.push(token);
      return { outcome: 'unavailable', message: 'asked', retryAfterSeconds: 1 };
    },
  };

  it('goes on to the cluster of its audience', async () => {
    const door = open([{}], { serviceAccounts });
    const token = tokenWith({ iss: 'https://kubernetes.default.svc', aud: ['kubepass-prod'] });
    await expect(door.ask(token)).resolves.toMatchObject({ message: 'asked' });
    expect(asked).toEqual([token]);
  });

  it('is refused where there is none', async () => {
    const door = open([{}], { serviceAccounts });
    await expect(door.ask(tokenWith({ iss: 'https://kubernetes.default.svc' }))).resolves.toEqual({
      outcome: 'refused',
      reason: 'IssuerUnknown',
      message:
        'issuer "https://kubernetes.default.svc" is not among callers.oidc, and no audience of the token is among callers.serviceAccounts',
    });
    expect(asked).toHaveLength(1);
  });

  it('stays with its issuer where one is configured, whatever its audience', async () => {
    const door = open([{}], { serviceAccounts });
    await expect(door.ask(tokenWith({ iss: corp.issuer, aud: 'kubepass-prod' }))).resolves.toMatchObject({
      reason: 'AudienceNotAccepted',
    });
    expect(asked).toHaveLength(1);
  });
});

describe('a token with a key that is not known', () => {
  it('is verified after one fetch, is refused where the provider has no such key, and is no refusal once too many were asked for', async () => {
    const door = open();
    const unknown = (kid: string) => door.ask(tokenWith({}, { kid }, withRsa(keys.otherRsa.privateKey)));
    await expect(unknown('guess')).resolves.toMatchObject({ outcome: 'refused', reason: 'KeyUnknown' });
    expect(door.loads()).toBe(1);
    for (let i = 0; i < 100; i += 1) await unknown(`guess-${i}`);
    expect(door.loads()).toBeLessThanOrEqual(4);
    await expect(unknown('new')).resolves.toMatchObject({ outcome: 'unavailable' });
    await expect(door.ask(tokenWith())).resolves.toMatchObject({ outcome: 'authenticated' });
  });
});
