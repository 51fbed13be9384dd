// Tests src/callers/oidc/token-rules.ts, src/callers/oidc/oidc-tokens.ts
import { afterAll, describe, expect, it } from 'vitest';
import type { OidcIssuer } from '../../../../../src/callers/oidc/token-rules.js';
import { jwkOf, rawToken, unsigned, withEcdsa, withEdDsa, withHmac, withRsa } from '../../../../helpers/raw-tokens.js';
import { corp, doorFor, goodClaims, goodHeader, keys, now, seconds, tokenWith } from './tokens-under-test.js';

const byRsa = withRsa(keys.rsa.privateKey);
const publicPem = keys.rsa.publicKey.export({ format: 'pem', type: 'spki' });
const publicDer = keys.rsa.publicKey.export({ format: 'der', type: 'spki' });
const publicJwk = keys.rsa.publicKey.export({ format: 'jwk' });
const b64 = (text: string) => Buffer.from(text).toString('base64url');
const [head, body, signature] = tokenWith().split('.') as [string, string, string];

/** Claims with more members before those of the good token, as text. */
const withText = (members: string) => `{${members},${JSON.stringify(goodClaims).slice(1)}`;

interface Refused {
  readonly token: string;
  readonly reason: string;
  /** The log tells the operator this. */
  readonly message: string | RegExp;
  readonly issuer?: Partial<OidcIssuer>;
}

