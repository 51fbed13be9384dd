import { IssuerKeys } from '../../../../../src/callers/oidc/issuer-keys.js';
import type { OidcIssuer } from '../../../../../src/callers/oidc/token-rules.js';
import { readKeySet } from '../../../../../src/callers/oidc/fetch-keys.js';
import { OidcTokens } from '../../../../../src/callers/oidc/oidc-tokens.js';
import { JsonWebTokens } from '../../../../../src/callers/authentication/callers.js';
import type { ServiceAccounts } from '../../../../../src/callers/authentication/service-accounts.js';
import type { RoleBinding } from '../../../../../src/callers/permissions.js';
import { jwkOf, makeKeys, rawToken, withRsa, type SignOctets } from '../../../../helpers/raw-tokens.js';

export const keys = makeKeys();
export const now = new Date('2026-11-26T12:00:00Z');
export const seconds = now.getTime() / 1000;

export const corp: OidcIssuer = {
  ...{ name: 'corp', issuer: 'https://idp.example.com/realms/corp', audiences: ['kubepass'], tokens: 'access' },
  ...{ usernameClaim: 'sub', usernamePrefix: '', groupsClaim: 'groups', groupsPrefix: '' },
  othersPrefixes: { usernames: [], groups: [] },
  authorizedParties: null,
  algorithms: ['RS256', 'ES256', 'EdDSA'],
  clockSkewSeconds: 30,
};

/** The keys that the issuer of these tests publishes. */
export const published = [
  jwkOf(keys.rsa.publicKey, { kid: 'rsa', use: 'sig', alg: 'RS256' }),
  jwkOf(keys.p256.publicKey, { kid: 'p256', use: 'sig' }),
  jwkOf(keys.ed25519.publicKey, { kid: 'ed' }),
];

export const goodHeader = { alg: 'RS256', typ: 'at+jwt', kid: 'rsa' };
export const goodClaims = {
  ...{ iss: corp.issuer, aud: 'kubepass', sub: 'jane', client_id: 'portal', jti: 'token-1' },
  ...{ iat: seconds - 10, nbf: seconds - 10, exp: seconds + 300 },
};

/** A good token, but for the given members; undefined removes one. */
export const tokenWith = (
  claims: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
  sign: SignOctets = withRsa(keys.rsa.privateKey),
): string => rawToken({ ...goodHeader, ...header }, { ...goodClaims, ...claims }, sign);

export interface LogLine {
  readonly fields: object;
  readonly message: string;
}

/** The door for JSON Web Tokens, with keys that need no network. */
export function doorFor(
  issuers: readonly Partial<OidcIssuer>[] = [{}],
  {
    roles = [],
    serviceAccounts = null,
    clock = () => now,
  }: {
    readonly roles?: readonly RoleBinding[];
    readonly serviceAccounts?: Pick<ServiceAccounts, 'knows' | 'authenticate'> | null;
    readonly clock?: () => Date;
  } = {},
) {
  const lines: LogLine[] = [];
  let loads = 0;
  let set: readonly unknown[] = published;
  const line = (fields: object, message: string) => void lines.push({ fields, message });
  const log = { info: line, warn: line, error: line };
  const inForce = issuers.map((one) => {
    const issuer = { ...corp, ...one };
    const source = {
      load: async () => {
        loads += 1;
        return readKeySet({ keys: set })!;
      },
    };
    return { issuer, keys: new IssuerKeys({ name: issuer.name, source, staleKeysSeconds: 3600, log }) };
  });
  const oidc = new OidcTokens({ issuers: inForce, roles, clock, log });
  const door = new JsonWebTokens(oidc, serviceAccounts);
  return {
    lines,
    loads: () => loads,
    publish(keys: readonly unknown[]) {
      set = keys;
    },
    ask: (token: string) => door.authenticate(token),
    close() {
      for (const one of inForce) one.keys.stop();
    },
  };
}
