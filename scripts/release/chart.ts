import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { archive, type ArchivedFile, filesInTar } from './archives.js';
import { trackedFiles } from './git.js';
import type { ImageReference } from './provenance.js';
import { ReleaseError } from './release-error.js';
import { withYamlScalar } from './version-places.js';

/**
 * A chart as `helm package` packs it, but for the time, which is the commit's here: the files that git has in its
 * folder, Chart.yaml first. With an image its values name that one by digest.
 */
export function packChart(root: string, folder: string, time: Date, image: ImageReference | null): Promise<Buffer> {
  const files = trackedFiles(root, folder).map((path): ArchivedFile => {
    const name = path.slice(folder.length + 1);
    const content = readFileSync(join(root, path));
    const isFilledIn = image !== null && name === 'values.yaml';
    return {
      path: `${basename(folder)}/${name}`,
      content: isFilledIn ? Buffer.from(withImage(content.toString(), image)) : content,
    };
  });
  const isFirst = ({ path }: ArchivedFile) => path === `${basename(folder)}/Chart.yaml`;
  return archive([...files.filter(isFirst), ...files.filter((file) => !isFirst(file))], time);
}

const withImage = (values: string, { registry, repository, digest }: ImageReference): string =>
  Object.entries({ registry, repository, digest }).reduce(
    (text, [key, value]) => withYamlScalar(text, ['image', key], value, 'values.yaml of the chart'),
    values,
  );

export interface PackedChart {
  /** The archive's path. */
  readonly file: string;
  readonly octets: Buffer;
  /** Chart.yaml. */
  readonly metadata: ChartMetadata;
  /** values.yaml. */
  readonly values: unknown;
  /** The time of its files, in seconds since 1970. */
  readonly modified: number;
}

export interface ChartMetadata {
  readonly name: string;
  readonly version: string;
  readonly appVersion?: string;
  readonly description?: string;
  readonly home?: string;
  readonly sources?: readonly string[];
  readonly maintainers?: readonly { readonly name: string; readonly email?: string }[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Reads an archive of a chart. Throws a `ReleaseError` where it has another name or version than its file's name. */
export async function readChart(
  directory: string,
  archive: string,
  name: string,
  version: string,
): Promise<PackedChart> {
  const file = join(directory, archive);
  const octets = readFileSync(file);
  const wanted = [`${name}/Chart.yaml`, `${name}/values.yaml`];
  const files = await filesInTar(Readable.from([gunzipSync(octets)]), (path) => wanted.includes(path));
  const [chart, values] = wanted.map((path) => files.find((one) => one.path === path));
  if (chart === undefined || values === undefined) throw new ReleaseError(`${file} is no chart ${name}`);
  const metadata = parse(chart.octets.toString('utf8')) as ChartMetadata;
  for (const [key, said] of Object.entries({ name, version, appVersion: version })) {
    const found = metadata[key as 'name' | 'version' | 'appVersion'];
    if (found !== said)
      throw new ReleaseError(`${file}: Chart.yaml says ${key} ${String(found)}, and the file's name ${said}`);
  }
  return { file, octets, metadata, values: parse(values.octets.toString('utf8')), modified: chart.modified };
}

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
