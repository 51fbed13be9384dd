import { randomBytes } from 'node:crypto';
import { buildApp } from '../../src/app.js';
import { compose } from '../../src/compose/compose.js';
import { loadConfig } from '../../src/config/config.js';
import { readEnvironment } from '../../src/config/env.js';
import { makeApiToken } from '../../src/identity/api-tokens.js';
import { createLogger } from '../../src/observability/logger.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { mutateJson } from './mutate-text.js';
import { Random } from './random.js';

const user = 'urn:ietf:params:scim:schemas:core:2.0:User';
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const patch = (...Operations: readonly object[]) =>
  JSON.stringify({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations });

/** The bodies of Entra, in both dialects, and of Okta, as their documentation describes them. */
const patches = [
  patch({ op: 'Replace', path: 'active', value: 'False' }),
  patch({ op: 'Add', path: 'emails[type eq "work"].value', value: 'a@corp.example' }),
  patch({ op: 'Add', path: 'members', value: [{ $ref: null, value: '4711' }] }),
  patch({ op: 'Remove', path: 'members', value: [{ $ref: null, value: '4711' }] }),
  patch({ op: 'remove', path: 'members[value eq "4711"]' }),
  patch({ op: 'replace', value: { 'name.givenName': 'A', [`${enterprise}:employeeNumber`]: '1', displayName: 'B' } }),
  patch({ op: 'replace', value: { id: '1', active: false } }),
  patch({ op: 'add', path: `${user}:name.familyName`, value: 'C' }, { op: 'remove', path: 'displayName' }),
  patch({ op: 'replace', path: 'id', value: 'x' }, { op: 'add', path: '__proto__.polluted', value: true }),
  patch({ op: { toString: 1 }, path: 'active', value: true }),
  patch({ op: 'replace', path: 'displayName', value: 'half \ud800' }),
  patch({ op: 'add', value: { constructor: { prototype: { polluted: true } } } }),
];
const filters = [
  'userName eq "jane@corp.example"',
  'emails[type eq "work"].value eq "a@corp.example" and active eq true',
  `${user}:externalId eq "4711"`,
  'displayName eq "a\\u0000b" and members.value eq "x"',
  'externalId eq "half \\ud800"',
];
const pieces = [
  '[',
  ']',
  '"',
  '\\',
  ' eq ',
  ' and ',
  '.',
  ':',
  '(',
  'urn:',
  '\u0000',
  '\ud800',
  '%',
  'true',
  '__proto__',
  '𝒳',
  '9'.repeat(40),
];

export interface DirectoryFuzzOutcome {
  readonly inputs: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
}

/** Sends mutated PATCHes and filters to a service of its own, whole: from the HTTP server to the database. */
export async function fuzzDirectory(options: {
  readonly seed: number;
  readonly inputs: number;
  readonly seconds: number;
}): Promise<DirectoryFuzzOutcome> {
  const folder = temporaryDirectory();
  const logger = createLogger({ level: 'fatal' }, { write: () => undefined });
  const config = loadConfig(
    readEnvironment({
      KUBEPASS_DATA_DIR: folder.path,
      KUBEPASS_POLICIES_DIR: 'policies',
      // All calls come from one principal.
      KUBEPASS_BUDGETS: 'off',
    }),
  );
  const composition = await compose(config, logger, { writerThread: false, cryptoThread: false });
  const app = buildApp(composition.services, { logger, version: '0.0.0-fuzz' });
  try {
    const made = makeApiToken({ name: 'fuzz', roles: ['directory'] }, [], { now: new Date(), random: randomBytes });
    await composition.store.writer.commit({
      operations: [{ op: 'insertApiToken', token: made.token, secretSha256: made.secretSha256 }],
      events: [],
    });
    const headers = { authorization: `Bearer ${made.secret}`, 'content-type': 'application/scim+json' };
    const create = async (url: string, body: object): Promise<string> =>
      (await app.inject({ method: 'POST', url, headers, payload: JSON.stringify(body) })).json<{ id: string }>().id;
    const ids = {
      Users: await create('/scim/v2/Users', { schemas: [user], userName: 'jane@corp.example', active: true }),
      Groups: await create('/scim/v2/Groups', {
        schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
        displayName: 'payments',
      }),
    };
    const known = Object.getOwnPropertyNames(Object.prototype).join();
    const statuses: Record<string, number> = {};
    const failures: string[] = [];
    const end = performance.now() + options.seconds * 1000;
    let inputs = 0;
    for (; inputs < options.inputs && performance.now() < end && failures.length < 20; inputs++) {
      const random = new Random(options.seed, inputs);
      const type = random.pick(['Users', 'Groups'] as const);
      const url = `/scim/v2/${type}`;
      const isFilter = random.once(3);
      const payload = mutateJson(random.pick(patches), random, (octets) => octets);
      const filter = mutatedFilter(random.pick(filters), random);
      const answer = isFilter
        ? await app.inject({ method: 'GET', url: `${url}?count=1&filter=${wellFormed(filter)}`, headers })
        : await app.inject({ method: 'PATCH', url: `${url}/${ids[type]}`, headers, payload });
      statuses[answer.statusCode] = (statuses[answer.statusCode] ?? 0) + 1;
      const told = `input ${inputs} of seed ${options.seed}: ${isFilter ? filter : payload}`.slice(0, 2_000);
      if (answer.statusCode >= 500) failures.push(`${answer.statusCode} for ${told}`);
      if (answer.statusCode === 200 && !isFilter && answer.json<{ id: string }>().id !== ids[type])
        failures.push(`another id for ${told}`);
      if (Object.getOwnPropertyNames(Object.prototype).join() !== known)
        failures.push(`Object.prototype is changed by ${told}`);
    }
    return { inputs, statuses, failures };
  } finally {
    await app.close();
    await composition.close();
    folder.remove();
  }
}

const wellFormed = (filter: string): string => encodeURIComponent(filter.toWellFormed());

function mutatedFilter(filter: string, random: Random): string {
  let mutated = filter;
  for (let times = random.between(1, 3); times > 0; times--) {
    const at = random.below(mutated.length + 1);
    const piece = random.once(20) ? random.pick(pieces).repeat(random.pick([10, 300, 3_000])) : random.pick(pieces);
    const dropped = random.pick([0, 0, 1, 5]);
    mutated = mutated.slice(0, at) + piece + mutated.slice(at + dropped);
  }
  return mutated.slice(0, 5_000);
}
