import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { codeOf } from '@kubepass/x509';

/** Programs that a go.mod of this project pins, and the folder in the user's cache that holds them after a build. */
export interface GoTools {
  /** The folder with go.mod. */
  readonly module: string;
  /** One folder for each state of go.mod: `<cache>/kubepass/<kind>/<version>-<platform>-<hash of go.mod>`. */
  readonly folder: string;
}

/** `version`: the version of the main program, for people who look into their cache. */
export function goTools(kind: string, module: string, version: string): GoTools {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const sources = readdirSync(module).filter((name) => name.endsWith('.go'));
  const digest = createHash('sha256').update(readPins(module));
  for (const name of sources.sort()) digest.update(readFileSync(join(module, name)));
  const hash = digest.digest('hex').slice(0, 8);
  return {
    module,
    folder: join(cache, 'kubepass', kind, `${version}-${process.platform}-${process.arch}-${hash}`),
  };
}

/** The version at which the module's go.mod pins a package's module. */
export function pinnedVersion(module: string, of: string): string {
  const line = readPins(module)
    .split('\n')
    .map((text) => text.trim().split(' '))
    .find(([name]) => name === of);
  if (line?.[1] === undefined) throw new Error(`${join(module, 'go.mod')} does not require ${of}`);
  return line[1];
}

const readPins = (module: string): string => readFileSync(join(module, 'go.mod'), 'utf8');

export const areBuilt = ({ folder }: Pick<GoTools, 'folder'>): boolean => existsSync(folder);

/**
 * Lets `build` fill the folder unless it exists; an existing folder is complete. A second process waits for the first
 * one, because two builds at once take twice as long.
 */
export async function buildOnce(
  tools: Pick<GoTools, 'folder'>,
  build: (folder: string) => Promise<void>,
): Promise<void> {
  if (areBuilt(tools)) return;
  mkdirSync(dirname(tools.folder), { recursive: true });
  await holding(`${tools.folder}.lock`, async () => {
    if (areBuilt(tools)) return;
    const unfinished = mkdtempSync(`${tools.folder}-`);
    try {
      await build(unfinished);
      renameSync(unfinished, tools.folder);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  });
}

/** Runs `work` while no other process holds the file. The file of a process that has ended holds nothing. */
async function holding(file: string, work: () => Promise<void>): Promise<void> {
  while (!taken(file)) {
    if (!lives(holderOf(file))) rmSync(file, { force: true });
    await setTimeout(500);
  }
  try {
    await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function taken(file: string): boolean {
  // The name appears together with the process id: nobody reads an empty file.
  const own = `${file}-${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** The process of the file; 0, which is no process, where the file has gone. */
function holderOf(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}

function lives(pid: number): boolean {
  if (pid === 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** `go build` of packages into a folder. `flags` go before the packages. */
export async function goBuild(
  { module }: GoTools,
  folder: string,
  packages: readonly string[],
  { flags = [], cgo = false }: { readonly flags?: readonly string[]; readonly cgo?: boolean } = {},
): Promise<void> {
  await go(
    module,
    [
      'build',
      '-trimpath',
      // This repository's commit says nothing about these binaries, and reading it can fail.
      '-buildvcs=false',
      ...flags,
      '-o',
      `${folder}/`,
      ...packages,
    ],
    { CGO_ENABLED: cgo ? '1' : '0' },
  );
}

/**
 * Runs Go in the module at the lowest priority, because a build is long and somebody works on this machine. Returns its
 * output; throws an `Error` with the end of its error output.
 */
export function go(
  module: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('nice', ['-n', '10', 'go', ...args], {
      cwd: module,
      env: { ...process.env, GOWORK: 'off', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [output, complaints] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints = (complaints + text).slice(-4000)));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`go ${args[0]} in ${basename(module)} ended with ${code ?? 'a signal'}:\n${complaints}`));
    });
  });
}

/** Says that something takes long, and repeats it every minute. */
export async function sayingSo(say: (text: string) => void, what: string, work: () => Promise<void>): Promise<void> {
  const started = performance.now();
  const minutes = () => `${((performance.now() - started) / 60_000).toFixed(1)} min`;
  say(what);
  const progress = setInterval(() => say(`  … ${minutes()}`), 60_000);
  try {
    await work();
  } finally {
    clearInterval(progress);
  }
  say(`  done after ${minutes()}`);
}
