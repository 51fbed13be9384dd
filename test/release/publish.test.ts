// Tests scripts/release/publish.ts, docs/verifying.md
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileOfImage, readImageLayout } from '../../scripts/release/image-layout.js';
import { type ReleaseFiles, readReleaseFiles } from '../../scripts/release/publish.js';
import { runPage } from '../../scripts/samples/run-page.js';
import { writeSmallArtefacts } from '../helpers/release/small-artefacts.js';
import { smallImage, writeSmallImage } from '../helpers/release/small-image.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { LoopbackRegistry } from './support/loopback-registry.js';
import { releaseTools, toolFolders } from './support/release-tools.js';

const tools = releaseTools();
if (tools === null) console.error('test:release: SKIPPED, crane, cosign or helm is not to be had');

/** A password as hostile as the path of the key. */
const password = `it's "$HOME" \\ 'and' more`;

describe.skipIf(tools === null)('a release on a registry on loopback', () => {
  let registry: LoopbackRegistry;
  let paths: ReturnType<typeof toolFolders>;
  let image: ReturnType<typeof readImageLayout>;
  let files: ReleaseFiles;
  const directory = temporaryDirectory();
  const inside = (...parts: string[]) => join(directory.path, ...parts);
  const log = inside('calls');
  const key = inside("it's a key", 'cosign.key');
  /** The image that `.ci/image` left and its artefacts, or small ones. */
  const layout = resolve(process.env['KUBEPASS_RELEASE_IMAGE'] ?? inside('image'));
  const artefacts = resolve(process.env['KUBEPASS_RELEASE_FILES'] ?? inside('files'));
  const target = () => `${registry.host}/rehearsal/of`;

  const run = async (command: string, args: readonly string[], path = paths.plain, cwd = '.') =>
    promisify(execFile)(command, args, {
      cwd,
      env: { ...process.env, PATH: path, COSIGN_PASSWORD: password },
      maxBuffer: 1 << 28,
    });
  const crane = async (...args: string[]) => (await run('crane', args)).stdout;
  const cosign = async (...args: string[]) => (await run('cosign', args)).stdout;
  const publishing = (...options: string[]) => [
    ...['--import', 'tsx', 'scripts/release/publish.ts', '--from', artefacts, '--image-layout', layout],
    ...['--to', target(), '--plain-http', ...options],
  ];
  /** The calls since the last look, each with its arguments. */
  const called = (): string[][] => {
    const calls = existsSync(log) ? readFileSync(log, 'utf8') : '';
    writeFileSync(log, '');
    return calls
      .split('\0\n')
      .filter((call) => call !== '')
      .map((call) => call.split('\0'));
  };
  const publish = async (...options: string[]) => {
    const { stdout } = await run(process.execPath, publishing(...options), paths.recording);
    return { lines: stdout.trimEnd().split('\n'), calls: called() };
  };
  let dry: Awaited<ReturnType<typeof publish>>;
  let first: Awaited<ReturnType<typeof publish>>;
  const digestOf = (repository: string) => tagged[`rehearsal/of/${repository}:${files.version}`] ?? '';
  let tagged: Record<string, string>;

  beforeAll(async () => {
    registry = await LoopbackRegistry.start(tools!.crane);
    paths = toolFolders(tools!, directory.path, log);
    if (process.env['KUBEPASS_RELEASE_IMAGE'] === undefined) {
      const digest = writeSmallImage(layout, smallImage('1.2.3'));
      writeSmallArtefacts(artefacts, { version: '1.2.3', image: { repository: 'kubepass', digest } });
    }
    image = readImageLayout(layout);
    files = await readReleaseFiles(artefacts);
    mkdirSync(inside("it's a key"));
    await run('cosign', ['generate-key-pair'], paths.plain, inside("it's a key"));
    dry = await publish('--key', key, '--dry-run');
    expect(await registry.tags()).toEqual({});
    first = await publish('--key', key);
    tagged = await registry.tags();
  });
  afterAll(async () => {
    await registry.stop();
    directory.remove();
  });

  it('runs the commands that --dry-run showed, which ran none', async () => {
    expect(dry.calls).toEqual([]);
    expect(first.lines).toEqual(dry.lines);
    // A shell reads the lines as the arguments that were given.
    execFileSync('sh', ['-c', dry.lines.join('\n')], { env: { ...process.env, PATH: paths.silent } });
    expect(called()).toEqual(first.calls);
    expect(first.calls.flat().filter((arg) => arg.includes(password))).toEqual([]);
  });

  it('comes back by its digests: the index, each platform and its layers', async () => {
    expect(digestOf('kubepass')).toBe(image.digest);
    for (const digest of [image.digest, ...image.platforms.map((one) => one.digest)]) {
      const octets = await crane('manifest', `${target()}/kubepass@${digest}`);
      expect(`sha256:${createHash('sha256').update(octets).digest('hex')}`).toBe(digest);
    }
    for (const { platform, digest } of image.platforms)
      expect(await crane('digest', '--platform', platform, `${target()}/kubepass:${files.version}`)).toBe(
        `${digest}\n`,
      );
    // The registry checked the digest of each blob when it took it.
    for (const { digest } of image.platforms.flatMap(({ layers }) => layers)) {
      const { status } = await fetch(`http://${registry.host}/v2/rehearsal/of/kubepass/blobs/${digest}`, {
        method: 'HEAD',
      });
      expect(status).toBe(200);
    }
  });

  it('has charts that helm pulls, by version and by digest, as the octets of the artefacts', async () => {
    for (const { metadata, octets } of files.charts) {
      const place = `oci://${target()}/charts/${metadata.name}`;
      for (const [name, args] of Object.entries({
        version: [place, '--version', files.version],
        digest: [`${place}@${digestOf(`charts/${metadata.name}`)}`],
      })) {
        const folder = inside(`pulled-by-${name}-${metadata.name}`);
        mkdirSync(folder);
        await run('helm', ['pull', '--plain-http', '--destination', folder, ...args]);
        const [pulled = ''] = globSync(`${folder}/*`);
        expect(readFileSync(pulled).equals(octets)).toBe(true);
      }
    }
  });

  it('has charts that differ from those of `helm push` in the time alone', async () => {
    interface ChartManifest {
      readonly config: { readonly digest: string };
      readonly annotations: Readonly<Record<string, string>>;
    }
    const read = async (repository: string) => {
      const { mediaType: _, ...manifest } = JSON.parse(
        await crane('manifest', `${repository}:${files.version}`),
      ) as ChartManifest & { readonly mediaType?: string };
      const { 'org.opencontainers.image.created': created, ...annotations } = manifest.annotations;
      const config = JSON.parse(await crane('blob', `${repository}@${manifest.config.digest}`)) as unknown;
      return { created, manifest: { ...manifest, config: null, annotations }, config };
    };
    for (const { file, metadata } of files.charts) {
      await run('helm', ['push', '--plain-http', file, `oci://${registry.host}/by-helm`]);
      const ours = await read(`${target()}/charts/${metadata.name}`);
      const theirs = await read(`${registry.host}/by-helm/${metadata.name}`);
      expect(ours.manifest).toEqual(theirs.manifest);
      expect(ours.config).toEqual(theirs.config);
      for (const { created } of [ours, theirs]) expect(created).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    }
  });

  const byKey = (publicKey = inside("it's a key", 'cosign.pub')) => ['--key', publicKey, '--insecure-ignore-tlog'];
  const signaturesOf = async (reference: string) =>
    (JSON.parse(await cosign('verify', ...byKey(), reference)) as { critical: { type: string } }[]).filter(
      ({ critical }) => critical.type === 'https://sigstore.dev/cosign/sign/v1',
    );

  it('is signed by the key, by digest, and by no other key', async () => {
    for (const repository of ['kubepass', ...files.charts.map(({ metadata }) => `charts/${metadata.name}`)])
      expect(await signaturesOf(`${target()}/${repository}@${digestOf(repository)}`)).toHaveLength(1);
    mkdirSync(inside('other'));
    await run('cosign', ['generate-key-pair'], paths.plain, inside('other'));
    await expect(
      cosign('verify', ...byKey(inside('other', 'cosign.pub')), `${target()}/kubepass@${image.digest}`),
    ).rejects.toThrow('no matching attestations');
    const signed = first.calls.filter(([, verb = '']) => ['sign', 'attest'].includes(verb)).map((call) => call.at(-1)!);
    expect(signed).toHaveLength(3 + image.platforms.length);
    expect(signed.filter((reference) => !/@sha256:[0-9a-f]{64}$/.test(reference))).toEqual([]);
  });

  it('attests for each platform the bill of materials that is in its image', async () => {
    for (const one of image.platforms) {
      const printed = await cosign(
        ...['verify-attestation', ...byKey(), '--type', 'cyclonedx', `${target()}/kubepass@${one.digest}`],
      );
      const { payload } = JSON.parse(printed) as { readonly payload: string };
      const { predicate, subject } = JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as {
        readonly predicate: unknown;
        readonly subject: readonly { readonly digest: { readonly sha256: string } }[];
      };
      expect(predicate).toEqual(JSON.parse((await fileOfImage(image, one, 'app/sbom.cdx.json')).toString('utf8')));
      expect(subject.map(({ digest }) => `sha256:${digest.sha256}`)).toEqual([one.digest]);
    }
  });

  it('is not changed by publishing it again', async () => {
    const before = await registry.tags();
    const { calls } = await publish('--key', key);
    expect(calls.filter(([, verb = '']) => ['push', 'sign', 'attest'].includes(verb))).toEqual([]);
    expect(await registry.tags()).toEqual(before);
  });

  it('is not overwritten by another one of its version', async () => {
    const before = await registry.tags();
    const digest = writeSmallImage(inside('other-image'), {
      ...smallImage(files.version),
      platforms: { 'linux/amd64': [{ 'app/sbom.cdx.json': '{"other":true}' }] },
    });
    writeSmallArtefacts(inside('other-files'), { version: files.version, image: { repository: 'kubepass', digest } });
    const options = ['--from', inside('other-files'), '--image-layout', inside('other-image'), '--to', target()];
    await expect(
      run(process.execPath, ['--import', 'tsx', 'scripts/release/publish.ts', ...options, '--unsigned']),
    ).rejects.toThrow(`is there with the digest ${image.digest}, and a release is not overwritten`);
    expect(await registry.tags()).toEqual(before);
  });

  it('is verified by the lines of docs/verifying.md', async () => {
    const reader = inside('reader');
    cpSync(artefacts, reader, { recursive: true });
    cpSync(inside("it's a key", 'cosign.pub'), join(reader, 'cosign.pub'));
    const provenance = `provenance-${files.version}`;
    // As the workflow signs it, but for the key.
    const withoutLog = ['--use-signing-config=false', '--tlog-upload=false'];
    await run(
      'cosign',
      [
        ...['attest-blob', '--yes', '--key', key, ...withoutLog],
        ...['--statement', `${provenance}.json`, '--bundle', `${provenance}.sigstore.json`],
      ],
      paths.plain,
      reader,
    );
    const page = readFileSync('docs/verifying.md', 'utf8')
      .replaceAll('registry.example/platform', target())
      .replaceAll(/^VERSION=.*$/gm, `VERSION=${files.version}`)
      .replaceAll('helm pull ', 'helm pull --plain-http ');
    const { differences } = await runPage(page, 'bash', reader, { PATH: paths.plain });
    expect(differences).toEqual([]);
    const pulled = globSync(`${reader}/kubepass*@*.tgz`).map((file) => basename(file).replace(/@.*/, ''));
    expect(pulled.sort()).toEqual(['kubepass', 'kubepass-access']);
  });
});
