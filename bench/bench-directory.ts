import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { postgresqlBinaries } from '../test/helpers/postgresql/binaries.js';
import { freshDatabase, prepareDatabases } from '../test/helpers/postgresql/databases.js';
import { startPostgresql } from '../test/helpers/postgresql/server.js';
import { KeptConnections } from './kept-connections.js';
import { measureThroughput } from './load/load.js';
import { median, takeTurns } from './measure.js';
import { loadOf, type SigningJob } from './peers/contender.js';
import { startKubepass, type Kubepass } from './peers/kubepass.js';
import { makeSigningJob } from './peers/signing-job.js';
import { figureOf, inUnit, significant, type Found, type Part, type Row } from './report.js';
import { seededId, seedPostgresqlDirectory, seedSqliteDirectory, type DirectorySize } from './seed-directory.js';

const sizes = {
  small: { users: 1_000, groups: 50, largestGroup: 1_000 },
  large: { users: 100_000, groups: 5_000, largestGroup: 10_000 },
} as const satisfies Readonly<Record<string, DirectorySize>>;
const counted = (size: DirectorySize) => size.users.toLocaleString('en');

/** How often each list, and each change, is asked for. */
const [timesOfLists, timesOfChanges] = [15, 15] as const;
/** A list may take so many times as long as in the small directory, and a change so many milliseconds. */
const [mostGrowth, mostMilliseconds] = [2, 50] as const;
/** Deciding may take so much of the processor time that it takes without a directory. */
const mostForDeciding = 1.05;
/** So short that the machine is the same for both turns of a pair. */
const [secondsPerTurn, warmUpTurns, mostPerSecond] = [0.5, 12, 8_000] as const;

type Databases = Awaited<ReturnType<typeof prepareDatabases>> | null;
interface Extent {
  readonly rounds: number;
  readonly secondsPerRound: number;
}

/** Measures lists and changes of a directory of 100,000 people beside one of 1,000, and the cost of a decision. */
export async function benchDirectory(
  directory: string,
  extent: Extent,
  say: (text: string) => void,
  found: Found,
): Promise<Part> {
  const job = await makeSigningJob(join(directory, 'job'), 'P-256');
  await onDatabase('SQLite', join(directory, 'sqlite'), job, extent, null, found);
  if (postgresqlBinaries() === null) return { missing: ['PostgreSQL'] };
  say('directory on PostgreSQL');
  const server = await startPostgresql({ durable: true });
  try {
    const databases = await prepareDatabases(server);
    await onDatabase('PostgreSQL', join(directory, 'postgresql'), job, extent, databases, found);
    return {};
  } finally {
    await server.remove();
  }
}

async function onDatabase(
  name: string,
  directory: string,
  job: SigningJob,
  extent: Extent,
  databases: Databases,
  found: Found,
): Promise<void> {
  const small = await seeded(join(directory, 'small'), job, sizes.small, databases);
  const large = await seeded(join(directory, 'large'), job, sizes.large, databases);
  const empty = await seeded(join(directory, 'empty'), job, null, databases);
  found(...(await together([small, large], ([few, many]) => compareLists(name, few, many))));
  // Both begin anew, and before the changes, which block people: blocks cost a decision something too.
  found(...(await together([large, empty], ([many, none]) => compareDeciding(name, job, { many, none }, extent))));
  found(...(await together([large], ([many]) => measureChanges(name, many))));
}

type Start = () => Promise<Kubepass>;

/** Starts services, and stops them in the end. */
async function together<const Starts extends readonly Start[]>(
  starts: Starts,
  work: (services: { readonly [I in keyof Starts]: Kubepass }) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const started: Kubepass[] = [];
  try {
    for (const start of starts) started.push(await start());
    return await work(started as unknown as { readonly [I in keyof Starts]: Kubepass });
  } finally {
    for (const service of started) await service.stop();
  }
}

