// `npm run release:publish`: puts the image and the charts of a release into a registry, and signs them.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { type PackedChart, readChart, writeChartLayout } from './chart.js';
import { fileOfImage, type ImageLayout, readImageLayout } from './image-layout.js';
import {
  type Command,
  failed,
  findTools,
  type Outcome,
  parseTarget,
  readSigner,
  type Run,
  runWith,
  shellLine,
  showOnly,
  type Signer,
  Signing,
  succeeded,
  tagOf,
  type Target,
} from './registry-tools.js';
import { ReleaseError, runProgram } from './release-error.js';

/** The files that `npm run release:artefacts` made, as far as they are published to a registry. */
export interface ReleaseFiles {
  readonly version: string;
  /** `kubepass` and `kubepass-access`. */
  readonly charts: readonly PackedChart[];
  /** The reference of the image that the chart deploys: `registry/repository@sha256:…`. */
  readonly image: { readonly name: string; readonly digest: string };
}

/**
 * Reads a directory of artefacts. Throws a `ReleaseError` where SHA256SUMS does not hold, where a chart is not there or
 * has another version than its file's name, or where the chart names no image by its digest.
 */
export async function readReleaseFiles(directory: string): Promise<ReleaseFiles> {
  const listed = checkSums(directory);
  const versions = readdirSync(directory).flatMap((name) => /^kubepass-(\d.*)\.tgz$/.exec(name)?.[1] ?? []);
  const [version, ...others] = versions;
  if (version === undefined || others.length > 0)
    throw new ReleaseError(`${directory} has ${versions.length} archives kubepass-VERSION.tgz instead of one`);
  const charts: PackedChart[] = [];
  for (const name of ['kubepass', 'kubepass-access']) {
    const archive = `${name}-${version}.tgz`;
    if (!listed.has(archive)) throw new ReleaseError(`${join(directory, 'SHA256SUMS')} does not list ${archive}`);
    charts.push(await readChart(directory, archive, name, version));
  }
  const { image } = (charts[0]?.values ?? {}) as { readonly image?: Readonly<Record<string, unknown>> };
  const { registry = '', repository = '', digest = '' } = image ?? {};
  if (typeof digest !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(digest))
    throw new ReleaseError(`kubepass-${version}.tgz names no image by its digest: make the artefacts with --image`);
  const name = [registry, repository].filter((part) => part !== '').join('/');
  return { version, charts, image: { name, digest } };
}

/** The names that SHA256SUMS lists, each of which is there with the octets that it says. */
function checkSums(directory: string): Set<string> {
  const file = join(directory, 'SHA256SUMS');
  if (!existsSync(file)) throw new ReleaseError(`there is no ${file}: make the artefacts with release:artefacts`);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const names = lines.map((line) => {
    const [, hex, name] = /^([0-9a-f]{64}) [ *]([^/]+)$/.exec(line) ?? [];
    if (hex === undefined || name === undefined) throw new ReleaseError(`${file} has a line that is none: ${line}`);
    const path = join(directory, name);
    if (!existsSync(path)) throw new ReleaseError(`${file} lists ${name}, which is not there`);
    const found = createHash('sha256').update(readFileSync(path)).digest('hex');
    if (found !== hex) throw new ReleaseError(`${path} has other octets than SHA256SUMS says`);
    return name;
  });
  return new Set(names);
}

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
 * Lays out in `directory`, which is made anew, what is pushed besides the image: the charts, and with `withSboms` the
 * software bill of materials of each platform, as it lies in that platform's image. Throws a `ReleaseError` where image
 * and artefacts are not of one release, or where an image has no bill.
 */
export async function preparePublication(
  files: ReleaseFiles,
  image: ImageLayout,
  directory: string,
  withSboms: boolean,
): Promise<Publication> {
  const { version, charts } = files;
  if (files.image.digest !== image.digest)
    throw new ReleaseError(
      `the chart names the image ${files.image.digest}, and ${image.directory} has ${image.digest}: ` +
        'make the artefacts with that one',
    );
  for (const { platform, labels } of image.platforms) {
    const said = labels['org.opencontainers.image.version'] ?? version;
    if (said !== version)
      throw new ReleaseError(`the image for ${platform} is of version ${said}, and the charts of ${version}`);
  }

  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const packed = charts.map((chart): Part => {
    const repository = `charts/${chart.metadata.name}`;
    const layout = join(directory, repository);
    return { repository, layout, digest: writeChartLayout(chart, layout) };
  });
  const platforms: PlatformSbom[] = [];
  for (const one of withSboms ? image.platforms : []) {
    const octets = await fileOfImage(image, one, 'app/sbom.cdx.json');
    const file = join(directory, `${one.platform.replaceAll('/', '-')}.cdx.json`);
    writeFileSync(file, octets);
    platforms.push({ digest: one.digest, file, document: JSON.parse(octets.toString('utf8')) });
  }
  const parts = [{ repository: 'kubepass', layout: image.directory, digest: image.digest }, ...packed];
  return { version, parts, platforms };
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

const usage = `usage: npm run release:publish -- --from DIR --image-layout DIR --to REGISTRY/PATH
         [--plain-http] [--key FILE | --unsigned] [--dry-run]`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      from: { type: 'string' },
      'image-layout': { type: 'string' },
      to: { type: 'string' },
      'plain-http': { type: 'boolean', default: false },
      key: { type: 'string' },
      unsigned: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
    },
  });
  const { from, to, 'image-layout': layout } = values;
  if (from === undefined || layout === undefined || to === undefined) throw new ReleaseError(usage);

  const target = parseTarget(to, values['plain-http']);
  const files = await readReleaseFiles(resolve(from));
  const image = readImageLayout(resolve(layout));
  // A path that the same release has each time, so that a dry run shows the commands as they run.
  const folder = `../../node_modules/.cache/kubepass-publish/${image.digest.replace('sha256:', '').slice(0, 16)}`;
  const directory = fileURLToPath(new URL(folder, import.meta.url));
  const signer = readSigner(values, process.env, directory, !values['dry-run'] && !process.stdin.isTTY);
  const publication = await preparePublication(files, image, directory, signer.kind !== 'none');

  const [named, published] = [files.image.name, `${target.path}/kubepass`];
  if (named !== published) note(`the chart deploys ${named}, and the image is published as ${published}`);
  const say = (line: string) => console.log(line);
  if (values['dry-run']) {
    await publish(publication, target, signer, showOnly(say));
    return;
  }
  const tools = findTools(
    ['crane', ...(signer.kind === 'none' ? [] : (['cosign'] as const))],
    process.env['PATH'] ?? '',
  );
  await publish(publication, target, signer, runWith(tools, say));
  for (const { repository, digest } of publication.parts) note(`${target.path}/${repository}@${digest}`);
}

function note(text: string): void {
  console.error(`release:publish: ${text}`);
}

await runProgram(import.meta.url, main);
