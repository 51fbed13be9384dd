import { breakGlassName, firstAdminName } from '../model/name-grammar.js';
import type { ApiToken } from '../model/principal.js';
import { apiTokenEvent, makeApiToken, type ApiTokenAsk, type ApiTokenWriter } from './api-tokens.js';
import { type SecretReader, secretSha256 } from './secrets.js';

/** An hour, to mend who gets in. */
const breakGlassSeconds = 60 * 60;

export interface AdminTokenContext {
  readonly writer: Pick<ApiTokenWriter, 'create'>;
  /** The secret, where the operator has made it and keeps it. */
  readonly secret?: string;
  /** Keeps a new secret where the operator finds it. */
  readonly keepSecret: (secret: string) => Promise<void>;
  readonly now: Date;
  readonly random: (octets: number) => Buffer;
}

export interface FirstAdminContext extends AdminTokenContext {
  readonly tokens: SecretReader<ApiToken> & { liveAdmins(now: Date): Promise<readonly ApiToken[]> };
  /** The file that the secret is in, or comes into. */
  readonly file: string;
  readonly log: Record<'info' | 'warn', (fields: object, message: string) => void>;
}

/**
 * Makes an admin token where there is no live admin token. A given secret that a token has or had makes no token: a
 * token that was revoked, or has expired, must not live again because a file still names its secret.
 */
export async function makeFirstAdminToken(context: FirstAdminContext): Promise<void> {
  const { tokens, secret, now, file, log } = context;
  if ((await tokens.liveAdmins(now)).length > 0) return;
  const [known] = secret === undefined ? [] : (await tokens.findBySecretSha256s([secretSha256(secret)])).values();
  if (known !== undefined) {
    const { id: tokenId, revokedAt, expiresAt } = known;
    log.warn(
      { file, tokenId, revokedAt, expiresAt },
      'there is no live admin, and none was made: the token in the file was revoked, or has expired, or is no admin; put a new one into the file and restart, or run admin-token',
    );
    return;
  }
  await makeAdminToken(context);
  const made = secret === undefined ? 'a token was made' : 'the token in the file is one now';
  log.info({ file }, `there was no live admin: ${made}`);
}

/** Makes an API token for the first admin, on nobody's behalf. */
const makeAdminToken = (context: AdminTokenContext): Promise<ApiToken> =>
  makeTokenOfNobody(context, 'ApiTokenCreated', false);

/**
 * Makes an admin token for whoever is on the host, on nobody's behalf. `breakGlass`: it is admin for an hour, although
 * tokens are not. The event is the same in any case, because the token goes round everything that people decide.
 */
export const makeTokenOnHost = (context: AdminTokenContext, breakGlass: boolean): Promise<ApiToken> =>
  makeTokenOfNobody(context, 'BreakGlassTokenMade', breakGlass);

/**
 * A new secret is kept first: after a crash in between no token has that secret, and the next start makes another.
 * Where a token has the name but for case, or the name is blocked, the principal gets a longer name: nobody locks
 * others out by taking or blocking a name.
 */
async function makeTokenOfNobody(
  { writer, secret: given, keepSecret, now, random }: AdminTokenContext,
  type: 'ApiTokenCreated' | 'BreakGlassTokenMade',
  breakGlass: boolean,
): Promise<ApiToken> {
  const principal = breakGlass ? breakGlassName : firstAdminName;
  for (const name of [principal, `${principal}-${random(8).toString('hex')}`]) {
    const ask: ApiTokenAsk = { name, roles: ['admin'], ...(breakGlass && { expiresInSeconds: breakGlassSeconds }) };
    const { token: plain, secret, secretSha256 } = makeApiToken(ask, [], { now, random, secret: given });
    const token = { ...plain, breakGlass };
    if (given === undefined) await keepSecret(secret);
    const made = await writer.create(token, secretSha256, apiTokenEvent(type, token, now, null));
    if (made === 'created') return token;
  }
  throw new Error(
    `principal ${principal} cannot have a token: another one has that name but for case, or it is blocked`,
  );
}
