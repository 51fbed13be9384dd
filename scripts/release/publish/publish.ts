import { isDeepStrictEqual } from 'node:util';
import { ReleaseError } from '../release-error.js';
import { type Command, failed, type Outcome, type Run, shellLine, succeeded } from './command.js';
import { type Signer, Signing } from './signer.js';
import { tagOf, type Target } from './target.js';

/** A release, laid out in files: nothing of it has to be made any more. */
export interface Publication {
  readonly version: string;
  /** The image first, then the charts that deploy it. */
  readonly parts: readonly Part[];
  /** The platforms of the image, with the software bill of materials of each. */
  readonly platforms: readonly PlatformSbom[];
}

export interface Part {
  /** Its repository below the target's path: `kubepass`, `charts/kubepass`. */
  readonly repository: string;
  /** An OCI image layout. */
  readonly layout: string;
  /** `sha256:…`, which the registry must answer for it. */
  readonly digest: string;
}

export interface PlatformSbom {
  readonly digest: string;
  /** The path of a CycloneDX document. */
  readonly file: string;
  readonly document: unknown;
}

/**
 * Puts a release into a registry and signs it by digest. A part that is there already, or is signed already, is left
 * alone, so a run that was interrupted can be repeated. Throws a `ReleaseError`, before anything is pushed, where a tag
 * of the version has another digest, and later where a command fails or the registry answers another digest.
 */
export async function publish(publication: Publication, target: Target, signer: Signer, run: Run): Promise<void> {
  const { parts, platforms, version } = publication;
  const repositoryOf = ({ repository }: Part) => `${target.path}/${repository}`;
  const tagged = (part: Part) => `${repositoryOf(part)}:${tagOf(version)}`;
  const byDigest = (part: Part) => `${repositoryOf(part)}@${part.digest}`;
  const crane = (...args: string[]): Command => ({
    program: 'crane',
    args: [...args, ...(target.plainHttp ? ['--insecure'] : [])],
  });

  const missing: Part[] = [];
  for (const part of parts) {
    const found = await digestOf(run, crane('digest', tagged(part)));
    if (found === null) missing.push(part);
    else if (found !== part.digest)
      throw new ReleaseError(`${tagged(part)} is there with the digest ${found}, and a release is not overwritten`);
  }
  for (const part of missing) {
    // Without --index crane pushes the one image that index.json leads to, and not index.json itself.
    await succeed(run, crane('push', part.layout, tagged(part)));
    const { stdout } = await succeed(run, crane('digest', tagged(part)), succeeded(part.digest));
    if (stdout.trim() !== part.digest)
      throw new ReleaseError(`the registry answers ${stdout.trim()} for ${tagged(part)} instead of ${part.digest}`);
  }

  if (signer.kind === 'none') return;
  const signing = new Signing(signer, target);
  const writePublicKey = signing.writePublicKey();
  if (writePublicKey !== null) await succeed(run, writePublicKey);
  for (const part of parts) {
    const verify = signing.verify(byDigest(part));
    if (verify !== null && isSigned((await run(verify, nothingSigned)).stdout)) continue;
    await succeed(run, signing.sign(byDigest(part)));
  }
  const image = parts[0];
  if (image === undefined) return;
  for (const { digest, file, document } of platforms) {
    const reference = `${repositoryOf(image)}@${digest}`;
    const verify = signing.verifyAttestation(reference);
    if (verify !== null && isAttested((await run(verify, nothingSigned)).stdout, document)) continue;
    await succeed(run, signing.attest(reference, file));
  }
}

/** Null where the registry has no such tag. */
async function digestOf(run: Run, command: Command): Promise<string | null> {
  const { exitCode, stdout, stderr } = await run(command, failed('MANIFEST_UNKNOWN'));
  if (exitCode === 0) return stdout.trim();
  if (/\b(?:MANIFEST_UNKNOWN|NAME_UNKNOWN)\b/.test(stderr)) return null;
  throw new ReleaseError(`${shellLine(command)}: ${stderr.trim()}`);
}

async function succeed(run: Run, command: Command, beforehand = succeeded()): Promise<Outcome> {
  const outcome = await run(command, beforehand);
  if (outcome.exitCode !== 0)
    throw new ReleaseError(`${shellLine(command)} ended with ${outcome.exitCode}: ${outcome.stderr.trim()}`);
  return outcome;
}

const nothingSigned = failed('no signatures found');

/** `cosign verify` lists attestations too. */
const isSigned = (printed: string): boolean =>
  linesOfJson(printed)
    .flat()
    .some((one) => (one as Signature).critical?.type === 'https://sigstore.dev/cosign/sign/v1');

interface Signature {
  readonly critical?: { readonly type?: string };
}

/** `cosign verify-attestation` prints an envelope a line (DSSE), with a statement of in-toto. */
const isAttested = (printed: string, document: unknown): boolean =>
  linesOfJson(printed).some((envelope) => {
    const { payload = '' } = envelope as { readonly payload?: string };
    const { predicate } = JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as {
      readonly predicate?: unknown;
    };
    return isDeepStrictEqual(predicate, document);
  });

const linesOfJson = (text: string): unknown[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as unknown);
