import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot, codeOf, CredentialCache } from './credential-cache.js';
import type { Machine } from './machine.js';
import { settingsKey, type Settings } from './settings.js';

type CacheMachine = Pick<Machine, 'environment' | 'homeDirectory' | 'say'>;

/** The cache of these settings; without a username, that of the last login without one. */
export const cacheOf = (settings: Settings, machine: CacheMachine): CredentialCache =>
  ownCacheOf(ofLastLogin(settings, machine), machine);

/** The cache of these settings as they are. */
export const ownCacheOf = (settings: Settings, machine: CacheMachine): CredentialCache =>
  new CredentialCache(join(cacheRoot(machine), settingsKey(settings)), machine.say);

/** A kubeconfig that is given to everybody names nobody: it is for whoever has logged in last without naming somebody. */
export function ofLastLogin(settings: Settings, machine: CacheMachine): Settings {
  if (settings.username !== null) return settings;
  return { ...settings, username: ownCacheOf(settings, machine).read('person')?.username ?? null };
}

/** The caches of all settings that there ever were. */
export function allCaches(machine: CacheMachine): readonly CredentialCache[] {
  const root = cacheRoot(machine);
  let names: readonly string[];
  try {
    names = readdirSync(root);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
  return names
    .filter((name) => /^[0-9a-f]{64}$/.test(name))
    .map((name) => new CredentialCache(join(root, name), machine.say));
}
