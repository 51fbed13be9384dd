import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freshDatabase, type DatabaseSource } from '../../helpers/postgresql/databases.js';
import type { PostgresqlServer } from '../../helpers/postgresql/server.js';
import type { Peers } from './build-peers.js';
import { startCfssl } from './cfssl.js';
import type { Contender, SigningJob } from './contender.js';
import { expectCertificate } from './expect-certificate.js';
import { startKubepass } from './kubepass.js';
import { startStepCa } from './step-ca.js';

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

/** A PostgreSQL on which databases can be made. */
export interface DatabaseServer extends DatabaseSource {
  readonly server: PostgresqlServer;
}

/** Starts every contender that is available, checks that it issues the right certificate, and holds it. */
export async function startContenders(
  directory: string,
  job: SigningJob,
  { cfssl, stepCa }: Peers,
  postgresql: DatabaseServer | null,
): Promise<Contenders> {
  const starts: Partial<Record<ContenderName, (directory: string) => Promise<Contender>>> = {
    sqlite: (own) => startKubepass(own, job),
    ...(postgresql && { postgresql: (own) => startOnPostgresql(own, job, postgresql) }),
    ...(cfssl && {
      cfssl: (own) => startCfssl(cfssl, own, job, { certdb: false }),
      certdb: (own) => startCfssl(cfssl, own, job, { certdb: true }),
    }),
    ...(stepCa && { stepCa: (own) => startStepCa(stepCa, own, job) }),
  };
  const running: Partial<Record<ContenderName, Contender>> = {};
  try {
    for (const [name, start] of Object.entries(starts) as [ContenderName, (own: string) => Promise<Contender>][]) {
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
async function startOnPostgresql(directory: string, job: SigningJob, source: DatabaseServer): Promise<Contender> {
  const { server } = source;
  const { url } = await freshDatabase(source);
  const service = await startKubepass(directory, job, url);
  return {
    ...service,
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
}
