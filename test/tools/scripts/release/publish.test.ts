// Tests scripts/release/publish.ts, scripts/release/image-layout.ts, scripts/release/registry-tools.ts
import { appendFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  type Command,
  failed,
  findTools,
  parseTarget,
  readSigner,
  type Run,
  shellLine,
  showOnly,
  type Signer,
  succeeded,
} from '../../../../scripts/release/registry-tools.js';
import { readImageLayout } from '../../../../scripts/release/image-layout.js';
import { preparePublication, publish, readReleaseFiles } from '../../../../scripts/release/publish.js';
import { writeSmallArtefacts } from '../../../helpers/release/small-artefacts.js';
import { type SmallImage, smallImage, smallSbom, writeSmallImage } from '../../../helpers/release/small-image.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';

const version = '1.2.3';
let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => (directory = temporaryDirectory()));
afterEach(() => directory.remove());
const inside = (...parts: string[]) => join(directory.path, ...parts);

/** An image and artefacts that name it, and where they are. */
function makeRelease(image: SmallImage = smallImage(version), named: { readonly digest?: string } = {}): string {
  const digest = writeSmallImage(inside('image'), image);
  writeSmallArtefacts(inside('files'), {
    version,
    image: { registry: 'registry.example', repository: 'path/kubepass', digest, ...named },
  });
  return digest;
}

const prepare = async (withSboms = true) =>
  preparePublication(
    await readReleaseFiles(inside('files')),
    readImageLayout(inside('image')),
    inside('work'),
    withSboms,
  );

const byKey = (): Signer => ({ kind: 'key', key: '/keys/it’s mine.key', publicKey: inside('work', 'cosign.pub') });
const target = parseTarget('registry.example/path', false);

/** A registry that knows the tags and signatures that the commands make. */
class Registry {
  readonly commands: Command[] = [];
  readonly tags = new Map<string, string>();
  readonly signed = new Set<string>();
  readonly attested = new Map<string, string>();
  /** Ends a command of this number, counted from 0, as a broken connection does. */
  breakAt = Infinity;

  readonly run: Run = async (command) => {
    this.commands.push(command);
    if (this.commands.length > this.breakAt) return failed('connection reset');
    const [verb = '', ...rest] = command.args;
    const reference = rest.filter((arg) => arg !== '--insecure').at(-1) ?? '';
    const option = (name: string) => rest[rest.indexOf(name) + 1] ?? '';
    switch (verb) {
      case 'digest': {
        const digest = this.tags.get(reference);
        return digest === undefined ? failed('Error: GET https://…: MANIFEST_UNKNOWN: x') : succeeded(`${digest}\n`);
      }
      case 'push':
        this.tags.set(reference, readIndex(rest[0] ?? ''));
        return succeeded();
      case 'sign':
        this.signed.add(reference);
        return succeeded();
      case 'attest':
        this.attested.set(reference, readFileSync(option('--predicate'), 'utf8'));
        return succeeded();
      case 'verify': {
        // It lists attestations as well, as cosign does.
        const types = [
          ...(this.signed.has(reference) ? ['https://sigstore.dev/cosign/sign/v1'] : []),
          ...(this.attested.has(reference) ? ['https://cyclonedx.org/bom'] : []),
        ];
        if (types.length === 0) return failed('Error: no signatures found');
        return succeeded(JSON.stringify(types.map((type) => ({ critical: { type } }))));
      }
      case 'verify-attestation': {
        const predicate = this.attested.get(reference);
        if (predicate === undefined) return failed('Error: no matching attestations');
        const statement = `{"predicate":${predicate}}`;
        return succeeded(`${JSON.stringify({ payload: Buffer.from(statement).toString('base64') })}\n`);
      }
      case 'public-key':
        return succeeded();
      default:
        throw new Error(`unexpected: ${shellLine(command)}`);
    }
  };

  readonly verbs = () => this.commands.map(({ program, args }) => `${program} ${args[0] ?? ''}`);
}

const readIndex = (layout: string) =>
  (JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as { manifests: { digest: string }[] }).manifests[0]!
    .digest;

