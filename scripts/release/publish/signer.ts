import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ReleaseError } from '../release-error.js';
import type { Command } from './command.js';
import type { Target } from './target.js';

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
