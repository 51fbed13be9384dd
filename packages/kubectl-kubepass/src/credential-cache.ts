import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '@kubepass/x509';
import { inHome, mustBeOwnFolder, readOwnFile, removeUnfinished, writeWholeFile } from './files.js';
import type { Machine } from './machine.js';
import { isOfSystem } from '@kubepass/inspect/command-line';
import { type Settings, settingsKey, type TokenOptions } from './settings.js';

/** A certificate with its key, and where it is from. */
export interface CachedCredential {
  readonly server: string;
  readonly cluster: string;
  readonly username: string;
  readonly groups: readonly string[];
  readonly fingerprintSha256: string;
  readonly certificatePem: string;
  readonly keyPem: string;
  /** Milliseconds since 1970 by the clock of this machine. */
  readonly issuedAt: number;
  readonly notAfter: number;
  readonly renewAt: number;
}

/**
 * An ask that has no end yet. It is sent again as it is, so that an answer that was lost makes no second certificate.
 */
export interface Attempt {
  /** The certificate to renew; null: a new request. */
  readonly renewalOf: string | null;
  /** The name of the principal who asks; null: the key of the certificate to renew speaks. */
  readonly principal: string | null;
  /** The identity that is asked for. */
  readonly username: string;
  readonly groups: readonly string[];
  readonly body: string;
  readonly keyPem: string;
  readonly idempotencyKey: string;
  readonly startedAt: number;
  /** The request that waits for a person; null: none is known. */
  readonly pendingRequest: string | null;
}

/** A person's word that this server is a kubepass of theirs, and how they sign in there. A kubeconfig refers to it. */
export interface Login extends TokenOptions {
  readonly server: string;
  /** PEM of the CA of kubepass itself; null: the CAs that Node.js trusts. */
  readonly certificateAuthority: string | null;
  /** The identity provider and the client there; null: a token signs in. */
  readonly issuer: string | null;
  readonly clientId: string | null;
  /** The audience that a token of the provider must have; null: none that is the URL of another server. */
  readonly audience: string | null;
}

/** The last certificate that was revoked from here, and the uses of it that go on until its end. */
export interface Revocation {
  readonly revokedAt: number;
  readonly notAfter: number;
  readonly continues: readonly string[];
}

interface Files {
  readonly credential: CachedCredential;
  readonly attempt: Attempt;
  /** The last no, for the calls that follow within so many milliseconds. */
  readonly refusal: {
    readonly at: number;
    readonly message: string;
    readonly revoked: boolean;
    readonly milliseconds?: number;
  };
  /** A renewal that failed, or waits for a person: while the certificate lives, it is tried again at `retryAt`. */
  readonly failure: { readonly retryAt: number };
  /** The last login that named nobody, and its reason; in the folder of settings without a username. */
  readonly person: { readonly username: string; readonly reason?: string | null };
  readonly revocation: Revocation;
  readonly login: Login;
}
type Kind = keyof Files;

/** Members that each file must have, by their type: another version of the plugin may have written it. */
type Members = Readonly<Partial<Record<'string' | 'number' | 'boolean' | 'object', readonly string[]>>>;

const members: Readonly<Record<Kind, Members>> = {
  credential: {
    string: ['server', 'cluster', 'username', 'fingerprintSha256', 'certificatePem', 'keyPem'],
    object: ['groups'],
    number: ['issuedAt', 'notAfter', 'renewAt'],
  },
  attempt: { string: ['username', 'body', 'keyPem', 'idempotencyKey'], object: ['groups'], number: ['startedAt'] },
  refusal: { number: ['at'], string: ['message'], boolean: ['revoked'] },
  failure: { number: ['retryAt'] },
  person: { string: ['username'] },
  revocation: { number: ['revokedAt', 'notAfter'], object: ['continues'] },
  login: { string: ['server'] },
};

/** The folder of all cached credentials: kubectl's own cache, where others put theirs too. */
export function cacheRoot({ environment, homeDirectory }: Pick<Machine, 'environment' | 'homeDirectory'>): string {
  return join(environment['KUBECACHEDIR'] || inHome(homeDirectory, '.kube', 'cache'), 'kubepass');
}

/**
 * The cached credential of one set of settings, or a login, in a folder of its own (0700, files 0600). Each file is
 * written beside itself and renamed, and begins with a hash of its content: one that is damaged is moved aside, and
 * counts as none. Folders and files that are not the user's alone are refused.
 */
export class CredentialCache {
  readonly directory: string;

  constructor(
    private readonly root: string,
    name: string,
    private readonly machine: Pick<Machine, 'say' | 'userId' | 'isRunning'>,
  ) {
    this.directory = join(root, name);
  }

