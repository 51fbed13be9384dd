import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { archive, type ArchivedFile } from './archives.js';

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

/** Where the plugin runs: on Node, so one archive serves them all. */
const platforms = ['linux', 'darwin'].flatMap((os) => ['amd64', 'arm64'].map((arch) => ({ os, arch })));

/** The links that krew does not make: it links `bin` alone, and removes each version with its folder. */
const caveats = (version: string) => `The plugin needs Node.js 20 or newer on the PATH.

kubectl completes its commands if kubectl_complete-kubepass is on the PATH:

  ln -sf "\${KREW_ROOT:-$HOME/.krew}/store/kubepass/v${version}/kubectl_complete-kubepass.cjs" \\
    "\${KREW_ROOT:-$HOME/.krew}/bin/kubectl_complete-kubepass"

Make that link again after each upgrade.
`;

export interface KrewRelease {
  readonly version: string;
  /** Where the archive can be downloaded. */
  readonly uri: string;
  /** The archive's, in hex. */
  readonly sha256: string;
  readonly repository: string | null;
}

/** The plugin for krew: https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/ */
export function krewManifest({ version, uri, sha256, repository }: KrewRelease): string {
  const manifest = {
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    metadata: { name: 'kubepass' },
    spec: {
      version: `v${version}`,
      ...(repository === null ? {} : { homepage: repository }),
      shortDescription: 'Kubeconfigs that renew themselves',
      description:
        'Signs in at a kubepass service and gives kubectl short-lived client certificates, which it renews by itself. The ' +
        'private key is made on this machine and never leaves it. It also inspects certificates, keys and kubeconfigs.\n',
      caveats: caveats(version),
      platforms: platforms.map((matchLabels) => ({
        selector: { matchLabels },
        uri,
        sha256,
        files: [
          { from: 'package/dist/*.cjs', to: '.' },
          { from: 'package/LICENSE', to: '.' },
        ],
        bin: 'kubectl-kubepass.cjs',
      })),
    },
  };
  return stringify(manifest, { lineWidth: 100, aliasDuplicateObjects: false });
}
