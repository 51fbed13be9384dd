import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { filesInTar, type TarFile } from './archives.js';
import { ReleaseError } from './release-error.js';

/** An OCI image layout (OCI image-spec, image-layout.md) with one image for several platforms. */
export interface ImageLayout {
  readonly directory: string;
  /** The digest of the image index: `sha256:…`. */
  readonly digest: string;
  readonly platforms: readonly PlatformImage[];
}

export interface PlatformImage {
  /** `linux/amd64`. */
  readonly platform: string;
  /** The digest of its manifest: `sha256:…`. */
  readonly digest: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The lowest first. */
  readonly layers: readonly Descriptor[];
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
}

const indexTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/**
 * Reads the layout in a directory: its index.json leads to one image index, and that to a manifest for each platform.
 * Throws a `ReleaseError` where it leads elsewhere, or where a blob has not the octets that its digest says.
 */
export function readImageLayout(directory: string): ImageLayout {
  const top = join(directory, 'index.json');
  if (!existsSync(top)) throw new ReleaseError(`there is no ${top}: .ci/image OUT leaves a layout in OUT/image`);
  const { manifests } = JSON.parse(readFileSync(top, 'utf8')) as Index;
  const [image, ...others] = manifests;
  if (image === undefined || others.length > 0 || !indexTypes.includes(image.mediaType))
    throw new ReleaseError(`${top} does not lead to one image index`);
  const platforms = (readJson(directory, image.digest) as Index).manifests.map((entry): PlatformImage => {
    const { os, architecture, variant } = entry.platform ?? {};
    if (os === undefined || architecture === undefined)
      throw new ReleaseError(`the image index does not say the platform of ${entry.digest}`);
    const { config, layers } = readJson(directory, entry.digest) as Manifest;
    const labels = (readJson(directory, config.digest) as ImageConfig).config?.Labels ?? {};
    const platform = [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
    return { platform, digest: entry.digest, labels, layers };
  });
  if (platforms.length === 0) throw new ReleaseError('the image index has no platform');
  return { directory, digest: image.digest, platforms };
}

interface Index {
  readonly manifests: readonly Descriptor[];
}
interface Manifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}
interface ImageConfig {
  readonly config?: { readonly Labels?: Readonly<Record<string, string>> | null };
}

/**
 * The octets of a file in a platform's image, such as `app/sbom.cdx.json`, from the highest layer that has it. Throws a
 * `ReleaseError` where the image has no such file.
 */
export async function fileOfImage(layout: ImageLayout, image: PlatformImage, path: string): Promise<Buffer> {
  for (const layer of image.layers.toReversed()) {
    const { files, removed } = await searchLayer(layout.directory, layer, path);
    const last = files.at(-1);
    if (last !== undefined) return last.octets;
    if (removed) break;
  }
  throw new ReleaseError(`the image for ${image.platform} has no /${path}`);
}

async function searchLayer(
  directory: string,
  { digest, mediaType }: Descriptor,
  path: string,
): Promise<{ readonly files: readonly TarFile[]; readonly removed: boolean }> {
  const hash = createHash('sha256');
  const whiteouts = whiteoutsOf(path);
  let removed = false;
  let files: readonly TarFile[] = [];
  await pipeline(
    createReadStream(blob(directory, digest)),
    async function* (pieces: AsyncIterable<Buffer>) {
      for await (const piece of pieces) {
        hash.update(piece);
        yield piece;
      }
    },
    decompression(mediaType),
    async (pieces: AsyncIterable<Buffer>) => {
      files = await filesInTar(
        pieces,
        (name) => name === path,
        (name) => (removed ||= whiteouts.includes(name)),
      );
    },
  );
  mustBe(digest, hash.digest('hex'));
  return { files, removed };
}

function decompression(mediaType: string): Transform {
  if (mediaType.endsWith('gzip')) return createGunzip();
  return mediaType.endsWith('zstd') ? createZstdDecompress() : new PassThrough();
}

/** The entries by which a layer removes a file, or a folder above it, from the layers below (image-spec, layer.md). */
function whiteoutsOf(path: string): string[] {
  const parts = path.split('/');
  return parts.flatMap((part, depth) => {
    const above = parts.slice(0, depth).map((folder) => `${folder}/`);
    return [`${above.join('')}.wh.${part}`, `${above.join('')}.wh..wh..opq`];
  });
}

const blob = (directory: string, digest: string): string => {
  const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(digest) ?? [];
  if (hex === undefined) throw new ReleaseError(`${digest} is no SHA-256 digest`);
  return join(directory, 'blobs', 'sha256', hex);
};

function readJson(directory: string, digest: string): unknown {
  const octets = readFileSync(blob(directory, digest));
  mustBe(digest, createHash('sha256').update(octets).digest('hex'));
  return JSON.parse(octets.toString('utf8'));
}

function mustBe(digest: string, hex: string): void {
  if (digest !== `sha256:${hex}`) throw new ReleaseError(`the blob of ${digest} in the image layout has other octets`);
}
