// crane, which pushes into a registry, and cosign, which signs there: where they push, how they run, what they sign.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findOnPath } from '../executables.js';
import { ReleaseError } from './release-error.js';

/** Where a release goes: a registry and a path in it. */
export interface Target {
  /** `registry.example/path`, without a slash at its end. */
  readonly path: string;
  readonly plainHttp: boolean;
}

/** Throws a `ReleaseError` where the text is no address of a registry and a path in it. */
export function parseTarget(to: string, plainHttp: boolean): Target {
  const part = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
  // Without a dot, a port or `localhost` the first part would be a path in a registry that nobody named.
  const host = '(?:localhost|[a-zA-Z0-9-]+(?:\\.[a-zA-Z0-9-]+)+|[a-zA-Z0-9.-]+(?=:)|\\[[0-9a-fA-F:]+\\])(?::\\d+)?';
  if (!new RegExp(`^${host}(?:/${part})*$`).test(to))
    throw new ReleaseError(
      `--to is REGISTRY/PATH in lower case, without a scheme or a tag, such as registry.example/owner: ${to}`,
    );
  return { path: to, plainHttp };
}

/** The tag of a version: `+`, which a tag cannot have, is `_`, as Helm has it. */
export const tagOf = (version: string): string => version.replaceAll('+', '_');

/** A call of a program of others. */
export interface Command {
  readonly program: 'crane' | 'cosign';
  readonly args: readonly string[];
}

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command, or only shows it. `beforehand` is the answer of a registry that has nothing of this release, which a
 * run that only shows commands goes on with.
 */
export type Run = (command: Command, beforehand: Outcome) => Promise<Outcome>;

export const succeeded = (stdout = ''): Outcome => ({ exitCode: 0, stdout, stderr: '' });
export const failed = (stderr: string): Outcome => ({ exitCode: 1, stdout: '', stderr });

/** The command as a line for a shell of POSIX. */
export const shellLine = ({ program, args }: Command): string => [program, ...args.map(shellWord)].join(' ');

const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

const bringTool = fileURLToPath(new URL('../../.ci/tool', import.meta.url));

/**
 * The path of each program: the one on the PATH, or else the one that `.ci/tool` brings. Throws a `ReleaseError` that
 * names those that are neither here nor can be brought.
 */
export function findTools<Name extends string>(names: readonly Name[], path: string): Partial<Record<Name, string>> {
  const found = names.map((name) => [name, findOnPath(name, path) ?? bring(name)] as const);
  const missing = found.filter(([, file]) => file === null).map(([name]) => name);
  if (missing.length > 0)
    throw new ReleaseError(`not on the PATH, and not to be had by .ci/tool: ${missing.join(', ')}`);
  return Object.fromEntries(found) as Partial<Record<Name, string>>;
}

