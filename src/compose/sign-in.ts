import { randomBytes } from 'node:crypto';
import type { Config } from '../config/config.js';
import { readClientSecret } from '../config/secrets.js';
import type { ApiTokenAuthenticator } from '../identity/callers/callers.js';
import { OidcLogin } from '../identity/oidc/login.js';
import {
  type LoginProvider,
  Logins,
  SessionAuthenticator,
  type SessionWriter,
  Sessions,
} from '../identity/sessions.js';
import type { Writer } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import type { OpenedIssuer } from './callers.js';
import { type FilesInForce, type InForce, unchanging } from './in-force.js';
import type { Runtime } from './runtime.js';

/** Sessions, and how people begin them with their browsers. */
export interface OpenedSignIn {
  readonly sessions: Sessions;
  readonly logins: Logins;
}

/** Finds the callers who come by a session. */
export function openSessionAuthenticator(
  { callers, roles }: Config,
  { sessions, writer }: Pick<Store, 'sessions' | 'writer'>,
  apiTokens: ApiTokenAuthenticator,
  clock: () => Date,
): SessionAuthenticator {
  return new SessionAuthenticator({
    reader: sessions,
    touch: (id, at) => writer.commit({ operations: [{ op: 'touchSession', id, at }], events: [] }),
    roles,
    issuers: callers.oidc.filter(({ login }) => login !== null).map(({ name }) => name),
    apiTokens,
    clock,
  });
}

/** Opens the sign-in at each issuer that has one, and keeps it equal to the file of its secret. */
export async function openSignIn(
  { roles, publicAddress }: Config,
  issuers: readonly OpenedIssuer[],
  store: Pick<Store, 'sessions' | 'writer'>,
  { clock, log, files }: Pick<Runtime, 'clock' | 'log' | 'files'>,
  countRefusal: (reason: string) => void,
): Promise<OpenedSignIn> {
  const providers: LoginProvider[] = [];
  for (const { config, issuer, fetch } of issuers) {
    const { name, login, scopes } = config;
    if (login === null) continue;
    const secret = await secretInForce(login.clientSecretFile, name, files);
    const { clientId } = login;
    const redirectUri = `${publicAddress?.url ?? ''}/v1/login/${name}/callback`;
    providers.push(
      new OidcLogin({
        issuer,
        clientId,
        clientSecret: () => secret.current(),
        scopes,
        redirectUri,
        fetch,
        log,
        clock,
        random: randomBytes,
      }),
    );
    log.info({ name, clientId, redirectUri }, 'people sign in by this issuer with their browsers');
  }
  const { sessions: reader, writer } = store;
  const sessions = new Sessions({ reader, writer: sessionWriter(writer), roles, clock, random: randomBytes });
  return { sessions, logins: new Logins(providers, sessions, countRefusal) };
}

/** The secret of the client in its file; null where there is no file: a public client. */
async function secretInForce(
  file: string | null,
  issuer: string,
  files: FilesInForce,
): Promise<InForce<string | null>> {
  if (file === null) return unchanging(null);
  return files.keep<string | null>('issuers', {
    files: [file],
    load: (remarks) => readClientSecret(file, remarks),
    isSame: (one, other) => one === other,
    told: {
      fields: { issuer },
      replaced: 'kubepass has another secret with an issuer',
      refused: 'the secret of an issuer was changed and cannot be used: the one in force stays',
    },
  });
}

/** Keeps sessions in the store: each change is one commit with its audit event. */
function sessionWriter(writer: Writer): SessionWriter {
  return {
    async begin(session, secretSha256, event) {
      const operations = [{ op: 'insertSession' as const, session, secretSha256 }];
      const result = await writer.commit({ operations, events: [event] });
      if (!result.committed && result.conflict.kind !== 'blocked')
        throw new Error(`session ${session.id} could not be recorded`);
      return result.committed;
    },
    async end(id, at, event) {
      return (await writer.commit({ operations: [{ op: 'endSession', id, at }], events: [event] })).committed;
    },
  };
}
