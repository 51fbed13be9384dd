import { join } from 'node:path';
import { cacheRoot, CredentialCache } from './credential-cache.js';
import type { Machine } from './machine.js';
import { settingsKey, type Settings } from './settings.js';

export const cacheOf = (
  settings: Settings,
  machine: Pick<Machine, 'environment' | 'homeDirectory' | 'say'>,
): CredentialCache => new CredentialCache(join(cacheRoot(machine), settingsKey(settings)), machine.say);
