import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPlugin } from '../../../packages/kubectl-kubepass/build.mjs';
import { commitOf, mustBeClean } from '../git.js';
import { ReleaseError } from '../release-error.js';
import { sbomAsText, sbomOfBundle, sbomOfService } from '../sbom.mjs';
import { readPlace, versionPlaces } from '../version-places.js';
import { checksums, sha256 } from './checksums.js';
import { installManifest } from './install-manifest.js';
import { krewManifest } from './krew-manifest.js';
import { packChart } from './pack-chart.js';
import { packPlugin } from './pack-plugin.js';
import { type Parameters, provenance } from './provenance.js';

/**
 * The files of a release by their names: a function of the commit and the parameters. `builder` is a URI for the
 * machine. Throws `ReleaseError` if the tree differs from its commit, or has two versions.
 */
export async function makeArtefacts(
  root: string,
  parameters: Parameters,
  builder: string | null,
): Promise<ReadonlyMap<string, Buffer>> {
  mustBeClean(root);
  const { version, image, repository, downloads } = parameters;
  mustBeOneVersion(root, version);
  const commit = commitOf(root);
  const created = commit.time.toISOString().replace('.000Z', 'Z');
  const plugin = await builtPlugin();
  // The bill of the service names the packages in the console's scripts.
  execFileSync(process.execPath, [join(root, 'scripts', 'build-console.mjs')], { stdio: 'inherit' });

  const artefacts = new Map<string, Buffer>();
  const add = (name: string, content: Buffer | string) => artefacts.set(name, Buffer.from(content));
  add(`kubepass-${version}.tgz`, await packChart(root, 'deploy/chart/kubepass', commit.time, image));
  // Nothing runs by the other one, so it names no image.
  add(`kubepass-access-${version}.tgz`, await packChart(root, 'deploy/chart/kubepass-access', commit.time, null));
  add(`kubepass-${version}.yaml`, installManifest(join(root, 'deploy', 'kubernetes'), version, image));
  const archive = `kubectl-kubepass-${version}.tgz`;
  const packed = await packPlugin(join(root, pluginFolder), plugin.bundles, commit.time, repository);
  add(archive, packed);
  const uri = downloads === null ? archive : `${downloads}/${archive}`;
  add('kubepass.yaml', krewManifest({ version, uri, sha256: sha256(packed), repository }));
  add(`kubepass-${version}.cdx.json`, sbomAsText(sbomOfService({ created })));
  const bill = sbomOfBundle({ folder: pluginFolder, inputs: plugin.inputs, created });
  add(`kubectl-kubepass-${version}.cdx.json`, sbomAsText(bill));
  add(`openapi-${version}.json`, readFileSync(join(root, 'openapi', 'openapi.json')));

  const digests = () => new Map([...artefacts].map(([name, content]) => [name, sha256(content)]));
  const lockfile = sha256(readFileSync(join(root, 'package-lock.json')));
  const statement = provenance(digests(), parameters, { commit, lockfile, builder });
  add(`provenance-${version}.json`, `${JSON.stringify(statement, null, 2)}\n`);
  add('SHA256SUMS', checksums(digests()));
  // A build that changed a file would have made something else than its commit.
  mustBeClean(root);
  return artefacts;
}

const pluginFolder = 'packages/kubectl-kubepass';

/** Built elsewhere, because somebody may use the one in its `dist`. */
async function builtPlugin(): ReturnType<typeof buildPlugin> {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-kubepass-'));
  try {
    return await buildPlugin(join(folder, 'dist'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function mustBeOneVersion(root: string, version: string): void {
  for (const place of versionPlaces(root))
    for (const found of place.find(readPlace(root, place)))
      if (found.version !== version)
        throw new ReleaseError(`${place.file} (${found.where}) has ${found.version} instead of ${version}: mend it`);
}
