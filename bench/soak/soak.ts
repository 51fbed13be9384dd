/**
 * `npm run bench:soak -- --issuances 500000` issues that many certificates, by CSR and as kubeconfigs, with and without
 * an Idempotency-Key, together with lists and inspections. It samples the service's memory and ends with 1 if that
 * grows. `-- --database postgresql` starts a PostgreSQL for the run.
 */
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { median } from '../measure.js';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { freshDatabase, prepareDatabases } from '../../test/helpers/postgresql/databases.js';
import { startPostgresql, type PostgresqlServer } from '../../test/helpers/postgresql/server.js';
import { postgresqlEnvironment } from '../../test/helpers/service-on-postgresql.js';
import { temporaryDirectory } from '../../test/helpers/temporary-directory.js';
import { SoakedService, type Memory } from './soaked-service.js';

const { values: options } = parseArgs({
  options: {
    issuances: { type: 'string', default: '100000' },
    clients: { type: 'string', default: '32' },
    database: { type: 'string', default: 'sqlite' },
  },
});
const issuances = Number(options.issuances);
const clients = Number(options.clients);

/** The number of memory samples, and the part of the run that is warming up: caches fill, and code is compiled. */
const [looks, warmUp] = [40, 0.25];
/**
 * The MiB by which the median of the last quarter may exceed that of the first quarter after the warm-up. The limit for
 * resident memory is higher, because the allocator gives memory back late.
 */
const bounds: Memory = { heap: 8, external: 8, resident: 48 };

const say = (text: string): void => console.error(`soak: ${text}`);

async function ask(service: SoakedService, csrs: readonly string[], number: number): Promise<void> {
  const key = number % 4 < 2 ? { 'idempotency-key': randomUUID() } : {};
  if (number % 2 === 0) {
    const body = { csr: csrs[number % csrs.length] };
    await service.api.expect(201, 'POST', '/v1/certificate-requests', body, { ...key, prefer: 'wait=30' });
  } else {
    const body = { username: `user-${String(number % 5000)}`, groups: ['team-a'] };
    await service.api.expect(201, 'POST', '/v1/kubeconfigs', body, key);
  }
  if (number % 50 === 0) await service.api.expect(200, 'GET', '/v1/certificates?limit=10');
  if (number % 50 === 25)
    await service.api.expect(200, 'POST', '/v1/inspections', Buffer.from(csrs[number % csrs.length] ?? ''));
}

async function soak(service: SoakedService): Promise<readonly Memory[]> {
  const csrs = await Promise.all(
    Array.from({ length: 64 }, async (_, i) => (await csrFor(`soaked-${String(i)}`, ['team-a'])).pem),
  );
  const memories: Memory[] = [];
  let number = 0;
  const began = performance.now();
  for (let look = 1; look <= looks; look++) {
    const until = Math.round((issuances * look) / looks);
    const client = async () => {
      while (number < until) await ask(service, csrs, number++);
    };
    await Promise.all(Array.from({ length: clients }, client));
    const memory = await service.memory();
    memories.push(memory);
    const rate = number / ((performance.now() - began) / 1000);
    say(`${number.toLocaleString('en')} issued, ${rate.toFixed(0)}/s; ${inWords(memory)}`);
  }
  return memories;
}

const inWords = ({ heap, external, resident }: Memory): string =>
  `heap ${heap.toFixed(1)} MiB, external ${external.toFixed(1)} MiB, resident ${resident.toFixed(0)} MiB`;

function growthIn(memories: readonly Memory[]): Memory {
  const warm = memories.slice(Math.floor(memories.length * warmUp));
  const quarter = Math.ceil(warm.length / 4);
  const of = (part: keyof Memory): number =>
    median(warm.slice(-quarter).map((memory) => memory[part])) -
    median(warm.slice(0, quarter).map((memory) => memory[part]));
  return { heap: of('heap'), external: of('external'), resident: of('resident') };
}

const directory = temporaryDirectory();
let server: PostgresqlServer | undefined;
let service: SoakedService | undefined;
try {
  let environment: Readonly<Record<string, string>> = {};
  if (options.database === 'postgresql') {
    server = await startPostgresql({ durable: true });
    const { url } = await freshDatabase(await prepareDatabases(server));
    environment = await postgresqlEnvironment(`${directory.path}/data`, url);
  }
  service = await SoakedService.start(directory.path, environment);
  const growth = growthIn(await soak(service));
  const grown = (Object.keys(bounds) as (keyof Memory)[]).filter((part) => growth[part] > bounds[part]);
  console.log(
    `${issuances.toLocaleString('en')} issuances on ${options.database}: from the first quarter after the warm-up to ` +
      `the last it grew by: ${inWords(growth)}`,
  );
  if (grown.length > 0) {
    say(`${grown.join(' and ')} grew by more than ${grown.map((part) => `${String(bounds[part])} MiB`).join(' and ')}`);
    process.exitCode = 1;
  }
} finally {
  await service?.stop();
  await server?.remove();
  directory.remove();
}
