import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { archive, type ArchivedFile } from './archive.js';

/**
 * The package of the kubectl plugin with the files that `npm pack` packs. npm's own archive depends on the version of
 * npm, and this one does not. With a URL its manifest names the repository, without which npm takes no provenance.
 */
export function packPlugin(
  folder: string,
  bundles: Readonly<Record<string, Buffer>>,
  time: Date,
  repository: string | null,
): Promise<Buffer> {
  const own = (name: string) => ({ path: `package/${name}`, content: readFileSync(join(folder, name)) });
  const manifest = own('package.json');
  const files: readonly ArchivedFile[] = [
    repository === null ? manifest : { ...manifest, content: withRepository(manifest.content, repository) },
    // `build.mjs` copies it there.
    own('LICENSE'),
    own('README.md'),
    ...Object.entries(bundles).map(([name, content]) => ({ path: `package/dist/${name}`, content, isProgram: true })),
  ];
  return archive(files, time);
}

/** As npm itself writes it: https://docs.npmjs.com/cli/v11/configuring-npm/package-json#repository */
function withRepository(manifest: Buffer, repository: string): Buffer {
  const { name, version, description, ...rest } = JSON.parse(manifest.toString()) as Record<string, unknown>;
  const url = `git+${repository.replace(/\.git$/, '')}.git`;
  const named = { type: 'git', url, directory: 'packages/kubectl-kubepass' };
  return Buffer.from(`${JSON.stringify({ name, version, description, repository: named, ...rest }, null, 2)}\n`);
}
