import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiClient } from '../scripts/quickstart/api-client.js';
import { ServiceProcess } from '../scripts/quickstart/service-process.js';
import { freePort } from '../test/helpers/free-ports.js';
import { CompiledSources } from './compiled-sources.js';
import { KeptConnections } from './kept-connections.js';
import type { Target } from './load/http-connection.js';
import { memoryOf, processorMilliseconds } from './process-figures.js';

const host = '127.0.0.1';
/** How often a started service is asked whether it is ready. It is also how exact a measured start is. */
const everyMilliseconds = 20;

/** The policies of the service. */
export const benchPolicies = `
apiVersion: kubepass/v1
kind: Policy
metadata: { name: bench }
spec:
  selector: { clusters: ["*"] }
  allowed: { usernames: ["*"], groups: ["team-*"] }
  constraints: { maxExpirationSeconds: 86400 }
  approval: { mode: auto }
`;

/** A build of the service, and the Node that runs it. */
export interface Program {
  readonly node: string;
  /** Node's arguments that start the service. */
  readonly serve: readonly string[];
}

/** Node's arguments that start the service of a build in `dist`. 0.2.0 and before had a program for each command. */
export function serviceOf(dist: string): readonly string[] {
  const program = join(dist, 'kubepass.js');
  return existsSync(program) ? [program, 'serve'] : [join(dist, 'server.js')];
}

const compiled = (): Program => ({ node: process.execPath, serve: serviceOf(CompiledSources.build().dist) });

/** Budgets are counted as they are by default, and so large that no load of the bench spends one. */
const most = 1_000_000_000;
const neverSpent = { writes: most, denied: most, inspectionSeconds: most, auditKilobytes: most };

export interface StartOptions {
  /** The content of the configuration file; default: the embedded configuration with a local CA. */
  readonly config?: object;
  /** Default: SQLite in the data dir. */
  readonly databaseUrl?: string;
  /** Default: these sources, compiled. */
  readonly program?: Program | undefined;
  /** Variables beside those that the bench needs. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The service as `npm start` runs it, in its own process with its own data dir. */
export class ServiceUnderBench {
  private constructor(
    private readonly process: ServiceProcess,
    readonly api: KeptConnections,
    readonly target: Target,
    readonly token: string,
    /** The SQLite database, unless the service has another one. */
    readonly databaseFile: string,
    /** The time from the start of the process to the first 200 of /readyz. */
    readonly readyMilliseconds: number,
  ) {}

  static async start(
    directory: string,
    { config, databaseUrl = '', program = compiled(), environment = {} }: StartOptions = {},
  ): Promise<ServiceUnderBench> {
    const dataDir = join(directory, 'data');
    const policiesDir = join(directory, 'policies');
    mkdirSync(policiesDir, { recursive: true });
    writeFileSync(join(policiesDir, 'bench.yaml'), benchPolicies);
    const configFile = join(directory, 'kubepass.yaml');
    // JSON is YAML.
    if (config !== undefined) writeFileSync(configFile, JSON.stringify({ ...config, budgets: neverSpent }));
    const port = await freePort();
    const began = performance.now();
    const service = new ServiceProcess(
      {
        KUBEPASS_CONFIG: config === undefined ? '' : configFile,
        KUBEPASS_DATA_DIR: dataDir,
        KUBEPASS_POLICIES_DIR: policiesDir,
        KUBEPASS_HOST: host,
        KUBEPASS_PORT: String(port),
        DATABASE_URL: databaseUrl,
        // The load comes from one principal. Without a file there is no place for larger budgets.
        ...(config === undefined && { KUBEPASS_BUDGETS: 'off' }),
        KUBEPASS_TLS_CERT_FILE: '',
        KUBEPASS_TLS_KEY_FILE: '',
        ...environment,
      },
      join(directory, 'service.log'),
      program.serve,
      program.node,
    );
    await service.untilReady(await ApiClient.of({ host, tls: null }, port), everyMilliseconds);
    const ready = performance.now() - began;
    const token = readFileSync(join(dataDir, 'admin-token'), 'utf8').trim();
    const api = new KeptConnections(`http://${host}:${port}`, token);
    const target = { host, port, ca: null };
    return new ServiceUnderBench(service, api, target, token, join(dataDir, 'kubepass.db'), ready);
  }

  /** The time from `POST /v1/kubeconfigs` to its 201. */
  async kubeconfig(): Promise<void> {
    await this.api.expect(201, 'POST', '/v1/kubeconfigs', {
      username: 'bench',
      groups: ['team-a'],
      expirationSeconds: 3600,
    });
  }

  get pid(): number {
    return this.process.pid ?? NaN;
  }

  /** The MiB that the process has in memory, and its highest value so far. */
  memory(): { readonly now: number; readonly peak: number } {
    return memoryOf(this.pid);
  }

  /** The milliseconds of processor time that all threads of the process have taken so far. */
  processorMilliseconds(): number {
    return processorMilliseconds(this.pid);
  }

  /** Holds the process, so that its background work does not slow down another lane's turn. */
  hold(): void {
    this.process.signal('SIGSTOP');
  }

  release(): void {
    this.process.signal('SIGCONT');
  }

  async stop(): Promise<void> {
    this.release();
    this.api.close();
    await this.process.stop();
  }
}