function bring(name: string): string | null {
  const { status, stdout } = spawnSync(bringTool, [name], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return status === 0 ? stdout.trim() : null;
}

/** Runs commands one by one, and says each beforehand. Their messages go where those of this process go. */
export const runWith =
  (tools: Readonly<Partial<Record<Command['program'], string>>>, say: (line: string) => void): Run =>
  (command) =>
    new Promise((resolve, reject) => {
      say(shellLine(command));
      // A terminal may be asked for the password of a key.
      const child = spawn(tools[command.program] ?? command.program, command.args, {
        stdio: ['inherit', 'pipe', 'pipe'],
      });
      const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
      child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
      child.stderr.on('data', (piece: Buffer) => {
        stderr.push(piece);
        process.stderr.write(piece);
      });
      child.on('error', reject);
      child.on('close', (code) => {
        const [printed, complained] = [stdout, stderr].map((pieces) => Buffer.concat(pieces).toString('utf8'));
        resolve({ exitCode: code ?? 1, stdout: printed ?? '', stderr: complained ?? '' });
      });
    });

/** Says each command, and runs none. */
export const showOnly =
  (say: (line: string) => void): Run =>
  async (command, beforehand) => {
    say(shellLine(command));
    return beforehand;
  };

/**
 * How a release is signed: by a key, without a transparency log; keyless, by the identity of whoever runs this, for
 * which Sigstore gives a certificate; or not.
 */
export type Signer =
  | { readonly kind: 'key'; readonly key: string; readonly publicKey: string }
  | { readonly kind: 'keyless'; readonly identity: WorkflowIdentity | null }
  | { readonly kind: 'none' };

/** As Sigstore's certificate names a workflow of GitHub. */
export interface WorkflowIdentity {
  readonly subject: string;
  readonly issuer: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads `--key` and `--unsigned`. The public key of a key is written into `directory`. Throws a `ReleaseError` where
 * both are given, or where the key's file is not there or COSIGN_PASSWORD is not set although the run is `unattended`.
 */
export function readSigner(
  options: { readonly key?: string | undefined; readonly unsigned: boolean },
  environment: Environment,
  directory: string,
  unattended: boolean,
): Signer {
  const { key, unsigned } = options;
  if (key === undefined) return unsigned ? { kind: 'none' } : { kind: 'keyless', identity: workflowOf(environment) };
  if (unsigned) throw new ReleaseError('--key and --unsigned exclude each other');
  // A key elsewhere has an address: awskms://…, hashivault://….
  if (!/^[a-z0-9]+:\/\//.test(key)) {
    if (!existsSync(key)) throw new ReleaseError(`--key: there is no file ${key}`);
    if (unattended && environment['COSIGN_PASSWORD'] === undefined)
      throw new ReleaseError('COSIGN_PASSWORD is not set: cosign cannot ask for the password of the key here');
  }
  return { kind: 'key', key, publicKey: join(directory, 'cosign.pub') };
}

function workflowOf(environment: Environment): WorkflowIdentity | null {
  const { GITHUB_SERVER_URL: server, GITHUB_WORKFLOW_REF: workflow } = environment;
  if (server === undefined || workflow === undefined) return null;
  return { subject: `${server}/${workflow}`, issuer: 'https://token.actions.githubusercontent.com' };
}

const cosign = (args: readonly string[]): Command => ({ program: 'cosign', args });
/** cosign speaks plain HTTP to loopback alone, unless it is told. */
const transport = ({ plainHttp }: Target): string[] => (plainHttp ? ['--allow-http-registry'] : []);

/** The commands that sign what is in a registry; each `reference` ends with a digest. */
export class Signing {
  readonly #signer: Exclude<Signer, { readonly kind: 'none' }>;
  readonly #transport: readonly string[];

  constructor(signer: Exclude<Signer, { readonly kind: 'none' }>, target: Target) {
    this.#signer = signer;
    this.#transport = transport(target);
  }

  /** Writes the public key that `verify` reads, which goes first; null where there is no key. */
  writePublicKey(): Command | null {
    if (this.#signer.kind !== 'key') return null;
    const { key, publicKey } = this.#signer;
    return cosign(['public-key', '--key', key, '--outfile', publicKey]);
  }

  sign(reference: string): Command {
    return cosign(['sign', '--yes', ...this.#secret(), ...this.#transport, reference]);
  }

  attest(reference: string, predicate: string): Command {
    const what = ['--type', 'cyclonedx', '--predicate', predicate];
    return cosign(['attest', '--yes', ...this.#secret(), ...this.#transport, ...what, reference]);
  }

  /** Prints the signatures of this signer, and fails where there is none. Null if nobody knows who the signer is. */
  verify(reference: string): Command | null {
    const signer = this.#public();
    return signer && cosign(['verify', ...signer, ...this.#transport, reference]);
  }

  verifyAttestation(reference: string): Command | null {
    const signer = this.#public();
    return signer && cosign(['verify-attestation', ...signer, ...this.#transport, '--type', 'cyclonedx', reference]);
  }

  #secret(): string[] {
    if (this.#signer.kind === 'keyless') return [];
    // The signing configuration would come from Sigstore, with a transparency log.
    return ['--key', this.#signer.key, '--use-signing-config=false', '--tlog-upload=false'];
  }

  #public(): string[] | null {
    if (this.#signer.kind === 'key') return ['--key', this.#signer.publicKey, '--insecure-ignore-tlog'];
    const { identity } = this.#signer;
    if (identity === null) return null;
    return ['--certificate-identity', identity.subject, '--certificate-oidc-issuer', identity.issuer];
  }
}
