import { setTimeout } from 'node:timers/promises';
import { compose } from '../../src/compose/compose.js';
import { loadConfig } from '../../src/config/config.js';
import { readEnvironment } from '../../src/config/env.js';
import { connector } from './directory-connector.js';

/**
 * Tells the service of people who left, each in another way, and of a group that has no members any more, in a process of its
 * own; as a provider repeats it where no answer came. The service's own work goes on beside it.
 */
const [, , patched = '', deleted = '', group = ''] = process.argv;
const ignore = () => undefined;
const log = { info: ignore, warn: ignore, error: ignore };
const { services, store, begin, close } = await compose(loadConfig(readEnvironment()), log);
const { scim } = services;
process.send?.('begins');
await begin();
await scim.changeUser(connector, patched, null, (before) => ({ ...before, active: false }));
await scim.deleteUser(connector, deleted, null);
await scim.changeGroup(connector, group, null, { attributes: {}, members: [{ kind: 'replace', ids: [] }] });
while ((await store.directory.losses(0n, 1)).length > 0) await setTimeout(20);
await close();
process.send?.('ends');
