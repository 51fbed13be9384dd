import { createPrivateKey } from 'node:crypto';
import { openPostgresqlStore } from '../../../src/store/postgresql/open-postgresql-store.js';
import { openSqliteStore } from '../../../src/store/sqlite/open-sqlite-store.js';
import { anEventAt, now, recordEvents, retentionOn } from '../../helpers/retention.js';

/** Archives the log of a database, a file or a URL, in a process of its own, and records new events meanwhile. */
const [, , database = '', directory = '', key = ''] = process.argv;
const store = database.startsWith('postgresql:')
  ? await openPostgresqlStore({ url: database, readConnections: 3 })
  : await openSqliteStore({ file: database });
const privateKey = createPrivateKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'pkcs8' });
const publicKey = Buffer.from(privateKey.export({ format: 'jwk' }).x ?? '', 'base64url');
const { archived } = await retentionOn(store, directory, { signer: { privateKey, publicKey }, eventsPerFile: 1024 });
process.send?.('begins');
const running = new AbortController();
const recording = (async () => {
  while (!running.signal.aborted) await recordEvents(store, 3, () => anEventAt(now));
})();
await archived.run();
running.abort();
await recording;
await store.close();
process.send?.('ends');