describe('publishing', () => {
  it('looks for the tags, pushes, and signs and attests by digest', async () => {
    const digest = makeRelease();
    const publication = await prepare();
    const registry = new Registry();
    await publish(publication, target, byKey(), registry.run);

    expect(registry.tags.get('registry.example/path/kubepass:1.2.3')).toBe(digest);
    expect([...registry.tags.keys()]).toEqual([
      'registry.example/path/kubepass:1.2.3',
      'registry.example/path/charts/kubepass:1.2.3',
      'registry.example/path/charts/kubepass-access:1.2.3',
    ]);
    expect([...registry.signed]).toEqual(
      ['kubepass', 'charts/kubepass', 'charts/kubepass-access'].map(
        (name) => `registry.example/path/${name}@${registry.tags.get(`registry.example/path/${name}:1.2.3`) ?? ''}`,
      ),
    );
    const platforms = readImageLayout(inside('image')).platforms;
    expect([...registry.attested].map(([reference, text]) => [reference, JSON.parse(text) as unknown])).toEqual(
      platforms.map(({ platform, digest: own }) => [`registry.example/path/kubepass@${own}`, smallSbom(platform)]),
    );
    // Every look for a tag comes before the first push.
    expect(registry.verbs().slice(0, 4)).toEqual([...Array<string>(3).fill('crane digest'), 'crane push']);
    for (const { args } of registry.commands.filter(
      ({ program, args: [verb] }) => program === 'cosign' && verb !== 'public-key',
    ))
      expect(args.at(-1)).toMatch(/@sha256:[0-9a-f]{64}$/);
  });

  it('shows with --dry-run the commands that it runs, as lines for a shell, and runs none', async () => {
    makeRelease();
    const publication = await prepare();
    for (const signer of [byKey(), { kind: 'none' }, { kind: 'keyless', identity: null }] satisfies Signer[]) {
      const registry = new Registry();
      const shown: string[] = [];
      await publish(
        publication,
        target,
        signer,
        showOnly((line) => shown.push(line)),
      );
      await publish(publication, target, signer, registry.run);
      expect(shown).toEqual(registry.commands.map(shellLine));
    }
    expect(shellLine({ program: 'cosign', args: ['--key', "it's", '', 'a b', '$HOME'] })).toBe(
      `cosign --key 'it'\\''s' '' 'a b' '$HOME'`,
    );
  });

  it('changes nothing the second time', async () => {
    makeRelease();
    const registry = new Registry();
    await publish(await prepare(), target, byKey(), registry.run);
    const before = registry.commands.length;
    await publish(await prepare(), target, byKey(), registry.run);
    const verbs = new Set(registry.verbs().slice(before));
    expect(verbs).toEqual(new Set(['crane digest', 'cosign public-key', 'cosign verify', 'cosign verify-attestation']));
  });

  it('goes on where it stopped, wherever that was', async () => {
    makeRelease();
    const whole = new Registry();
    await publish(await prepare(), target, byKey(), whole.run);
    for (const breakAt of whole.commands.keys()) {
      const registry = new Registry();
      registry.breakAt = breakAt;
      // A look that fails says only that no signature was found.
      await publish(await prepare(), target, byKey(), registry.run).catch((error: unknown) =>
        expect(String(error)).toContain('connection reset'),
      );
      registry.breakAt = Infinity;
      await publish(await prepare(), target, byKey(), registry.run);
      expect([registry.tags, registry.signed, registry.attested]).toEqual([whole.tags, whole.signed, whole.attested]);
    }
  });

  it('refuses a tag that another digest has, and pushes nothing', async () => {
    makeRelease();
    const registry = new Registry();
    for (const tag of ['kubepass', 'charts/kubepass', 'charts/kubepass-access']) {
      registry.tags.clear();
      registry.tags.set(`registry.example/path/${tag}:1.2.3`, `sha256:${'0'.repeat(64)}`);
      await expect(publish(await prepare(), target, byKey(), registry.run)).rejects.toThrow(
        /is there with the digest sha256:0+, and a release is not overwritten/,
      );
    }
    expect(new Set(registry.verbs())).toEqual(new Set(['crane digest']));
  });

  it('does not take a registry that does not answer for one that has nothing', async () => {
    makeRelease();
    const run: Run = async () => failed('Error: GET https://…: UNAUTHORIZED: no');
    await expect(publish(await prepare(), target, byKey(), run)).rejects.toThrow('UNAUTHORIZED');
  });

  it('does not go on where the registry answers another digest for what was pushed', async () => {
    makeRelease();
    const registry = new Registry();
    const run: Run = async (command, beforehand) => {
      const outcome = await registry.run(command, beforehand);
      if (command.args[0] === 'push') registry.tags.set(command.args[2]!, `sha256:${'1'.repeat(64)}`);
      return outcome;
    };
    await expect(publish(await prepare(), target, byKey(), run)).rejects.toThrow('the registry answers sha256:1');
    expect(registry.signed.size).toBe(0);
  });

  it('attests again where the attestation has another bill of materials', async () => {
    makeRelease();
    const registry = new Registry();
    await publish(await prepare(), target, byKey(), registry.run);
    const [first = ''] = registry.attested.keys();
    const bill = registry.attested.get(first);
    registry.attested.set(first, '{"components":[]}');
    await publish(await prepare(), target, byKey(), registry.run);
    expect(registry.attested.get(first)).toBe(bill);
  });

  it('signs without a transparency log by a key, by the identity of the workflow without, and else not', async () => {
    makeRelease();
    const linesOf = async (signer: Signer, plainHttp = false) => {
      const registry = new Registry();
      await publish(await prepare(), parseTarget('registry.example/path', plainHttp), signer, registry.run);
      return registry.commands.map(shellLine);
    };
    const keyed = await linesOf(byKey());
    expect(keyed.filter((line) => /^cosign (?:sign|attest) /.test(line))).toHaveLength(5);
    for (const line of keyed.filter((one) => /^cosign (?:sign|attest) /.test(one)))
      expect(line).toContain(`--key '/keys/it’s mine.key' --use-signing-config=false --tlog-upload=false`);

    const keyless = await linesOf(
      readSigner(
        { unsigned: false },
        {
          GITHUB_SERVER_URL: 'https://git.example',
          GITHUB_WORKFLOW_REF: 'a/b/.github/workflows/release.yaml@refs/tags/v1',
        },
        '',
        true,
      ),
    );
    expect(keyless.join('\n')).not.toMatch(/--key|tlog|signing-config/);
    expect(keyless.filter((line) => line.startsWith('cosign verify'))).toHaveLength(5);
    expect(keyless.find((line) => line.startsWith('cosign verify '))).toContain(
      '--certificate-identity https://git.example/a/b/.github/workflows/release.yaml@refs/tags/v1 ' +
        '--certificate-oidc-issuer https://token.actions.githubusercontent.com',
    );
    expect((await linesOf({ kind: 'none' })).join('\n')).not.toContain('cosign');
    const plain = await linesOf(byKey(), true);
    for (const line of plain.filter((one) => !one.startsWith('cosign public-key')))
      expect(line).toContain(line.startsWith('crane') ? ' --insecure' : ' --allow-http-registry');
  });
});

