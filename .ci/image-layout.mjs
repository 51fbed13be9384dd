// Finishes an OCI layout that buildah wrote: `node .ci/image-layout.mjs LAYOUT HEALTHCHECK`. buildah leaves the health
// check out, which OCI does not know and Docker reads all the same, and writes the numbers of its containers, which
// differ from build to build, into the history. Prints the digest of the image, which is that of the index of its
// platforms. HEALTHCHECK is JSON as in an image of Docker.
// https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [, , layout, health] = process.argv;
const blobs = join(layout, 'blobs', 'sha256');
const kept = new Set();
const pathOf = ({ digest }) => join(blobs, digest.replace('sha256:', ''));
const read = (descriptor) => JSON.parse(readFileSync(pathOf(descriptor), 'utf8'));

/** Writes a blob, and answers its descriptor: the old one with another digest and size. */
function write(descriptor, value) {
  const octets = Buffer.from(JSON.stringify(value));
  const written = {
    ...descriptor,
    digest: `sha256:${createHash('sha256').update(octets).digest('hex')}`,
    size: octets.length,
  };
  writeFileSync(pathOf(written), octets);
  kept.add(written.digest);
  return written;
}

function finishedConfig({ config, history, ...others }) {
  delete config.Labels['io.buildah.version'];
  for (const step of history) delete step.comment;
  return { ...others, config: { ...config, Healthcheck: JSON.parse(health) }, history };
}

function finishedManifest({ config, layers, ...others }) {
  for (const { digest } of layers) kept.add(digest);
  return { ...others, config: write(config, finishedConfig(read(config))), layers };
}

const indexFile = join(layout, 'index.json');
const { manifests, ...rest } = JSON.parse(readFileSync(indexFile, 'utf8'));
const [image, ...others] = manifests;
if (others.length > 0) throw new Error(`${indexFile} leads to more than one image`);
const { manifests: platforms, ...index } = read(image);
const finished = write(image, {
  ...index,
  manifests: platforms.map((platform) => write(platform, finishedManifest(read(platform)))),
});
writeFileSync(indexFile, JSON.stringify({ ...rest, manifests: [finished] }));
for (const name of readdirSync(blobs)) if (!kept.has(`sha256:${name}`)) rmSync(join(blobs, name));
console.log(finished.digest);
