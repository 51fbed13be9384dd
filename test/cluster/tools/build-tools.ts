import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  areBuilt,
  buildOnce,
  goBuild,
  goTools,
  pinnedVersion,
  sayingSo,
  type GoTools,
} from '../../helpers/go-tools.js';
import { binariesIn, type Binaries } from '../binaries.js';

const module_ = fileURLToPath(new URL('.', import.meta.url));

/** The version in k8s.io/component-base is a placeholder; release builds of Kubernetes set it in this way. */
const versionPackage = 'k8s.io/component-base/version';

const kubernetesVersion = (): string => pinnedVersion(module_, 'k8s.io/kubernetes');

const tools = (): GoTools => goTools('control-plane', module_, kubernetesVersion());

export const toolsAreBuilt = (): boolean => areBuilt(tools());

/**
 * Builds the binaries that go.mod pins, unless they exist. A cold build takes 5 to 30 minutes, and 3 GB in Go's caches;
 * `say` receives its progress. Throws an `Error` with the end of Go's output if the build fails.
 */
export async function buildTools(say: (text: string) => void): Promise<{ binaries: Binaries; version: string }> {
  const version = kubernetesVersion();
  await buildOnce(tools(), (folder) =>
    sayingSo(say, `building etcd and Kubernetes ${version} with Go, once (5 to 30 min)`, () => build(version, folder)),
  );
  return { binaries: binariesIn(tools().folder), version };
}

async function build(version: string, folder: string): Promise<void> {
  const [major, minor] = version.slice(1).split('.');
  const versions = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'archive' };
  await goBuild(tools(), folder, ['tool'], {
    flags: [
      // Debug information would take a sixth of the work and half of the size.
      '-gcflags=all=-dwarf=false',
      `-ldflags=-s -w ${Object.entries(versions)
        .map(([name, value]) => `-X ${versionPackage}.${name}=${value}`)
        .join(' ')}`,
    ],
  });
  // Go names a binary after the last part of its package's path that is not a version.
  renameSync(join(folder, 'server'), join(folder, 'etcd'));
}