describe('what is published', () => {
  it('is refused where an artefact has other octets than SHA256SUMS says, or is not listed, or gone', async () => {
    makeRelease();
    const archive = inside('files', 'kubepass-access-1.2.3.tgz');
    const whole = readFileSync(archive);
    appendFileSync(archive, ' ');
    await expect(prepare()).rejects.toThrow('kubepass-access-1.2.3.tgz has other octets than SHA256SUMS says');
    writeFileSync(archive, whole);
    const sums = inside('files', 'SHA256SUMS');
    const lines = readFileSync(sums, 'utf8');
    writeFileSync(sums, lines.replace(/^.*access.*\n/m, ''));
    await expect(prepare()).rejects.toThrow('does not list kubepass-access-1.2.3.tgz');
    writeFileSync(sums, `${lines}nonsense\n`);
    await expect(prepare()).rejects.toThrow('a line that is none: nonsense');
    writeFileSync(sums, lines);
    rmSync(archive);
    await expect(prepare()).rejects.toThrow('lists kubepass-access-1.2.3.tgz, which is not there');
    rmSync(sums);
    await expect(prepare()).rejects.toThrow('SHA256SUMS: make the artefacts with release:artefacts');
  });

  it('is refused where versions differ', async () => {
    makeRelease(smallImage('1.2.4'));
    await expect(prepare()).rejects.toThrow('the image for linux/amd64 is of version 1.2.4, and the charts of 1.2.3');
    for (const file of readdirSync(inside('files')))
      renameSync(inside('files', file), inside('files', file.replace('1.2.3', '1.2.5')));
    const sums = inside('files', 'SHA256SUMS');
    writeFileSync(sums, readFileSync(sums, 'utf8').replaceAll('1.2.3', '1.2.5'));
    await expect(prepare()).rejects.toThrow("Chart.yaml says version 1.2.3, and the file's name 1.2.5");
  });

  it('is refused where the chart names another image, or none by its digest', async () => {
    makeRelease(smallImage(version), { digest: `sha256:${'a'.repeat(64)}` });
    await expect(prepare()).rejects.toThrow(/the chart names the image sha256:a{64}, and .*image has sha256:/);
    makeRelease(smallImage(version), { digest: '' });
    await expect(prepare()).rejects.toThrow('make the artefacts with --image');
  });

  it('has the bill of materials of the highest layer, and none that a layer removes', async () => {
    const image = smallImage(version);
    makeRelease({ ...image, platforms: { 'linux/amd64': [{ 'app/sbom.cdx.json': '{"a":1}' }, { 'app/x': '' }] } });
    expect((await prepare()).platforms.map(({ document }) => document)).toEqual([{ a: 1 }]);
    for (const whiteout of ['app/.wh.sbom.cdx.json', '.wh.app', 'app/.wh..wh..opq', '.wh..wh..opq']) {
      makeRelease({ ...image, platforms: { 'linux/amd64': [{ 'app/sbom.cdx.json': '{}' }, { [whiteout]: '' }] } });
      await expect(prepare()).rejects.toThrow('the image for linux/amd64 has no /app/sbom.cdx.json');
      // Nothing is attested without a signature, so nothing is missing.
      expect((await prepare(false)).platforms).toEqual([]);
    }
  });

  it('is refused where a blob of the layout has other octets than its digest says', async () => {
    makeRelease();
    const blob = (digest: string) => inside('image', 'blobs', 'sha256', digest.slice('sha256:'.length));
    const { platforms } = readImageLayout(inside('image'));
    const layer = blob(platforms[1]!.layers[1]!.digest);
    writeFileSync(layer, readFileSync(blob(platforms[0]!.layers[1]!.digest)));
    await expect(prepare()).rejects.toThrow('has other octets');
    appendFileSync(blob(platforms[0]!.digest), ' ');
    expect(() => readImageLayout(inside('image'))).toThrow('has other octets');
  });

  it('is refused where index.json leads to a single platform or to two images', () => {
    makeRelease();
    const file = inside('image', 'index.json');
    const index = JSON.parse(readFileSync(file, 'utf8')) as { manifests: object[] };
    writeFileSync(file, JSON.stringify({ ...index, manifests: [...index.manifests, ...index.manifests] }));
    expect(() => readImageLayout(inside('image'))).toThrow('does not lead to one image index');
    writeFileSync(file, JSON.stringify(readImageManifest(index)));
    expect(() => readImageLayout(inside('image'))).toThrow('does not lead to one image index');
    expect(() => readImageLayout(inside('elsewhere'))).toThrow(
      'index.json: .ci/image OUT leaves a layout in OUT/image',
    );
  });

  it('has charts of the same digest each time, with the time of the commit', async () => {
    makeRelease();
    const [first, second] = [await prepare(), await prepare()];
    expect(second.parts).toEqual(first.parts);
    const chart = first.parts[1]!;
    const manifest = parse(
      readFileSync(join(chart.layout, 'blobs', 'sha256', chart.digest.slice('sha256:'.length)), 'utf8'),
    ) as { annotations: Record<string, string> };
    expect(manifest.annotations['org.opencontainers.image.created']).toBe('2026-09-21T14:13:20Z');
  });
});