/** Fills a database for a service, and answers how to start it. */
async function seeded(
  directory: string,
  job: SigningJob,
  size: DirectorySize | null,
  databases: Databases,
): Promise<Start> {
  mkdirSync(directory, { recursive: true });
  const database = databases === null ? null : await freshDatabase(databases);
  if (size !== null && database === null) await seedSqliteDirectory(directory, size);
  if (size !== null && database !== null) await seedPostgresqlDirectory(database.ownerUrl, size);
  return () => startKubepass(directory, job, { databaseUrl: database?.url ?? '' });
}

/** The service as the identity provider reaches it. */
async function connectorOf({ service }: Kubepass): Promise<KeptConnections> {
  const made = await service.api.expect(201, 'POST', '/v1/api-tokens', { name: 'connector', roles: ['directory'] });
  const { token } = JSON.parse(made) as { readonly token: string };
  return new KeptConnections(`http://${service.target.host}:${String(service.target.port)}`, token);
}

const filtered = (kind: 'Users' | 'Groups', filter: string, more = '') =>
  `/scim/v2/${kind}?${more}filter=${encodeURIComponent(filter)}`;

function scimLists({ users, groups }: DirectorySize): Readonly<Record<string, string>> {
  const n = String(users / 2);
  const none = 'excludedAttributes=members&';
  return {
    'Users, first page': '/scim/v2/Users?count=100',
    'Users, page in the middle': `/scim/v2/Users?count=100&startIndex=${String(users / 2)}`,
    'Users, last page': `/scim/v2/Users?count=100&startIndex=${String(users - 99)}`,
    'Users, number alone': '/scim/v2/Users?count=0',
    'Users, userName': filtered('Users', `userName eq "USER-${n}@corp.example"`),
    'Users, externalId': filtered('Users', `externalId eq "00u${n}"`),
    'Users, displayName': filtered('Users', `displayName eq "User ${n}"`),
    'Users, email': filtered('Users', `emails[type eq "work"].value eq "mail-${n}@corp.example"`),
    'Users, active': filtered('Users', 'active eq true', 'count=100&'),
    'Users, active, last page': filtered(
      'Users',
      'active eq true',
      `startIndex=${String(users * 0.98 - 99)}&count=100&`,
    ),
    'Users, not active': filtered('Users', 'active eq false', 'count=20&'),
    'Users, externalId and active': filtered('Users', `externalId eq "00u${n}" and active eq true`),
    'Users, id': filtered('Users', `id eq "${seededId('user', users / 2)}"`),
    'Users, nobody': filtered('Users', 'userName eq "nobody"'),
    'Groups without members, first page': `/scim/v2/Groups?${none}count=20`,
    'Groups without members, last page': `/scim/v2/Groups?${none}count=20&startIndex=${String(groups - 19)}`,
    'Groups, displayName': filtered('Groups', `displayName eq "group ${String(groups / 2)}"`, none),
    'Groups, externalId': filtered('Groups', `externalId eq "00g${String(groups / 2)}"`, none),
    'Groups, id and member': filtered(
      'Groups',
      `id eq "${seededId('group', 1)}" and members eq "${seededId('user', 7)}"`,
      none,
    ),
    'Groups, member': filtered('Groups', `members.value eq "${seededId('user', users / 2)}"`, none),
  };
}

const peopleLists = ({ users }: DirectorySize): Readonly<Record<string, string>> => ({
  'directory-users, first page': '/v1/directory-users',
  'directory-users, active': '/v1/directory-users?active=true',
  'directory-users, not active': '/v1/directory-users?active=false&limit=20',
  'directory-users, directoryName': `/v1/directory-users?directoryName=USER-${String(users / 2)}@corp.example`,
  'directory-users, username': `/v1/directory-users?username=user-${String(users / 2)}@corp.example`,
  'directory-users, username and active': `/v1/directory-users?active=true&username=user-${String(users / 2 + 1)}@corp.example`,
});

/**
 * Each list in turns of both directories, so that other work of the machine affects both alike; the shortest times
 * count.
 */
