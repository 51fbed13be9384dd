import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ApiClient } from '../../scripts/quickstart/api-client.js';
import { ServiceProcess } from '../../scripts/quickstart/service-process.js';
import { freePort } from '../../test/helpers/free-ports.js';
import { KeptConnections } from '../kept-connections.js';
import { writeTlsFiles } from '../../test/http/support/tls-files.js';
import { benchPolicies } from '../service-under-bench.js';

const host = '127.0.0.1';
const preload = fileURLToPath(new URL('./tell-memory.mjs', import.meta.url));

/** The memory of the process in MiB after a garbage collection. */
export interface Memory {
  readonly heap: number;
  /** Memory beside the heap: buffers, and memory of native code. */
  readonly external: number;
  readonly resident: number;
}

/** The service in its own process, which reports its memory. */
export class SoakedService {
  private constructor(
    private readonly process: ServiceProcess,
    private readonly memoryFile: string,
    readonly api: KeptConnections,
    /** The token of an admin. */
    readonly token: string,
    readonly origin: string,
  ) {}

  /** `pair`: to serve TLS with; `ca`: PEM, to which its certificate chains. Default: plain HTTP. */
  static async start(
    directory: string,
    environment: Readonly<Record<string, string>>,
    pair?: { readonly cert: string; readonly key: string; readonly ca: string },
  ): Promise<SoakedService> {
    const dataDir = join(directory, 'data');
    const policiesDir = join(directory, 'policies');
    mkdirSync(policiesDir, { recursive: true });
    writeFileSync(join(policiesDir, 'bench.yaml'), benchPolicies);
    const memoryFile = join(directory, 'memory');
    const port = await freePort();
    const service = new ServiceProcess(
      {
        KUBEPASS_CONFIG: '',
        DATABASE_URL: '',
        KUBEPASS_BUDGETS: 'off',
        ...environment,
        KUBEPASS_DATA_DIR: dataDir,
        KUBEPASS_POLICIES_DIR: policiesDir,
        KUBEPASS_HOST: host,
        KUBEPASS_PORT: String(port),
        KUBEPASS_TLS_CERT_FILE: '',
        KUBEPASS_TLS_KEY_FILE: '',
        ...(pair && writeTlsFiles(directory, pair)),
        SOAK_MEMORY_FILE: memoryFile,
        NODE_OPTIONS: `--import ${preload} ${environment['NODE_OPTIONS'] ?? ''}`,
      },
      join(directory, 'service.log'),
    );
    const tls = pair ? { certFile: join(directory, 'tls.crt'), keyFile: join(directory, 'tls.key') } : null;
    await service.untilReady(await ApiClient.of({ host, tls }, port));
    const token = readFileSync(join(dataDir, 'admin-token'), 'utf8').trim();
    const origin = `${pair ? 'https' : 'http'}://${host}:${String(port)}`;
    const api = new KeptConnections(origin, token, pair?.ca);
    return new SoakedService(service, memoryFile, api, token, origin);
  }

  async memory(): Promise<Memory> {
    const linesIn = () =>
      existsSync(this.memoryFile) ? readFileSync(this.memoryFile, 'utf8').split('\n').slice(0, -1) : [];
    const before = linesIn().length;
    this.process.signal('SIGUSR2');
    const deadline = Date.now() + 30_000;
    while (linesIn().length === before) {
      if (Date.now() > deadline) throw new Error('the service does not tell what memory it has');
      await sleep(20);
    }
    const { heapUsed, external, rss } = JSON.parse(linesIn().at(-1) ?? '') as NodeJS.MemoryUsage;
    const mebibytes = (octets: number) => octets / 2 ** 20;
    return { heap: mebibytes(heapUsed), external: mebibytes(external), resident: mebibytes(rss) };
  }

  /** The process; undefined where it could not be started. */
  get pid(): number | undefined {
    return this.process.pid;
  }

  async stop(): Promise<void> {
    this.api.close();
    await this.process.stop();
  }
}
