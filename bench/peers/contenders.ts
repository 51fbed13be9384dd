import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freshDatabase, query } from '../../test/helpers/postgresql/databases.js';
import type { Peers } from './build-peers.js';
import { certdbInFile, startCfssl } from './cfssl.js';
import type { Contender, SigningJob } from './contender.js';
import { postgresqlVersion, type DatabaseServer } from './database-server.js';
import { expectCertificate } from './expect-certificate.js';
import { startKubepass, type Kubepass } from './kubepass.js';
import { startStepCa } from './step-ca.js';
import { postgresqlStorage, type Storage } from './storage.js';

/** The contenders, and their names in the table and the chart. */
export const contenderNames = {
  sqlite: 'kubepass on SQLite',
  postgresql: 'kubepass on PostgreSQL',
  cfssl: 'cfssl without a database',
  certdb: 'cfssl with certdb on SQLite',
  certdbPostgresql: 'cfssl with certdb on PostgreSQL',
  stepCa: 'step-ca on badger',
  stepCaPostgresql: 'step-ca on PostgreSQL',
} as const;
export type ContenderName = keyof typeof contenderNames;

/** The contenders that are the service. */
export const ourNames = ['sqlite', 'postgresql'] as const;
export const isOurs = (name: ContenderName): boolean => ourNames.some((ours) => ours === name);

export type Contenders = Partial<Readonly<Record<ContenderName, Contender>>> &
  Partial<Readonly<Record<(typeof ourNames)[number], Kubepass>>>;

/** Starts one contender with its files in a directory of its own; a second start uses the same files and database. */
export type Start = (directory: string) => Promise<Contender>;

/** The starts of the available contenders. Contenders on PostgreSQL have databases of their own on one server. */
export async function contenderStarts(
  job: SigningJob,
  { cfssl, stepCa }: Peers,
  postgresql: DatabaseServer | null,
): Promise<Partial<Readonly<Record<ContenderName, Start>>>> {
  const on = postgresql && {
    ours: await freshDatabase(postgresql),
    certdb: await freshDatabase({ ...postgresql, template: 'template0' }),
    stepCa: await freshDatabase({ ...postgresql, template: 'template0' }),
  };
  if (on && cfssl) await query(on.certdb.ownerUrl, (client) => client.query(cfssl.certdbSchema.pg));
  return {
    sqlite: (own) => startKubepass(own, job),
    ...(on && {
      postgresql: onServer(postgresql, on.ours.url, (own, databaseUrl) => startKubepass(own, job, { databaseUrl })),
    }),
    ...(cfssl && {
      cfssl: (own) => startCfssl(cfssl, own, job, null),
      certdb: (own) => startCfssl(cfssl, own, job, certdbInFile(own, cfssl.certdbSchema.sqlite)),
    }),
    ...(cfssl &&
      on && {
        certdbPostgresql: onServer(postgresql, on.certdb.ownerUrl, (own, url, storage) =>
          startCfssl(cfssl, own, job, { driver: 'postgres', source: `${url}?sslmode=disable`, storage }),
        ),
      }),
    ...(stepCa && { stepCa: (own) => startStepCa(stepCa, own, job, null) }),
    ...(stepCa &&
      on && {
        stepCaPostgresql: onServer(postgresql, on.stepCa.ownerUrl, (own, url) => startStepCa(stepCa, own, job, url)),
      }),
  };
}

/** Starts every contender that is available, checks that it issues the right certificate, and holds it. */
export async function startContenders(
  directory: string,
  job: SigningJob,
  peers: Peers,
  postgresql: DatabaseServer | null,
): Promise<Contenders> {
  const starts = await contenderStarts(job, peers, postgresql);
  const running: Partial<Record<ContenderName, Contender>> = {};
  try {
    for (const [name, start] of Object.entries(starts) as [ContenderName, Start][]) {
      const own = join(directory, name);
      mkdirSync(own);
      const contender = (running[name] = await start(own));
      await expectCertificate(contenderNames[name], contender, job);
      contender.hold();
    }
    return running as Contenders;
  } catch (error) {
    await stopContenders(running as Contenders);
    throw error;
  }
}

export async function stopContenders(contenders: Contenders): Promise<void> {
  for (const contender of Object.values(contenders)) await contender.stop();
}

/**
 * A contender together with its database on the server. The server is held with it, because neither its background work
 * nor that for another contender must slow down the one that has its turn.
 */
function onServer(
  { server, adminUrl }: DatabaseServer,
  url: string,
  start: (directory: string, url: string, storage: Storage) => Promise<Contender>,
): Start {
  const name = new URL(url).pathname.slice(1);
  const storage = postgresqlStorage(adminUrl, name);
  return async (directory) => {
    // The contender before may have left it held.
    server.release();
    const contender = await start(directory, url, storage);
    return {
      ...contender,
      database: {
        pid: server.pid(),
        async connectionsMade() {
          server.release();
          const sql = 'SELECT "sessions"::int AS "made" FROM "pg_stat_database" WHERE "datname" = $1';
          const { rows } = await query(adminUrl, (client) => client.query<{ made: number }>(sql, [name]));
          server.hold();
          return rows[0]?.made ?? NaN;
        },
      },
      storage,
      hold: () => {
        contender.hold();
        server.hold();
      },
      release: () => {
        server.release();
        contender.release();
      },
      stop: () => {
        server.release();
        return contender.stop();
      },
    };
  };
}

/** The versions of the programs that are compared, for readers of the figures. */
export const versionsOf = ({ cfssl, stepCa }: Peers, postgresql: DatabaseServer | null): readonly string[] => [
  ...(postgresql ? [postgresqlVersion()] : []),
  ...(cfssl ? [`cfssl ${cfssl.version}`] : []),
  ...(stepCa ? [`step-ca ${stepCa.version}`] : []),
];