async function compareLists(name: string, small: Kubepass, large: Kubepass): Promise<readonly Row[]> {
  const sides = [await askedOf(small, sizes.small), await askedOf(large, sizes.large)];
  const lists = Object.keys(sides[0]!.lists).map((list) => ({ list, times: sides.map((): number[] => []) }));
  for (let time = 0; time < timesOfLists; time++)
    for (const { list, times } of lists)
      for (const [i, side] of sides.entries()) {
        const began = performance.now();
        await side.lists[list]!();
        times[i]!.push(performance.now() - began);
      }
  for (const { close } of sides) close();
  const compared = lists.map(({ list, times }) => {
    const [less, more] = times.map((of) => Math.min(...of)) as [number, number];
    return { list, less, more, growth: more / less };
  });
  const most = compared.reduce((a, b) => (a.growth > b.growth ? a : b));
  const slowest = compared.reduce((a, b) => (a.more > b.more ? a : b));
  return [
    figureOf(
      `${name}: the list of the directory that grows most, with ${counted(sizes.large)} users as a multiple of that with ${counted(sizes.small)}`,
      [most.growth],
      'times',
      {
        target: { atMost: mostGrowth },
        details:
          `${most.list}: ${inUnit(most.more, 'ms')} against ${inUnit(most.less, 'ms')}; the slowest of ` +
          `${String(lists.length)}, ${slowest.list}: ${inUnit(slowest.more, 'ms')}`,
      },
    ),
  ];
}

async function askedOf(kubepass: Kubepass, size: DirectorySize) {
  const connector = await connectorOf(kubepass);
  const asking = (api: KeptConnections, paths: Readonly<Record<string, string>>) =>
    Object.entries(paths).map(([list, path]) => [list, () => api.expect(200, 'GET', path)] as const);
  const lists: Readonly<Record<string, () => Promise<string>>> = Object.fromEntries([
    ...asking(connector, scimLists(size)),
    ...asking(kubepass.service.api, peopleLists(size)),
  ]);
  return { lists, close: () => connector.close() };
}

const patchOf = (...Operations: readonly object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations,
});
const valuesOf = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => ({ value: seededId('user', first + i) }));

/** A change is a body; `n` is 0 for the first one, and no two have the same. */
const changes: Readonly<Record<string, (n: number) => readonly [status: number, path: string, body: object]>> = {
  'the name of a user': (n) => [
    200,
    `/Users/${seededId('user', 101 + n)}`,
    patchOf({ op: 'replace', path: 'displayName', value: `Other ${String(n)}` }),
  ],
  '`active`': (n) => [
    200,
    `/Users/${seededId('user', 201 + n)}`,
    patchOf({ op: 'Replace', path: 'active', value: 'False' }),
  ],
  'one member who goes, of 10,000': (n) => [
    204,
    `/Groups/${seededId('group', 1)}`,
    patchOf({ op: 'Remove', path: 'members', value: valuesOf(301 + n, 301 + n) }),
  ],
  'one member who comes, to 10,000': (n) => [
    204,
    `/Groups/${seededId('group', 1)}`,
    patchOf({ op: 'Add', path: 'members', value: valuesOf(20_001 + n, 20_001 + n) }),
  ],
  '1,000 members who come': (n) => [
    204,
    `/Groups/${seededId('group', 2 + n)}`,
    patchOf({ op: 'add', path: 'members', value: valuesOf(30_001 + n, 31_000 + n) }),
  ],
  '1,000 members who go': (n) => [
    204,
    `/Groups/${seededId('group', 2 + n)}`,
    patchOf({ op: 'remove', path: 'members', value: valuesOf(30_001 + n, 31_000 + n) }),
  ],
  'all 10,000 members, one of whom is new': (n) => [
    204,
    `/Groups/${seededId('group', 1)}`,
    patchOf({ op: 'replace', path: 'members', value: valuesOf(1 + n, 10_000 + n) }),
  ],
  'all members, of whom 10,000 are new': (n) => [
    204,
    `/Groups/${seededId('group', 3_000 + n)}`,
    patchOf({ op: 'replace', path: 'members', value: valuesOf(40_001, 50_000) }),
  ],
  'all members, of whom 10,000 go': (n) => [
    204,
    `/Groups/${seededId('group', 3_000 + n)}`,
    patchOf({ op: 'replace', path: 'members', value: [] }),
  ],
  'the name of a group of 10,000': (n) => [
    204,
    `/Groups/${seededId('group', 1)}`,
    patchOf({ op: 'replace', path: 'displayName', value: `Group ${String(n)} of many` }),
  ],
  'the externalId of a group of 10,000': (n) => [
    204,
    `/Groups/${seededId('group', 1)}`,
    patchOf({ op: 'replace', path: 'externalId', value: `many-${String(n)}` }),
  ],
};

