import { ApiTokenAuthenticator } from '../identity/callers/callers.js';
import { BreakGlassUses } from '../identity/break-glass.js';
import type { SessionAuthenticator } from '../identity/sessions.js';
import type { Config } from '../config/config.js';
import type { Log } from '../context/context.js';
import type { Store } from '../store/store.js';
import { openSessionAuthenticator } from './sign-in.js';

/** They remember the credentials that they have seen; commits that end one make them forget it. */
export interface Authenticators {
  readonly apiTokens: ApiTokenAuthenticator;
  readonly sessions: SessionAuthenticator;
  /** Records the uses of break-glass tokens that are not on record yet. */
  close(): Promise<void>;
}

export interface AuthenticatorOverrides {
  /** Finds the tokens of callers. */
  readonly tokenReader?: (reader: Store['apiTokens']) => Store['apiTokens'];
  /** How often the audit log tells of the uses of a break-glass token. */
  readonly breakGlassMilliseconds?: number;
}

export function openAuthenticators(
  config: Config,
  store: Pick<Store, 'apiTokens' | 'sessions' | 'writer'>,
  clock: () => Date,
  log: Log,
  overrides: AuthenticatorOverrides,
): Authenticators {
  const breakGlass = new BreakGlassUses({
    record: async (event) => {
      await store.writer.commit({ operations: [], events: [event] });
    },
    log,
    clock,
    intervalMilliseconds: overrides.breakGlassMilliseconds ?? 60_000,
  });
  return {
    apiTokens: new ApiTokenAuthenticator(overrides.tokenReader?.(store.apiTokens) ?? store.apiTokens, clock, {
      admins: config.callers.apiTokens.admins,
      useBreakGlass: (token) => breakGlass.use(token),
    }),
    sessions: openSessionAuthenticator(config, store, clock),
    close: () => breakGlass.close(),
  };
}
