import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { stringify } from 'yaml';
import { tarArchive } from './tar-archive.js';

/** Writes two charts, their provenance and SHA256SUMS, of the shape that `npm run release:artefacts` leaves. */
export function writeSmallArtefacts(
  directory: string,
  { version, image }: { readonly version: string; readonly image: Readonly<Record<string, string>> },
): void {
  mkdirSync(directory, { recursive: true });
  const add = (name: string, octets: Buffer) => {
    writeFileSync(join(directory, name), octets);
    return { name, digest: { sha256: createHash('sha256').update(octets).digest('hex') } };
  };
  const charts = ['kubepass', 'kubepass-access'].map((name) => {
    const chart = {
      apiVersion: 'v2',
      name,
      description: `A small chart ${name}`,
      type: 'application',
      version,
      appVersion: version,
      home: 'https://kubepass.example',
      sources: ['https://git.example/kubepass'],
      maintainers: [{ name: 'Jane', email: 'jane@example.com' }, { name: 'John' }],
      annotations: { 'artifacthub.io/license': 'Apache-2.0' },
    };
    const files = {
      [`${name}/Chart.yaml`]: stringify(chart),
      [`${name}/values.yaml`]: stringify({ image }),
      [`${name}/templates/empty.yaml`]: '',
    };
    return add(`${name}-${version}.tgz`, gzipSync(tarArchive(files, 1_790_000_000)));
  });
  const provenance = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: charts,
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: { buildType: 'https://build.example/v1', externalParameters: {} },
      runDetails: { builder: { id: 'https://build.example' } },
    },
  };
  const all = [...charts, add(`provenance-${version}.json`, Buffer.from(JSON.stringify(provenance)))];
  const sums = all.map(({ name, digest }) => `${digest.sha256}  ${name}\n`);
  writeFileSync(join(directory, 'SHA256SUMS'), sums.join(''));
}
