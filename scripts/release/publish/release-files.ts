import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { ReleaseError } from '../release-error.js';
import { filesInTar } from './files-in-tar.js';

/** The files that `npm run release:artefacts` made, as far as they are published to a registry. */
export interface ReleaseFiles {
  readonly version: string;
  /** `kubepass` and `kubepass-access`. */
  readonly charts: readonly PackedChart[];
  /** The reference of the image that the chart deploys: `registry/repository@sha256:…`. */
  readonly image: { readonly name: string; readonly digest: string };
}

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

async function readChart(directory: string, archive: string, name: string, version: string): Promise<PackedChart> {
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
