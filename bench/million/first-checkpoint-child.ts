import type * as CheckpointsModule from '../../src/log/sign-checkpoints.js';
import type { Store } from '../../src/store/store.js';
import type * as PostgresqlStore from '../../src/store/postgresql/open-postgresql-store.js';
import type * as SqliteStore from '../../src/store/sqlite/open-sqlite-store.js';
import { newCheckpointSigner } from '../../test/helpers/checkpoint-signer.js';
import { CompiledSources } from '../compiled-sources.js';
import { monotonicMilliseconds } from '../turns/recorded-turns.js';
import type { SignedFirst } from './first-checkpoint.js';

/**
 * Signs the first checkpoint of the log in the database of its first argument, a file or a URL, in a process of its own
 * and with the compiled sources. The log is as it was when it had as many events as the second argument says.
 */
const [, , database = '', size = ''] = process.argv;
const compiled = CompiledSources.build();
const { Checkpoints } = await compiled.import<typeof CheckpointsModule>('log/sign-checkpoints');

async function openStore(): Promise<Store> {
  if (database.startsWith('postgresql:')) {
    const place = 'store/postgresql/open-postgresql-store';
    return (await compiled.import<typeof PostgresqlStore>(place)).openPostgresqlStore({ url: database });
  }
  const { openSqliteStore } = await compiled.import<typeof SqliteStore>('store/sqlite/open-sqlite-store');
  return openSqliteStore({ file: database, writerThread: true });
}

/** The same events, the last of which is not behind `most`. */
const upTo = (events: Store['auditEvents'], most: number): Store['auditEvents'] =>
  new Proxy(events, {
    get(target, name) {
      if (name === 'head') return async () => ({ ...(await target.head()), seq: most });
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });

const quiet = { info: () => undefined, warn: () => undefined, error: console.error };
const store = await openStore();
const checkpoints = new Checkpoints({
  store: { ...store, auditEvents: upTo(store.auditEvents, Number(size)) },
  signers: [newCheckpointSigner()],
  ...{ retiresOthers: false, owner: 'bench', soleProcess: true, deliveriesOf: () => [] },
  ...{ clock: () => new Date(), log: quiet },
});
await checkpoints.open();
const before = process.cpuUsage();
const began = monotonicMilliseconds();
const signed = await checkpoints.sign();
const { user, system } = process.cpuUsage(before);
const period = { began, ended: monotonicMilliseconds() };
process.send?.({ size: signed?.size ?? 0, cpuSeconds: (user + system) / 1e6, period } satisfies SignedFirst);
await store.close();