const refused: Readonly<Record<string, Refused>> = {
  // Signatures and keys (RFC 8725 sections 2.1, 2.2, 3.1).
  'alg none without a signature': {
    token: tokenWith({}, { alg: 'none' }, unsigned),
    reason: 'AlgorithmNotAccepted',
    message: 'algorithm "none" is not among "RS256", "ES256", "EdDSA" of the issuer',
  },
  'alg None in another case': {
    token: tokenWith({}, { alg: 'NoNe' }, unsigned),
    reason: 'AlgorithmNotAccepted',
    message: /"NoNe"/,
  },
  'alg missing': { token: tokenWith({}, { alg: undefined }), reason: 'AlgorithmNotAccepted', message: /nothing/ },
  'alg as a list': { token: tokenWith({}, { alg: ['RS256'] }), reason: 'AlgorithmNotAccepted', message: /a list/ },
  'alg in lower case': { token: tokenWith({}, { alg: 'rs256' }), reason: 'AlgorithmNotAccepted', message: /"rs256"/ },
  'HS256 with the public key as PEM for a secret': {
    token: tokenWith({}, { alg: 'HS256' }, withHmac(publicPem)),
    reason: 'AlgorithmNotAccepted',
    message: /"HS256"/,
  },
  'HS256 with the public key as DER for a secret': {
    token: tokenWith({}, { alg: 'HS256' }, withHmac(publicDer)),
    reason: 'AlgorithmNotAccepted',
    message: /"HS256"/,
  },
  'HS256 with the modulus for a secret': {
    token: tokenWith({}, { alg: 'HS256' }, withHmac(Buffer.from(publicJwk.n!, 'base64url'))),
    reason: 'AlgorithmNotAccepted',
    message: /"HS256"/,
  },
  'an HMAC that says RS256': {
    token: tokenWith({}, {}, withHmac(publicPem)),
    reason: 'SignatureInvalid',
    message: 'the signature of the token is not by a key of issuer "corp"',
  },
  'an algorithm that the issuer may not use': {
    token: tokenWith({}, { alg: 'RS512' }, withRsa(keys.rsa.privateKey, 'sha512')),
    reason: 'AlgorithmNotAccepted',
    message: /"RS512"/,
  },
  'an algorithm that is not that of the key': {
    token: tokenWith({}, { alg: 'ES256', kid: 'rsa' }, withEcdsa(keys.p256.privateKey)),
    reason: 'KeyUnknown',
    message: 'issuer "corp" has no key "rsa" for ES256',
  },
  'no signature': { token: tokenWith({}, {}, unsigned), reason: 'SignatureInvalid', message: /signature/ },
  'a signature of zeros': {
    token: tokenWith({}, {}, () => Buffer.alloc(256)),
    reason: 'SignatureInvalid',
    message: /signature/,
  },
  'an ES256 signature of zeros (CVE-2022-21449)': {
    token: tokenWith({}, { alg: 'ES256', kid: 'p256' }, () => Buffer.alloc(64)),
    reason: 'SignatureInvalid',
    message: /signature/,
  },
  'an ES256 signature in DER': {
    token: tokenWith({}, { alg: 'ES256', kid: 'p256' }, withEcdsa(keys.p256.privateKey, 'der')),
    reason: 'SignatureInvalid',
    message: /signature/,
  },
  'the signature of another key': {
    token: tokenWith({}, {}, withRsa(keys.otherRsa.privateKey)),
    reason: 'SignatureInvalid',
    message: /signature/,
  },
  'claims that were changed after signing': {
    token: `${head}.${b64(JSON.stringify({ ...goodClaims, sub: 'root' }))}.${signature}`,
    reason: 'SignatureInvalid',
    message: /signature/,
  },
  'a foreign kid': {
    token: tokenWith({}, { kid: 'theirs' }, withRsa(keys.otherRsa.privateKey)),
    reason: 'KeyUnknown',
    message: 'issuer "corp" has no key "theirs" for RS256',
  },
  'a kid that is a path': {
    token: tokenWith({}, { kid: '../../../../dev/null', alg: 'RS256' }, withHmac('')),
    reason: 'KeyUnknown',
    message: /no key "..\/..\/..\/..\/dev\/null"/,
  },
  'a kid that is SQL': {
    token: tokenWith({}, { kid: "x' UNION SELECT 'secret" }, withHmac('secret')),
    reason: 'KeyUnknown',
    message: /no key/,
  },
  'a kid with a line break for the log': {
    token: tokenWith({}, { kid: 'a\n{"level":"info"}' }),
    reason: 'KeyUnknown',
    message: /no key "a\\u\{a\}\{\\"level/,
  },
  'a kid that names what every object has': {
    token: tokenWith({}, { kid: '__proto__' }),
    reason: 'KeyUnknown',
    message: /no key "__proto__"/,
  },
  'a kid that is a number': { token: tokenWith({}, { kid: 1 }), reason: 'KeyUnknown', message: /no text/ },
  'an empty kid': { token: tokenWith({}, { kid: '' }), reason: 'KeyUnknown', message: /no text/ },
  'a kid of 1,000 characters': {
    token: tokenWith({}, { kid: 'k'.repeat(1000) }),
    reason: 'KeyUnknown',
    message: /no text/,
  },
  'its own key in the header (CVE-2018-0114)': {
    token: tokenWith(
      {},
      { kid: 'mine', jwk: jwkOf(keys.otherRsa.publicKey, { kid: 'mine' }) },
      withRsa(keys.otherRsa.privateKey),
    ),
    reason: 'KeyUnknown',
    message: /"mine"/,
  },
  'its own key in the header, under a kid of the issuer': {
    token: tokenWith(
      {},
      { jwk: jwkOf(keys.otherRsa.publicKey, { kid: 'rsa' }), x5c: [publicDer.toString('base64')] },
      withRsa(keys.otherRsa.privateKey),
    ),
    reason: 'SignatureInvalid',
    message: /signature/,
  },
  'keys of its own, by jku and x5u': {
    token: tokenWith(
      {},
      { kid: 'mine', jku: 'https://evil.example/jwks', x5u: 'https://evil.example/chain' },
      withRsa(keys.otherRsa.privateKey),
    ),
    reason: 'KeyUnknown',
    message: /"mine"/,
  },

  // The form (RFC 7515 section 7.1).
  'two parts': { token: `${head}.${body}`, reason: 'TokenUnreadable', message: /three parts/ },
  'four parts': { token: `${head}.${body}.${signature}.`, reason: 'TokenUnreadable', message: /three parts/ },
  'an encrypted token': {
    token: `${b64('{"alg":"RSA-OAEP","enc":"A256GCM"}')}.AAAA.AAAA.AAAA.AAAA`,
    reason: 'EncryptedToken',
    message: 'the token is encrypted (JWE): have it signed alone',
  },
  'padded base64': { token: `${head}.${body}=.${signature}`, reason: 'TokenUnreadable', message: /base64url/ },
  'base64 with + and /': {
    token: `${Buffer.from('{"a":"???>>>"}').toString('base64')}.${body}.${signature}`,
    reason: 'TokenUnreadable',
    message: /base64url/,
  },
  'another spelling of the same signature': {
    token: tokenWith().replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1)),
    reason: 'TokenUnreadable',
    message: /the signature of the token is no base64url/,
  },
  'a header that is no JSON': {
    token: `${b64('{alg}')}.${body}.${signature}`,
    reason: 'TokenUnreadable',
    message: /JSON/,
  },
  'a header that is null': { token: `${b64('null')}.${body}.${signature}`, reason: 'TokenUnreadable', message: /JSON/ },
  'claims that are a list': {
    token: rawToken(goodHeader, [goodClaims], byRsa),
    reason: 'TokenUnreadable',
    message: /the payload of the token is no object/,
  },
  'claims with something behind them': {
    token: rawToken(goodHeader, `${JSON.stringify(goodClaims)}{}`, byRsa),
    reason: 'TokenUnreadable',
    message: /more than a token should/,
  },
  'claims that are no UTF-8': {
    token: `${head}.${Buffer.concat([Buffer.from('{"sub":"'), Buffer.of(0xff), Buffer.from('"}')]).toString('base64url')}.AAAA`,
    reason: 'TokenUnreadable',
    message: /UTF-8/,
  },
  'claims behind a byte order mark': {
    token: rawToken(goodHeader, `\ufeff${JSON.stringify(goodClaims)}`, byRsa),
    reason: 'TokenUnreadable',
    message: /JSON/,
  },
  'claims a hundred levels deep': {
    token: rawToken(goodHeader, withText(`"deep":${'['.repeat(100)}${']'.repeat(100)}`), byRsa),
    reason: 'TokenUnreadable',
    message: /more than a token should/,
  },
  'a claim given twice': {
    token: rawToken(goodHeader, withText('"sub":"root"'), byRsa),
    reason: 'DuplicateMember',
    message: 'the payload of the token gives "sub" twice',
  },
  'a claim given twice, once with an escape': {
    token: rawToken(goodHeader, withText('"s\\u0075b":"root"'), byRsa),
    reason: 'DuplicateMember',
    message: /"sub"/,
  },
  'a member of a claim given twice': {
    token: rawToken(goodHeader, withText('"address":{"country":"a","country":"b"}'), byRsa),
    reason: 'DuplicateMember',
    message: /"country"/,
  },
  'the algorithm given twice': {
    token: rawToken(`{"alg":"none",${JSON.stringify(goodHeader).slice(1)}`, goodClaims, byRsa),
    reason: 'DuplicateMember',
    message: 'the header of the token gives "alg" twice',
  },

  // The header.
  'a critical header': {
    token: tokenWith({}, { crit: ['exp'], exp: 1 }),
    reason: 'CriticalHeader',
    message: 'the header of the token has "crit"',
  },
  'an empty list of critical headers': {
    token: tokenWith({}, { crit: [] }),
    reason: 'CriticalHeader',
    message: /crit/,
  },
  'an unencoded payload': {
    token: tokenWith({}, { b64: false, crit: ['b64'] }),
    reason: 'CriticalHeader',
    message: /crit/,
  },
  'an encoded payload that is critical': {
    token: tokenWith({}, { b64: true, crit: ['b64'] }),
    reason: 'CriticalHeader',
    message: /crit/,
  },
  'an unencoded payload without crit': {
    token: tokenWith({}, { b64: false }),
    reason: 'CriticalHeader',
    message: /b64/,
  },
  'a nested token': {
    token: rawToken({ ...goodHeader, cty: 'JWT' }, tokenWith(), byRsa),
    reason: 'TokenUnreadable',
    message: /JSON/,
  },
  'claims that say they are nested': {
    token: tokenWith({}, { cty: 'JWT' }),
    reason: 'NestedToken',
    message: 'the token says that it holds "JWT": it must not be nested',
  },
  'a type for something else': {
    token: tokenWith({}, { typ: 'dpop+jwt' }),
    reason: 'TokenTypeNotAccepted',
    message: 'the token is of type "dpop+jwt"',
  },
  'a type that is no text': { token: tokenWith({}, { typ: null }), reason: 'TokenTypeNotAccepted', message: /null/ },
  'a logout token': {
    token: tokenWith({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }, { typ: 'JWT' }),
    reason: 'TokenTypeNotAccepted',
    message: /security event/,
  },
  'a refresh token of Keycloak': {
    token: tokenWith({ typ: 'Refresh' }, { typ: 'JWT' }),
    reason: 'TokenTypeNotAccepted',
    message: /neither/,
  },
  'an access token that is bound to a key': {
    token: tokenWith({ cnf: { jkt: 'x' } }),
    reason: 'TokenBoundToKey',
    message: /"cnf"/,
  },

  // The issuer.
  'iss with a trailing slash': {
    token: tokenWith({ iss: `${corp.issuer}/` }),
    reason: 'IssuerUnknown',
    message: `issuer "${corp.issuer}/" is not among callers.oidc; "${corp.issuer}" is, and differs by the slash at its end`,
  },
  'iss in another case': {
    token: tokenWith({ iss: 'https://IDP.example.com/realms/corp' }),
    reason: 'IssuerUnknown',
    message: /IDP/,
  },
  'iss with its port': {
    token: tokenWith({ iss: 'https://idp.example.com:443/realms/corp' }),
    reason: 'IssuerUnknown',
    message: /443/,
  },
  'iss that begins as the issuer': {
    token: tokenWith({ iss: `${corp.issuer}2` }),
    reason: 'IssuerUnknown',
    message: /corp2/,
  },
  'iss missing': { token: tokenWith({ iss: undefined }), reason: 'IssuerUnknown', message: /issuer nothing/ },
  'iss as a list': { token: tokenWith({ iss: [corp.issuer] }), reason: 'IssuerUnknown', message: /a list/ },
  'iss in the header alone': {
    token: tokenWith({ iss: undefined }, { iss: corp.issuer }),
    reason: 'IssuerUnknown',
    message: /issuer nothing/,
  },

  // The audience and the party.
  'aud missing': {
    token: tokenWith({ aud: undefined }),
    reason: 'AudienceNotAccepted',
    message: 'the token has no audience',
  },
  'aud of others': {
    token: tokenWith({ aud: 'portal' }),
    reason: 'AudienceNotAccepted',
    message: 'audience "portal" is not among "kubepass" of the issuer',
  },
  'aud a list of others': {
    token: tokenWith({ aud: ['portal', 'account'] }),
    reason: 'AudienceNotAccepted',
    message: 'audience "portal", "account" is not among "kubepass" of the issuer',
  },
  'aud an empty list': { token: tokenWith({ aud: [] }), reason: 'AudienceNotAccepted', message: /no audience/ },
  'aud with a longer name': {
    token: tokenWith({ aud: 'kubepass2' }),
    reason: 'AudienceNotAccepted',
    message: /kubepass2/,
  },
  'aud with several in one text': {
    token: tokenWith({ aud: 'x kubepass' }),
    reason: 'AudienceNotAccepted',
    message: /x kubepass/,
  },
  'aud a list with a number': {
    token: tokenWith({ aud: ['kubepass', 1] }),
    reason: 'AudienceNotAccepted',
    message: /neither/,
  },
  'aud an object': { token: tokenWith({ aud: { kubepass: true } }), reason: 'AudienceNotAccepted', message: /neither/ },
  'azp of others': {
    token: tokenWith({ azp: 'other' }),
    issuer: { authorizedParties: ['portal'] },
    reason: 'AuthorizedPartyNotAccepted',
    message: 'authorized party "other" is not among "portal" of the issuer',
  },
  'azp of others beside the client_id of an accepted one': {
    token: tokenWith({ azp: 'other', client_id: 'portal' }),
    issuer: { authorizedParties: ['portal'] },
    reason: 'AuthorizedPartyNotAccepted',
    message: /"other"/,
  },
  'client_id of others': {
    token: tokenWith({ client_id: 'other' }),
    issuer: { authorizedParties: ['portal'] },
    reason: 'AuthorizedPartyNotAccepted',
    message: /"other"/,
  },
  'neither azp nor client_id': {
    token: tokenWith({ client_id: undefined }),
    issuer: { authorizedParties: ['portal'] },
    reason: 'AuthorizedPartyNotAccepted',
    message: /neither azp nor client_id/,
  },
  'azp as a list': {
    token: tokenWith({ azp: ['portal'] }),
    issuer: { authorizedParties: ['portal'] },
    reason: 'AuthorizedPartyNotAccepted',
    message: /a list/,
  },

  'an id token for another client': {
    token: tokenWith({ azp: 'other', nonce: 'n' }, { typ: 'JWT' }),
    issuer: { tokens: 'id' },
    reason: 'AuthorizedPartyNotAccepted',
    message: 'authorized party "other" is not among "kubepass" of the issuer',
  },
  'an id token for another client, with the client_id of an accepted one': {
    token: tokenWith({ azp: 'other', client_id: 'kubepass' }, { typ: 'JWT' }),
    issuer: { tokens: 'id' },
    reason: 'AuthorizedPartyNotAccepted',
    message: /"other"/,
  },
  'an id token for another one of several clients': {
    token: tokenWith({ aud: ['kubepass', 'other'], azp: 'other' }, { typ: 'JWT' }),
    issuer: { tokens: 'id' },
    reason: 'AuthorizedPartyNotAccepted',
    message: /"other"/,
  },
  'an id token for several clients that does not say for which': {
    token: tokenWith({ aud: ['kubepass', 'other'] }, { typ: 'JWT' }),
    issuer: { tokens: 'id' },
    reason: 'AuthorizedPartyNotAccepted',
    message: /neither azp nor client_id/,
  },
  'an id token whose azp is null': {
    token: tokenWith({ azp: null }, { typ: 'JWT' }),
    issuer: { tokens: 'id' },
    reason: 'AuthorizedPartyNotAccepted',
    message: /azp/,
  },

  // Times.
  'exp missing': {
    token: tokenWith({ exp: undefined }),
    reason: 'ExpiryMissing',
    message: 'the token has no exp: it would never end',
  },
  'exp as text': {
    token: tokenWith({ exp: String(seconds + 300) }),
    reason: 'TimesUnreadable',
    message: /exp of the token is no number/,
  },
  'exp null': { token: tokenWith({ exp: null }), reason: 'TimesUnreadable', message: /exp/ },
  'exp true': { token: tokenWith({ exp: true }), reason: 'TimesUnreadable', message: /exp/ },
  'exp in milliseconds past the end of time': {
    token: tokenWith({ exp: 1e16 }),
    reason: 'TimesUnreadable',
    message: /exp/,
  },
  'exp past every number': {
    token: rawToken(goodHeader, JSON.stringify(goodClaims).replace(/"exp":\d+/, '"exp":1e999'), byRsa),
    reason: 'TimesUnreadable',
    message: /exp/,
  },
  'exp before 1970': { token: tokenWith({ exp: -1 }), reason: 'TimesUnreadable', message: /exp/ },
  'exp 30 seconds ago': {
    token: tokenWith({ exp: seconds - 30 }),
    reason: 'TokenExpired',
    message: 'the token has expired, at 2026-11-26T11:59:30.000Z',
  },
  'nbf ahead': {
    token: tokenWith({ nbf: seconds + 31 }),
    reason: 'TokenNotYetValid',
    message: 'the token counts from 2026-11-26T12:00:31.000Z on: see the clocks',
  },
  'nbf as text': { token: tokenWith({ nbf: '0' }), reason: 'TimesUnreadable', message: /nbf/ },
  'iat ahead': { token: tokenWith({ iat: seconds + 31 }), reason: 'TokenNotYetValid', message: /issued/ },
  'iat as text': { token: tokenWith({ iat: 'now' }), reason: 'TimesUnreadable', message: /iat/ },

  // An id token where access tokens are accepted, and the other way round.
  'an id token by token_use': {
    token: tokenWith({ token_use: 'id' }, { typ: 'JWT' }),
    reason: 'IdTokenPresented',
    message: 'the token is an id token, by its typ or token_use: "tokens" of the issuer is access',
  },
  'an id token by typ': { token: tokenWith({ typ: 'ID' }, { typ: 'JWT' }), reason: 'IdTokenPresented', message: /typ/ },
  'an id token that says it is an access token too': {
    token: tokenWith({ token_use: 'id' }, { typ: 'at+jwt' }),
    reason: 'IdTokenPresented',
    message: /token_use/,
  },
  'an id token by nonce': {
    token: tokenWith({ nonce: 'n' }, { typ: undefined }),
    reason: 'IdTokenPresented',
    message: /"nonce"/,
  },
  'an id token by at_hash': {
    token: tokenWith({ at_hash: 'h' }, { typ: 'JWT' }),
    reason: 'IdTokenPresented',
    message: /"at_hash"/,
  },
  'an unknown token_use': {
    token: tokenWith({ token_use: 'refresh' }, { typ: 'JWT' }),
    reason: 'TokenTypeNotAccepted',
    message: /token_use "refresh"/,
  },
  'an access token by its type where id tokens are accepted': {
    token: tokenWith(),
    issuer: { tokens: 'id' },
    reason: 'AccessTokenPresented',
    message: 'the token is an access token, by its typ or token_use: "tokens" of the issuer is id',
  },
  'an access token by the long form of its type': {
    token: tokenWith({}, { typ: 'application/AT+JWT' }),
    issuer: { tokens: 'id' },
    reason: 'AccessTokenPresented',
    message: /typ/,
  },
  'an access token by token_use where id tokens are accepted': {
    token: tokenWith({ token_use: 'access' }, { typ: 'JWT' }),
    issuer: { tokens: 'id' },
    reason: 'AccessTokenPresented',
    message: /token_use/,
  },
  'an access token of Keycloak where id tokens are accepted': {
    token: tokenWith({ typ: 'Bearer' }, { typ: 'JWT' }),
    issuer: { tokens: 'id' },
    reason: 'AccessTokenPresented',
    message: /typ/,
  },
};

