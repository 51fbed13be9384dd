import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { binariesIn, type Binaries } from '../binaries.js';

const module_ = fileURLToPath(new URL('.', import.meta.url));

/** The version of k8s.io/component-base's own is a placeholder: its release builds set it like this. */
const versionPackage = 'k8s.io/component-base/version';

/** Where the binaries are that go.mod pins, once they are built: a folder for each go.mod, in the user's cache. */
function toolsFolder(): string {
  return join(cacheFolder(), `${kubernetesVersion()}-${process.platform}-${process.arch}-${pinsHash()}`);
}

export const toolsAreBuilt = (): boolean => existsSync(toolsFolder());

/**
 * Builds the binaries that go.mod pins, where that has not been done. A cold build takes 5 to 30 minutes, and 3 GB in
 * Go's caches; `say` hears what goes on. Throws an `Error` with the end of Go's output where the build fails.
 */
export async function buildTools(say: (text: string) => void): Promise<{ binaries: Binaries; version: string }> {
  const version = kubernetesVersion();
  const folder = toolsFolder();
  if (!toolsAreBuilt()) {
    mkdirSync(cacheFolder(), { recursive: true });
    // Moved into place as a whole: what is there is complete, also when two build at the same time.
    const unfinished = mkdtempSync(`${folder}-`);
    try {
      await build(version, unfinished, say);
      if (!toolsAreBuilt()) renameSync(unfinished, folder);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  return { binaries: binariesIn(folder), version };
}

function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'kubepass', 'control-plane');
}

function kubernetesVersion(): string {
  const version = /^\s*k8s\.io\/kubernetes (v[\d.]+)/m.exec(readPins('go.mod'))?.[1];
  if (version === undefined) throw new Error('test/cluster/tools/go.mod does not require k8s.io/kubernetes');
  return version;
}

const readPins = (file: string): string => readFileSync(join(module_, file), 'utf8');

const pinsHash = (): string => createHash('sha256').update(readPins('go.mod')).digest('hex').slice(0, 8);

async function build(version: string, folder: string, say: (text: string) => void): Promise<void> {
  const [major, minor] = version.slice(1).split('.');
  const versions = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'archive' };
  const started = performance.now();
  const minutes = () => `${((performance.now() - started) / 60_000).toFixed(1)} min`;
  say(`building etcd and Kubernetes ${version} with Go, once (5 to 30 min)`);
  const progress = setInterval(() => say(`  … ${minutes()}`), 60_000);
  try {
    await go([
      'build',
      '-trimpath',
      // This repository's commit says nothing about these binaries, and reading it can fail.
      '-buildvcs=false',
      // Debug information would be a sixth of the work, and half of the size.
      '-gcflags=all=-dwarf=false',
      `-ldflags=-s -w ${Object.entries(versions)
        .map(([name, value]) => `-X ${versionPackage}.${name}=${value}`)
        .join(' ')}`,
      '-o',
      `${folder}/`,
      'tool',
    ]);
  } finally {
    clearInterval(progress);
  }
  // Go names a binary after the last part of its package's path that is not a version.
  renameSync(join(folder, 'server'), join(folder, 'etcd'));
  say(`  done after ${minutes()}`);
}

/** Runs Go in the module, at the lowest priority: a build is long, and somebody works on this machine. */
function go(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('nice', ['-n', '19', 'go', ...args], {
      cwd: module_,
      env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-4000)));
    }
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`go ${args[0]} in ${basename(module_)} ended with ${code ?? 'a signal'}:\n${output}`));
    });
  });
}
