import { authenticated, type Principal } from '../../../src/model/principal.js';
import type { RouteContext } from '../../../src/start/route-context.js';
import { principal } from '../../helpers/principals.js';
import type { Caller, TestService } from './service.js';

/** Begins the bearer tokens that stand for a principal in the test itself. */
const mark = 'test-principal.';

/**
 * Lets principals in who come by other ways than API tokens, whatever the way: a token names the principal, as if an
 * identity provider, a cluster or a CA had vouched for it. API tokens are real.
 */
export const lettingIn = (context: RouteContext): RouteContext => ({
  ...context,
  authenticator: {
    async authenticate(credential) {
      if (credential.kind !== 'bearer' || !credential.token.startsWith(mark))
        return context.authenticator.authenticate(credential);
      const text = Buffer.from(credential.token.slice(mark.length), 'base64url').toString('utf8');
      return authenticated({ ...(JSON.parse(text) as Principal), expiresAt: null });
    },
    authenticateReviewer: (token) => context.authenticator.authenticateReviewer(token),
    useProof: (principal, csr) => context.authenticator.useProof(principal, csr),
  },
});

type More = Partial<Pick<Principal, 'method' | 'groups' | 'cluster'>>;

/** Calls as a principal whom nobody made: a person by OIDC, unless the method is another one. */
export const comingAs = (service: TestService, name: string, roles: Principal['roles'], more: More = {}): Caller =>
  service.withToken(tokenOf(name, roles, more));

/** The bearer token of the same. */
export const tokenOf = (name: string, roles: Principal['roles'], more: More = {}): string =>
  mark + Buffer.from(JSON.stringify(principal(name, roles, { method: 'oidc', ...more }))).toString('base64url');