const doors: ReturnType<typeof doorFor>[] = [];
afterAll(() => {
  for (const door of doors) door.close();
});
function doorOf(issuer: Partial<OidcIssuer> = {}) {
  const door = doorFor([issuer]);
  doors.push(door);
  return door;
}

describe('a refused token', () => {
  it.each(Object.entries(refused))('is one with %s', async (_, { token, issuer, reason, message }) => {
    const answer = await doorOf(issuer).ask(token);
    expect(answer).toMatchObject({ outcome: 'refused', reason });
    const told = answer.outcome === 'refused' ? answer.message : '';
    if (typeof message === 'string') expect(told).toBe(message);
    else expect(told).toMatch(message);
    expect(told).toMatch(/^[ -~…]{1,1000}$/);
    expect(told).not.toContain(token.split('.')[1]);
  });

  it('is no other than in one point: as it should be, the same token gets in', async () => {
    const door = doorOf();
    await expect(door.ask(tokenWith())).resolves.toMatchObject({ outcome: 'authenticated' });
    for (const [alg, kid, sign] of [
      ['ES256', 'p256', withEcdsa(keys.p256.privateKey)],
      ['EdDSA', 'ed', withEdDsa(keys.ed25519.privateKey)],
    ] as const)
      await expect(door.ask(tokenWith({}, { alg, kid }, sign))).resolves.toMatchObject({ outcome: 'authenticated' });
  });
});

