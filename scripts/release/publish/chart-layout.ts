import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PackedChart } from './release-files.js';

/**
 * Writes a packed chart as an OCI image layout, as `helm push` would push it: Chart.yaml as the configuration, the
 * archive as the one layer (helm.sh/docs/topics/registries). Helm takes the time of the archive's inode for the time of
 * creation, so no two of its pushes have one digest; this takes the time of the files in the archive, which is that of
 * the commit. Answers the digest of the manifest: `sha256:…`.
 */
export function writeChartLayout(chart: PackedChart, directory: string): string {
  const blobs = join(directory, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const add = (mediaType: string, octets: Buffer) => {
    const hex = createHash('sha256').update(octets).digest('hex');
    writeFileSync(join(blobs, hex), octets);
    return { mediaType, digest: `sha256:${hex}`, size: octets.length };
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: add('application/vnd.cncf.helm.config.v1+json', jsonOf(chart.metadata)),
    layers: [add('application/vnd.cncf.helm.chart.content.v1.tar+gzip', chart.octets)],
    annotations: annotationsOf(chart),
  };
  const entry = add(manifest.mediaType, jsonOf(manifest));
  writeFileSync(join(directory, 'oci-layout'), jsonOf({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(join(directory, 'index.json'), jsonOf({ schemaVersion: 2, manifests: [entry] }));
  return entry.digest;
}

const jsonOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

function annotationsOf({ metadata, modified }: PackedChart): Record<string, string> {
  const own: Readonly<Record<string, string | undefined>> = {
    title: metadata.name,
    version: metadata.version,
    description: metadata.description,
    url: metadata.home,
    source: metadata.sources?.[0],
    authors: metadata.maintainers?.map(({ name, email }) => (email ? `${name} (${email})` : name)).join(', '),
    created: new Date(modified * 1000).toISOString().replace('.000Z', 'Z'),
  };
  const named = Object.entries(own).flatMap(([name, value]) =>
    value ? [[`org.opencontainers.image.${name}`, value] as const] : [],
  );
  const all = { ...metadata.annotations, ...Object.fromEntries(named) };
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}
