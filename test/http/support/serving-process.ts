import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { fromSources, kubepass } from '../../helpers/from-sources.js';
import { testPolicies } from '../../helpers/issuance.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

export interface ServingProcess {
  readonly child: ChildProcess;
  /** The last line of the log with this message. */
  said(msg: string): Readonly<Record<string, unknown>> | undefined;
  /** Everything on standard output. */
  output(): string;
  /** Everything on standard error. */
  complaints(): string;
  /** The address, once the process serves. */
  address(): Promise<string>;
  adminToken(): string;
  /** The exit code and the signal, once the process has ended. */
  readonly ended: Promise<unknown[]>;
}

/** For tests of the service as a process: a directory with policies, and processes that end with each test. */
export function useProcesses() {
  let directory: ReturnType<typeof temporaryDirectory>;
  const children: ChildProcess[] = [];
  const inDirectory = (...names: string[]) => join(directory.path, ...names);
  beforeEach(() => {
    directory = temporaryDirectory();
    mkdirSync(inDirectory('policies'));
    writeFileSync(inDirectory('policies', 'test.yaml'), testPolicies);
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    directory.remove();
  });

  /** Starts `program` with `verb` and `args`, and Node with `nodeOptions`, through `prefix`. */
  function start({
    program = kubepass,
    verb = 'serve',
    args = [],
    nodeOptions = fromSources,
    prefix = [],
    environment = {},
  }: {
    readonly program?: string;
    /** Null: the program has no verbs. */
    readonly verb?: string | null;
    readonly args?: readonly string[];
    readonly nodeOptions?: readonly string[];
    readonly prefix?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
  } = {}): ServingProcess {
    const given = [program, ...(verb?.split(' ') ?? []), ...args];
    const [command = process.execPath, ...rest] = [...prefix, process.execPath, ...nodeOptions, ...given];
    const child = spawn(command, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        KUBEPASS_DATA_DIR: inDirectory('data'),
        KUBEPASS_POLICIES_DIR: inDirectory('policies'),
        KUBEPASS_PORT: '0',
        ...environment,
      },
    });
    children.push(child);
    let [output, complaints] = ['', ''];
    child.stderr.on('data', (chunk: Buffer) => {
      complaints += chunk.toString('utf8');
      process.stderr.write(chunk);
    });
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
    const said = (msg: string) =>
      output
        .split('\n')
        .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []))
        .findLast((line) => line['msg'] === msg);
    return {
      child,
      said,
      output: () => output,
      complaints: () => complaints,
      async address() {
        await expect.poll(() => said('kubepass serves')).toBeDefined();
        return String(said('kubepass serves')?.['address']);
      },
      adminToken: () => readFileSync(inDirectory('data', 'admin-token'), 'utf8').trim(),
      ended: once(child, 'close'),
    };
  }
  return { start, inDirectory };
}
