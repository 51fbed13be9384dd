import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { stringify } from 'yaml';
import { tarArchive } from './tar-archive.js';

/** Writes two charts and SHA256SUMS, of the shape that `npm run release:artefacts` leaves. */
export function writeSmallArtefacts(
  directory: string,
  { version, image }: { readonly version: string; readonly image: Readonly<Record<string, string>> },
): void {
  mkdirSync(directory, { recursive: true });
  const sums = ['kubepass', 'kubepass-access'].map((name) => {
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
    const archive = `${name}-${version}.tgz`;
    const octets = gzipSync(tarArchive(files, 1_790_000_000));
    writeFileSync(join(directory, archive), octets);
    return `${createHash('sha256').update(octets).digest('hex')}  ${archive}\n`;
  });
  writeFileSync(join(directory, 'SHA256SUMS'), sums.join(''));
}