  read<K extends Kind>(kind: K): Files[K] | null {
    this.#mustBeOwn();
    const text = readOwnFile(this.#path(kind), this.machine);
    if (text === null) return null;
    const value = contentOf(text, members[kind]);
    if (value !== null) return value as unknown as Files[K];
    const aside = `${this.#path(kind)}.damaged-${Date.now()}`;
    try {
      renameSync(this.#path(kind), aside);
      this.machine.say(`kubepass: the cache is damaged; it is moved aside to ${aside}`);
    } catch (error) {
      // Another kubectl has moved it.
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    return null;
  }

  write<K extends Kind>(kind: K, value: Files[K]): void {
    this.prepare();
    const content = JSON.stringify(value);
    writeWholeFile(this.#path(kind), `${hashOf(content)}\n${content}\n`);
  }

  remove(...which: readonly Kind[]): void {
    for (const kind of which) rmSync(this.#path(kind), { force: true });
  }

  /** Makes the folder, closed to others, and removes what a plugin that was killed has left in it. */
  prepare(): void {
    this.#mustBeOwn();
    if (mkdirSync(this.directory, { recursive: true, mode: 0o700 }) !== undefined) return;
    chmodSync(this.directory, 0o700);
    removeUnfinished(this.directory, () => true, this.machine);
  }

  #mustBeOwn(): void {
    for (const folder of [this.root, this.directory]) mustBeOwnFolder(folder, this.machine);
  }

  /** Removes the folder where nothing is in it. */
  removeIfEmpty(): void {
    try {
      rmdirSync(this.directory);
    } catch (error) {
      if (!isOfSystem(error)) throw error;
    }
  }

  /** Forgets everything, the key first. Locks stay: somebody may hold them, or wait for them. */
  forget(): void {
    this.remove('credential', 'attempt');
    for (const name of readdirSync(this.directory))
      if (/^(?:credential|attempt|refusal|failure|person|revocation|login)\.json/.test(name))
        rmSync(join(this.directory, name), { force: true });
  }

  #path(kind: Kind): string {
    return join(this.directory, `${kind}.json`);
  }
}

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The object in a file; null where the file is not as it was written. */
function contentOf(text: string, wanted: Members): Readonly<Record<string, unknown>> | null {
  const end = text.indexOf('\n');
  const content = text.slice(end + 1, -1);
  if (end !== 64 || !text.endsWith('\n') || hashOf(content) !== text.slice(0, end)) return null;
  const value = JSON.parse(content) as Readonly<Record<string, unknown>>;
  const has = (type: string) => (name: string) => typeof value[name] === type && value[name] !== null;
  return Object.entries(wanted).every(([type, names]) => names.every(has(type))) ? value : null;
}

type CacheMachine = Pick<Machine, 'environment' | 'homeDirectory' | 'say' | 'userId' | 'isRunning'>;

/** The cache of these settings; without a username, that of the last login without one. */
export const cacheOf = (settings: Settings, machine: CacheMachine): CredentialCache =>
  ownCacheOf(ofLastLogin(settings, machine), machine);

/** The cache of these settings as they are. */
export const ownCacheOf = (settings: Settings, machine: CacheMachine): CredentialCache =>
  new CredentialCache(cacheRoot(machine), settingsKey(settings), machine);

/**
 * A kubeconfig that is given to everybody names nobody: it is for whoever has logged in last without naming somebody.
 */
export function ofLastLogin(settings: Settings, machine: CacheMachine): Settings {
  if (settings.username !== null) return settings;
  const { username = null, reason = null } = ownCacheOf(settings, machine).read('person') ?? {};
  return { ...settings, username, reason: settings.reason ?? reason };
}

/** The login at this server, of this name. */
export const cacheOfLogin = ({ server, login }: Pick<Settings, 'server' | 'login'>, machine: CacheMachine) =>
  new CredentialCache(cacheRoot(machine), hashOf(JSON.stringify([server, login])), machine);

/** Writes a CA, PEM, into a file that is named after its content, and answers the path. */
export function keepAuthority(pem: string, machine: CacheMachine): string {
  const root = cacheRoot(machine);
  const file = join(root, `${hashOf(pem)}.crt`);
  mustBeOwnFolder(root, machine);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  if (readOwnFile(file, machine) !== pem) writeWholeFile(file, pem);
  return file;
}

/** Removes the files of all CAs. */
export function forgetAuthorities(machine: CacheMachine): void {
  const root = cacheRoot(machine);
  for (const name of namesIn(root)) if (/^[0-9a-f]{64}\.crt$/.test(name)) rmSync(join(root, name), { force: true });
}

/** The caches of all settings that there ever were, and all logins. */
export function allCaches(machine: CacheMachine): readonly CredentialCache[] {
  const root = cacheRoot(machine);
  const names = namesIn(root).filter((name) => /^[0-9a-f]{64}$/.test(name));
  return names.map((name) => new CredentialCache(root, name, machine));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
