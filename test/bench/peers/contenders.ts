import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freshDatabase } from '../../helpers/postgresql/databases.js';
import type { Peers } from './build-peers.js';
import { startCfssl } from './cfssl.js';
import type { Contender, SigningJob } from './contender.js';
import { postgresqlVersion, type DatabaseServer } from './database-server.js';
import { expectCertificate } from './expect-certificate.js';
import { startKubepass } from './kubepass.js';
import { startStepCa } from './step-ca.js';
import { postgresqlStorage } from './storage.js';

/** The contenders, and their names in the table and the chart. */
export const contenderNames = {
  sqlite: 'kubepass on SQLite',
  postgresql: 'kubepass on PostgreSQL',
  cfssl: 'cfssl without a database',
  certdb: 'cfssl with certdb',
  stepCa: 'step-ca',
} as const;
export type ContenderName = keyof typeof contenderNames;

export type Contenders = Partial<Readonly<Record<ContenderName, Contender>>>;

/** Starts one contender with its files in a directory of its own; a second start uses the same files and database. */
export type Start = (directory: string) => Promise<Contender>;

/** The starts of the contenders that are available. */
export async function contenderStarts(
  job: SigningJob,
  { cfssl, stepCa }: Peers,
  postgresql: DatabaseServer | null,
): Promise<Partial<Readonly<Record<ContenderName, Start>>>> {
  return {
    sqlite: (own) => startKubepass(own, job),
    ...(postgresql && { postgresql: await startsOnPostgresql(job, postgresql) }),
    ...(cfssl && {
      cfssl: (own) => startCfssl(cfssl, own, job, { certdb: false }),
      certdb: (own) => startCfssl(cfssl, own, job, { certdb: true }),
    }),
    ...(stepCa && { stepCa: (own) => startStepCa(stepCa, own, job) }),
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
    return running;
  } catch (error) {
    await stopContenders(running);
    throw error;
  }
}

export async function stopContenders(contenders: Contenders): Promise<void> {
  for (const contender of Object.values(contenders)) await contender.stop();
}

/** The service together with its database. The background work of PostgreSQL must not slow down the others either. */
async function startsOnPostgresql(job: SigningJob, source: DatabaseServer): Promise<Start> {
  const { server } = source;
  const { url } = await freshDatabase(source);
  return async (directory) => {
    const service = await startKubepass(directory, job, url);
    return {
      ...service,
      databasePid: server.pid(),
      storage: postgresqlStorage(source.adminUrl, new URL(url).pathname.slice(1)),
      hold: () => {
        service.hold();
        server.hold();
      },
      release: () => {
        server.release();
        service.release();
      },
      stop: () => {
        server.release();
        return service.stop();
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
