import { breakGlassName, firstAdminName } from '../model/name-grammar.js';
import type { ApiToken } from '../model/principal.js';
import { apiTokenEvent, makeApiToken, type ApiTokenAsk, type ApiTokenWriter } from './api-tokens.js';

/** An hour, to mend who gets in. */
const breakGlassSeconds = 60 * 60;

export interface AdminTokenContext {
  readonly writer: Pick<ApiTokenWriter, 'create'>;
  /** Keeps the secret where the operator finds it. */
  readonly keepSecret: (secret: string) => Promise<void>;
  readonly now: Date;
  readonly random: (octets: number) => Buffer;
}

/** Makes an API token for the first admin, on nobody's behalf. */
export const makeAdminToken = (context: AdminTokenContext): Promise<ApiToken> => makeTokenOfNobody(context, false);

/** Makes an API token for an hour that is admin although tokens are not, on nobody's behalf. */
export const makeBreakGlassToken = (context: AdminTokenContext): Promise<ApiToken> => makeTokenOfNobody(context, true);

/**
 * The secret is kept first: after a crash in between no token has that secret, and the next start makes another. Where
 * a token has the name but for case, or the name is blocked, the principal gets a longer name: nobody locks others out
 * by taking or blocking a name.
 */
async function makeTokenOfNobody(
  { writer, keepSecret, now, random }: AdminTokenContext,
  breakGlass: boolean,
): Promise<ApiToken> {
  const principal = breakGlass ? breakGlassName : firstAdminName;
  for (const name of [principal, `${principal}-${random(8).toString('hex')}`]) {
    const ask: ApiTokenAsk = { name, roles: ['admin'], ...(breakGlass && { expiresInSeconds: breakGlassSeconds }) };
    const { token: plain, secret, secretSha256 } = makeApiToken(ask, [], { now, random });
    const token = { ...plain, breakGlass };
    await keepSecret(secret);
    const type = breakGlass ? 'BreakGlassTokenMade' : 'ApiTokenCreated';
    const made = await writer.create(token, secretSha256, apiTokenEvent(type, token, now, null));
    if (made === 'created') return token;
  }
  throw new Error(
    `principal ${principal} cannot have a token: another one has that name but for case, or it is blocked`,
  );
}
