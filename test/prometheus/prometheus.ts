import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { freePort } from '../helpers/free-ports.js';

/** Runs promtool, which comes with Prometheus. Its output must be empty where it finds nothing. */
export function promtool(
  args: readonly string[],
  input?: string,
): { readonly status: number; readonly output: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  if (error) throw error;
  return { status: status ?? 1, output: `${stdout}${stderr}` };
}

/** A series of an instant query. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** A real Prometheus that scrapes one target each second, with the rules of deploy/chart/kubepass/files. */
export class Prometheus {
  private constructor(
    private readonly address: string,
    readonly stop: () => Promise<void>,
  ) {}

  static async start(target: string, ruleFile: string): Promise<Prometheus> {
    const directory = temporaryDirectory();
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [ruleFile],
      scrape_configs: [{ job_name: 'kubepass', static_configs: [{ targets: [target] }] }],
    };
    const file = join(directory.path, 'prometheus.yaml');
    writeFileSync(file, stringify(config));
    const port = await freePort();
    const child = spawn(
      'prometheus',
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(directory.path, 'data')}`,
        `--web.listen-address=127.0.0.1:${String(port)}`,
        '--log.level=warn',
      ],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    const exited = once(child, 'exit');
    const stop = async () => {
      child.kill('SIGKILL');
      await exited;
      directory.remove();
    };
    const prometheus = new Prometheus(`http://127.0.0.1:${String(port)}`, stop);
    await until(() => prometheus.#isReady(), 'Prometheus does not start');
    return prometheus;
  }

  /** The series of an expression now. Throws where Prometheus does not accept it. */
  async query(expression: string): Promise<readonly Series[]> {
    const answer = await this.#get(`/api/v1/query?${new URLSearchParams({ query: expression }).toString()}`);
    const { data, error } = answer as { data?: { result: readonly Series[] }; error?: string };
    if (data === undefined) throw new Error(`${expression}: ${error ?? 'no answer'}`);
    return data.result;
  }

  /** The rules, each with its health and the error of its last evaluation. */
  async rules(): Promise<readonly { readonly name: string; readonly health: string; readonly state: string }[]> {
    const { data } = (await this.#get('/api/v1/rules')) as {
      data: { groups: readonly { rules: readonly { name: string; health: string; state: string }[] }[] };
    };
    return data.groups.flatMap(({ rules }) => rules);
  }

  /** Resolves after so many further scrapes of the target, all of which it answered. */
  async scrapes(count: number): Promise<void> {
    const scraped = async () =>
      Number((await this.query('count_over_time(up{job="kubepass"}[10m])'))[0]?.value[1] ?? 0);
    const before = await scraped();
    await until(async () => (await scraped()) >= before + count, 'Prometheus does not scrape');
    const [worst] = await this.query('min_over_time(up{job="kubepass"}[10m])');
    if (worst?.value[1] !== '1') throw new Error('a scrape failed');
  }

  async #get(path: string): Promise<unknown> {
    return (await fetch(this.address + path)).json();
  }

  async #isReady(): Promise<boolean> {
    return fetch(`${this.address}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}

async function until(holds: () => Promise<boolean>, otherwise: string): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(otherwise);
    await sleep(100);
  }
}
