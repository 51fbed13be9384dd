import type { Login } from './credential-cache.js';
import { PluginError } from './plugin-error.js';
import type { OfferedIssuer } from './service-client.js';

/**
 * The tokens that may be sent to this server. A server can repeat what another server says about sign-ins, and use the
 * tokens there: so a token with the URL of another server in `aud` (RFC 7519 section 4.1.3) ends the sign-in.
 * `audience`: the audience that a token must have; null: one of `audiences`, if the server says which it takes. Throws
 * where no token is left.
 */
export function tokensFor(
  { issuer, audiences }: Pick<OfferedIssuer, 'issuer' | 'audiences'>,
  { server, audience }: Pick<Login, 'server' | 'audience'>,
  tokens: readonly string[],
): readonly string[] {
  const read = tokens.map((token) => ({ token, named: [claimsOf(token)['aud']].flat().map(String) }));
  // Some providers name themselves besides.
  const isPlace = (one: string) => isUrl(one) && new URL(one).origin !== new URL(issuer).origin;
  const isElsewhere = ({ named }: { readonly named: readonly string[] }) =>
    named.some(isPlace) && !named.some((one) => isSame(one, server));
  const wanted = audience === null ? audiences : [audience];
  const isWanted = (one: string) => wanted.length === 0 || wanted.some((other) => isSame(one, other));
  const left = read.filter(({ named }) => named.some(isWanted));
  if (left.length > 0 && (audience !== null || !read.some(isElsewhere))) return left.map(({ token }) => token);
  const [named, takes] = [read.flatMap((one) => one.named), wanted].map((list) => [...new Set(list)].join(', '));
  throw new PluginError(
    `the token of the identity provider is for ${named}, so it is not sent to ${server}, which takes those for ${takes || 'itself'}. Ask whoever administers kubepass; login --audience names another audience`,
  );
}

/** With a slash at its end or without, it is the same place. */
const isSame = (one: string, other: string): boolean => one.replace(/\/+$/, '') === other.replace(/\/+$/, '');

const isUrl = (text: string): boolean => /^https?:/i.test(text) && URL.canParse(text);

/** The claims of a JWT, which nobody has verified; none where it is no JWT. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? (claims as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