describe('an accepted token', () => {
  const accepted: Readonly<Record<string, { readonly token: string; readonly issuer?: Partial<OidcIssuer> }>> = {
    'one of several audiences is ours': { token: tokenWith({ aud: ['account', 'kubepass'] }) },
    'its type has a prefix, in any case': { token: tokenWith({}, { typ: 'application/at+JWT' }) },
    'its type is missing': { token: tokenWith({}, { typ: undefined }) },
    'it is a Keycloak access token with a nonce': {
      token: tokenWith({ typ: 'Bearer', nonce: 'n', azp: 'portal' }, { typ: 'JWT' }),
    },
    'it has the nonce of an RFC 9068 access token': { token: tokenWith({ nonce: 'n' }) },
    'it is within the clock skew': {
      token: tokenWith({ exp: seconds - 29, nbf: seconds + 30, iat: seconds + 30 }),
    },
    'its times have fractions': { token: tokenWith({ exp: seconds + 0.5, nbf: seconds - 0.5, iat: seconds - 0.5 }) },
    'it has neither nbf nor iat': { token: tokenWith({ nbf: undefined, iat: undefined }) },
    'its azp is bound': {
      token: tokenWith({ azp: 'portal', client_id: 'x' }),
      issuer: { authorizedParties: ['portal'] },
    },
    'its client_id is bound': { token: tokenWith(), issuer: { authorizedParties: ['portal'] } },
    'its header names keys of others, which nobody looks at': {
      token: tokenWith(
        {},
        { jku: 'https://evil.example', x5u: 'https://evil.example', x5t: 'AAAA', jwk: { kty: 'oct' } },
      ),
    },
    'it is an id token': {
      token: tokenWith({ nonce: 'n', at_hash: 'h' }, { typ: 'JWT' }),
      issuer: { tokens: 'id' },
    },
    'it is an id token for its client by name': {
      token: tokenWith({ aud: ['kubepass', 'other'], azp: 'kubepass' }, { typ: 'JWT' }),
      issuer: { tokens: 'id' },
    },
    'it is an id token for a client that authorizedParties names': {
      token: tokenWith({ azp: 'phone' }, { typ: 'JWT' }),
      issuer: { tokens: 'id', authorizedParties: ['phone'] },
    },
    'it is an access token that any client got': { token: tokenWith({ aud: ['kubepass', 'other'], azp: 'other' }) },
    'it is an id token without any sign of it': { token: tokenWith({}, { typ: undefined }), issuer: { tokens: 'id' } },
  };
  it.each(Object.entries(accepted))('is one where %s', async (_, { token, issuer }) => {
    const answer = await doorOf(issuer).ask(token);
    expect(answer).toMatchObject({ outcome: 'authenticated', principal: { name: 'jane', method: 'oidc' } });
  });

  it('may name no key where the issuer has one for its algorithm, and must where it has several', async () => {
    const door = doorOf();
    const nameless = tokenWith({}, { kid: undefined });
    await expect(door.ask(nameless)).resolves.toMatchObject({ outcome: 'authenticated' });
    const several = doorOf();
    several.publish([jwkOf(keys.rsa.publicKey, { kid: 'rsa' }), jwkOf(keys.otherRsa.publicKey, { kid: 'other' })]);
    await expect(several.ask(nameless)).resolves.toMatchObject({ outcome: 'refused', reason: 'KeyUnknown' });
  });

  it('may name a key whose name several have, and must be signed by one of them', async () => {
    const door = doorOf();
    door.publish([jwkOf(keys.rsa.publicKey, { kid: 'rsa' }), jwkOf(keys.otherRsa.publicKey, { kid: 'rsa' })]);
    for (const key of [keys.rsa.privateKey, keys.otherRsa.privateKey])
      await expect(door.ask(tokenWith({}, {}, withRsa(key)))).resolves.toMatchObject({ outcome: 'authenticated' });
    const changed = tokenWith({}, {}, () => Buffer.alloc(256));
    await expect(door.ask(changed)).resolves.toMatchObject({ outcome: 'refused', reason: 'SignatureInvalid' });
  });

  it('counts from a fraction of a second on', async () => {
    const door = doorFor([{ clockSkewSeconds: 0 }], { clock: () => new Date(now.getTime() + 600) });
    doors.push(door);
    const at = { iat: seconds + 0.5, exp: seconds + 0.7 };
    await expect(door.ask(tokenWith({ ...at, nbf: seconds + 0.5 }))).resolves.toMatchObject({
      outcome: 'authenticated',
    });
    await expect(door.ask(tokenWith({ ...at, nbf: seconds + 0.7 }))).resolves.toMatchObject({
      reason: 'TokenNotYetValid',
    });
    await expect(door.ask(tokenWith({ ...at, exp: seconds + 0.6 }))).resolves.toMatchObject({ reason: 'TokenExpired' });
  });
});

