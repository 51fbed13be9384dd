import { setTimeout } from 'node:timers/promises';
import { buildApp } from '../../../src/start/app.js';
import { compose } from '../../../src/start/compose.js';
import { loadConfig } from '../../../src/config/config.js';
import { readEnvironment } from '../../../src/config/env.js';
import { uris } from '../../../src/directory/scim/scim-input.js';
import { createLogger } from '../../../src/observability/logger.js';
import { connector } from './directory-connector.js';
import { changeGroup } from '../../../src/directory/change-group.js';
import { changeUser, deleteUser } from '../../../src/directory/change-user.js';

/**
 * Tells the service of people who left, each in another way, and of a group that has no members any more, in a process
 * of its own; as a provider repeats it where no answer came. The service's own work goes on beside it.
 */
const [, , patched = '', deleted = '', replaced = '', group = '', token = ''] = process.argv;
const ignore = () => undefined;
const log = { info: ignore, warn: ignore, error: ignore };
const { context, store, begin, close } = await compose(loadConfig(readEnvironment()), log);
const app = buildApp(context, {
  logger: createLogger({ level: 'fatal' }, { write: ignore }),
});
process.send?.('begins');
await begin();
await changeUser(context, connector, patched, null, (before) => ({ ...before, active: false }));
await deleteUser(context, connector, deleted, null);
const put = await app.inject({
  ...{ method: 'PUT', url: `/scim/v2/Users/${replaced}` },
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
  payload: { schemas: [uris.user], userName: 'replaced', externalId: 'replaced', active: false },
});
if (put.statusCode !== 200) throw new Error(`a PUT is answered with ${put.payload}`);
await changeGroup(context, connector, group, null, { attributes: {}, members: [{ kind: 'replace', ids: [] }] });
while ((await store.directory.losses(0n, 1)).length > 0) await setTimeout(20);
await app.close();
await close();
process.send?.('ends');
