import { readdirSync } from 'node:fs';
import { cacheRoot, CredentialCache, hashOf } from './credential-cache.js';
import type { Machine } from './machine.js';
import { codeOf } from './plugin-error.js';
import { settingsKey, type Settings } from './settings.js';

type CacheMachine = Pick<Machine, 'environment' | 'homeDirectory' | 'say' | 'userId' | 'isRunning'>;

/** The cache of these settings; without a username, that of the last login without one. */
export const cacheOf = (settings: Settings, machine: CacheMachine): CredentialCache =>
  ownCacheOf(ofLastLogin(settings, machine), machine);

/** The cache of these settings as they are. */
export const ownCacheOf = (settings: Settings, machine: CacheMachine): CredentialCache =>
  new CredentialCache(cacheRoot(machine), settingsKey(settings), machine);

/** A kubeconfig that is given to everybody names nobody: it is for whoever has logged in last without naming somebody. */
export function ofLastLogin(settings: Settings, machine: CacheMachine): Settings {
  if (settings.username !== null) return settings;
  return { ...settings, username: ownCacheOf(settings, machine).read('person')?.username ?? null };
}

/** The login at this server, of this name. */
export const cacheOfLogin = ({ server, login }: Pick<Settings, 'server' | 'login'>, machine: CacheMachine) =>
  new CredentialCache(cacheRoot(machine), hashOf(JSON.stringify([server, login])), machine);

/** The caches of all settings that there ever were, and all logins. */
export function allCaches(machine: CacheMachine): readonly CredentialCache[] {
  const root = cacheRoot(machine);
  let names: readonly string[];
  try {
    names = readdirSync(root);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
  return names.filter((name) => /^[0-9a-f]{64}$/.test(name)).map((name) => new CredentialCache(root, name, machine));
}
