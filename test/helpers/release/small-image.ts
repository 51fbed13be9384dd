import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { tarArchive } from './tar-archive.js';

export interface SmallImage {
  readonly version: string;
  /** By platform: the files of its layers, the lowest first. */
  readonly platforms: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>>;
}

/** The bill of materials that the small image has for a platform. */
export const smallSbom = (platform: string) => ({
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  metadata: {
    component: { type: 'application', name: 'kubepass' },
    properties: [{ name: 'platform', value: platform }],
  },
  components: [],
});

/** An image of two platforms whose higher layer replaces the bill of the lower one. */
export const smallImage = (version: string): SmallImage => ({
  version,
  platforms: Object.fromEntries(
    ['linux/amd64', 'linux/arm64'].map((platform) => [
      platform,
      [
        { 'etc/passwd': 'kubepass:x:10001:10001::/:\n', 'app/sbom.cdx.json': '{}' },
        { './app/sbom.cdx.json': `${JSON.stringify(smallSbom(platform), null, 2)}\n` },
      ],
    ]),
  ),
});

/**
 * Writes it as an OCI image layout of the shape that `.ci/image OUT` leaves in `OUT/image`: index.json leads to the
 * image index alone. Answers the digest of the image index.
 */
export function writeSmallImage(directory: string, { version, platforms }: SmallImage): string {
  const blobs = join(directory, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const add = (mediaType: string, content: Buffer | object) => {
    const octets = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const hex = createHash('sha256').update(octets).digest('hex');
    writeFileSync(join(blobs, hex), octets);
    return { mediaType, digest: `sha256:${hex}`, size: octets.length };
  };
  const of = (name: string) => `application/vnd.oci.image.${name}`;
  const manifests = Object.entries(platforms).map(([platform, layers]) => {
    const [os, architecture] = platform.split('/');
    const archives = layers.map((files) => tarArchive(files));
    const config = {
      os,
      architecture,
      config: { Labels: { 'org.opencontainers.image.version': version } },
      rootfs: {
        type: 'layers',
        diff_ids: archives.map((archive) => `sha256:${createHash('sha256').update(archive).digest('hex')}`),
      },
    };
    const manifest = {
      schemaVersion: 2,
      mediaType: of('manifest.v1+json'),
      config: add(of('config.v1+json'), config),
      layers: archives.map((archive) => add(of('layer.v1.tar+gzip'), gzipSync(archive))),
    };
    return { ...add(manifest.mediaType, manifest), platform: { os, architecture } };
  });
  const index = { schemaVersion: 2, mediaType: of('index.v1+json'), manifests };
  const entry = add(index.mediaType, index);
  writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  return entry.digest;
}