describe('a key that the issuer publishes for something else', () => {
  it.each([
    ['encryption', { use: 'enc' }],
    ['another algorithm', { alg: 'PS256' }],
    ['an algorithm of encryption', { alg: 'RSA-OAEP-256' }],
    ['wrapping keys', { key_ops: ['wrapKey'] }],
  ])('lets no token in: it is for %s', async (_, members) => {
    const door = doorOf();
    door.publish([jwkOf(keys.rsa.publicKey, { kid: 'rsa', ...members })]);
    for (const kid of ['rsa', undefined])
      await expect(door.ask(tokenWith({}, { kid }))).resolves.toMatchObject({
        outcome: 'refused',
        reason: 'KeyUnknown',
      });
  });

  it.each([
    ['weak', jwkOf(keys.weakRsa.publicKey, { kid: 'rsa' }), keys.weakRsa.privateKey],
    ['known with its private part', jwkOf(keys.rsa.privateKey, { kid: 'rsa' }), keys.rsa.privateKey],
  ])('lets no token in: it is %s', async (_, jwk, privateKey) => {
    const door = doorOf();
    door.publish([jwk]);
    const token = tokenWith({}, {}, withRsa(privateKey));
    await expect(door.ask(token)).resolves.toMatchObject({ outcome: 'refused', reason: 'KeyUnknown' });
  });
});