const readImageManifest = (index: { readonly manifests: readonly object[] }) => ({
  ...index,
  manifests: index.manifests.map((one) => ({ ...one, mediaType: 'application/vnd.oci.image.manifest.v1+json' })),
});

describe('options of release:publish', () => {
  it('names a registry and a path, and neither a scheme nor a tag', () => {
    for (const to of ['registry.example/owner', '127.0.0.1:5000/a/b-c', 'localhost/x', 'registry:5000', '[::1]:5000/a'])
      expect(parseTarget(to, false).path).toBe(to);
    for (const to of [
      '',
      'owner/path',
      'oci://registry.example/owner',
      'registry.example/Owner',
      'registry.example/owner/',
      'registry.example/a:1',
      'registry.example/a b',
    ])
      expect(() => parseTarget(to, false)).toThrow('--to is REGISTRY/PATH');
  });

  it('takes the password of a key from the environment, and asks for it only at a terminal', () => {
    const key = inside('cosign.key');
    expect(() => readSigner({ key, unsigned: false }, {}, '', false)).toThrow('there is no file');
    writeFileSync(key, '');
    expect(() => readSigner({ key, unsigned: false }, {}, '', true)).toThrow('COSIGN_PASSWORD is not set');
    expect(readSigner({ key, unsigned: false }, { COSIGN_PASSWORD: '' }, '', true).kind).toBe('key');
    expect(readSigner({ key, unsigned: false }, {}, '', false).kind).toBe('key');
    expect(readSigner({ key: 'awskms://alias/x', unsigned: false }, {}, '', true).kind).toBe('key');
    expect(() => readSigner({ key, unsigned: true }, {}, '', false)).toThrow('exclude each other');
  });

  it('says which tool is neither on the PATH nor known to .ci/tool', () => {
    writeFileSync(inside('crane'), '', { mode: 0o755 });
    expect(existsSync(inside('crane'))).toBe(true);
    expect(findTools(['crane'], directory.path)).toEqual({ crane: inside('crane') });
    expect(() => findTools(['crane', 'no-such-tool'], directory.path)).toThrow(
      'not on the PATH, and not to be had by .ci/tool: no-such-tool',
    );
  });
});