async function measureChanges(name: string, kubepass: Kubepass): Promise<readonly Row[]> {
  const connector = await connectorOf(kubepass);
  const timed: { readonly change: string; readonly times: readonly number[] }[] = [];
  for (const [change, make] of Object.entries(changes)) {
    const times: number[] = [];
    for (let n = 0; n < timesOfChanges; n++) {
      const [status, path, body] = make(n);
      const octets = Buffer.from(JSON.stringify(body));
      const began = performance.now();
      await connector.expect(status, 'PATCH', `/scim/v2${path}`, octets, { 'content-type': 'application/json' });
      times.push(performance.now() - began);
    }
    timed.push({ change, times });
  }
  connector.close();
  const slowestOf = (what: string, of: typeof timed): Row => {
    const sorted = of.toSorted((one, other) => median(other.times) - median(one.times));
    const details = sorted.map(({ change, times }) => `${change} ${inUnit(median(times), 'ms')}`).join('; ');
    const text = `${name}, ${counted(sizes.large)} users: the slowest of ${String(of.length)} PATCHes ${what}`;
    return figureOf(text, sorted[0]!.times, 'ms', { target: { atMost: mostMilliseconds }, details });
  };
  const givesAll = ({ change }: { readonly change: string }) => change.startsWith('all ');
  return [
    slowestOf('that give all members of a group', timed.filter(givesAll)),
    slowestOf(
      'of other kinds',
      timed.filter((one) => !givesAll(one)),
    ),
  ];
}

/** Certificates for CSRs, with a directory and without one in turns. */
async function compareDeciding(
  name: string,
  job: SigningJob,
  services: { readonly many: Kubepass; readonly none: Kubepass },
  { rounds, secondsPerRound }: Extent,
): Promise<readonly Row[]> {
  const laneOf = (kubepass: Kubepass) => {
    const load = loadOf(kubepass, job, mostPerSecond);
    kubepass.hold();
    return {
      begin: () => kubepass.release(),
      end: () => kubepass.hold(),
      async once() {
        const meter = () => kubepass.service.processorMilliseconds();
        const { perSecond, answered, before, after } = await measureThroughput(load, secondsPerTurn, meter);
        return { perSecond, cpu: (after - before) / answered };
      },
    };
  };
  const lanes = { many: laneOf(services.many), none: laneOf(services.none) };
  await takeTurns(warmUpTurns, lanes, (lane) => lane.once());
  const pairs = rounds * Math.ceil((2 * secondsPerRound) / secondsPerTurn);
  const { many, none } = await takeTurns(pairs, lanes, (lane) => lane.once());
  const ratios = many.map(({ cpu }, i) => cpu / none[i]!.cpu);
  const rates = many.map(({ perSecond }, i) => perSecond / none[i]!.perSecond);
  const inRound = Math.ceil(pairs / rounds);
  return [
    {
      what: `${name}: processor time for a certificate with ${counted(sizes.large)} users in the directory, as a multiple of that without a directory`,
      figure: median(ratios),
      unit: 'times',
      byRound: Array.from({ length: rounds }, (_, i) => median(ratios.slice(i * inRound, (i + 1) * inRound))),
      target: { atMost: mostForDeciding },
      details: `${String(pairs)} pairs; ${significant(median(rates))} of the rate`,
    },
  ];
}
