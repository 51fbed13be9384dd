// Tests src/http/hooks/request-input.ts, src/directory/scim/scim-input.ts, src/policy/workers/draft-pool.ts
import { beforeEach, expect, it } from 'vitest';
import { directoryBounds } from '../../../src/model/directory.js';
import { draftMemory } from '../../../src/policy/workers/draft-pool.js';
import { contract } from '../../http/support/contract.js';
import { everyRoute } from '../../http/support/every-route.js';
import { largeValues, longValues } from '../../http/support/large-values.js';
import { probed, slowness } from '../../http/support/probe.js';
import { useProcesses, type ServingProcess } from '../../http/support/serving-process.js';

const mebibyte = 1024 * 1024;
const draftHeap = draftMemory.evaluate.heapMegabytes + draftMemory.evaluate.youngMegabytes;
const ordinaryOctets = 64 * 1024;
/** The values that a body of another route than SCIM's may hold. */
const ordinaryValues = 10_000;

type Body = readonly [what: string, make: () => string];

const mark = '"the place"';
/** The value at the mark. */
const at = (marked: object, what: string, values: Readonly<Record<string, () => string>>): readonly Body[] => {
  const [before = '', behind = ''] = JSON.stringify(marked).split(mark);
  return Object.entries(values).map(([name, make]) => [`${what}: ${name}`, () => `${before}${make()}${behind}`]);
};

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}
interface Media {
  readonly schema: Schema;
  readonly example?: object;
  readonly examples?: Readonly<Record<string, { readonly value: object }>>;
}

function membersOf(schema: Schema): readonly (readonly [string, Schema])[] {
  const name = schema.$ref?.split('/').at(-1);
  const found = name === undefined ? schema : (contract.components.schemas[name] as Schema);
  return Object.entries(found.properties ?? {});
}

/** The costly values in turn, because each of them at each of the thousand members would take minutes. */
let turn = 0;
function inTurn(costly: Readonly<Record<string, () => string>>): Readonly<Record<string, () => string>> {
  turn += 1;
  return Object.fromEntries(Object.entries(costly).filter((_, i) => (i + turn) % 3 === 0));
}

/** The costly values instead of a body and of a member that nobody knows, and a third of them for each known member. */
function bodiesOf(template: string, method: string, octets: number): readonly Body[] {
  const operation = contract.paths[template]?.[method] as unknown as
    { readonly requestBody?: { readonly content: Readonly<Record<string, Media>> } } | undefined;
  const media = operation?.requestBody?.content['application/json'];
  const example = media?.example ?? Object.values(media?.examples ?? {})[0]?.value ?? {};
  const room = octets - JSON.stringify(example).length - 64;
  const few = largeValues(room, ordinaryValues - 100);
  const more = largeValues(room, Infinity);
  const costly = {
    ...few,
    'more numbers than are taken': more.numbers,
    'more numbers in a member': more['numbers in a member'],
    'more members': more.members,
  };
  return [
    ...Object.entries(costly),
    ...at({ ...example, unknown: 'the place' }, 'unknown', { ...costly, ...longValues(room) }),
    ...membersOf(media?.schema ?? {}).flatMap(([name, schema]) => [
      ...at({ ...example, [name]: 'the place' }, name, inTurn(costly)),
      ...membersOf(schema).flatMap(([inner]) =>
        at({ ...example, [name]: { [inner]: 'the place' } }, inner, inTurn(costly)),
      ),
    ]),
  ];
}

const uris = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  patch: 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
  search: 'urn:ietf:params:scim:api:messages:2.0:SearchRequest',
};

const octets = directoryBounds.body;
const few = largeValues(octets - 1024, directoryBounds.json.maxValues - 100);
const all = {
  ...few,
  ...longValues(octets - 1024),
  'more numbers than are taken': () => `[${'1,'.repeat(octets / 2 - 999)}1]`,
};

function searchesOf(): readonly Body[] {
  const search = { schemas: [uris.search] };
  return [
    ...at({ ...search, unknown: 'the place' }, 'unknown', all),
    ...['filter', 'attributes'].flatMap((one) => at({ ...search, [one]: 'the place' }, one, few)),
  ];
}

function resourcesOf(isUser: boolean, ids: readonly string[]): readonly Body[] {
  const { members, operations, emails } = directoryBounds;
  const resource = { schemas: [isUser ? uris.user : uris.group], userName: newName, displayName: newName };
  const given = (length: number) =>
    Array.from({ length }, (_, i) => ({ value: ids[i] ?? `nobody-${i}`, display: 'x'.repeat(60), type: 'User' }));
  const paths = Array.from({ length: operations - 9 }, (_, i) => [
    `emails[type eq "${i % emails}" and primary eq ${i % 2 === 0}].value${' '.repeat(i)}`,
    `${i}@corp.example`,
  ]);
  return [
    ...at({ ...resource, unknown: 'the place' }, 'unknown', all),
    ...['emails', 'members', 'name', uris.user].flatMap((one) => at({ ...resource, [one]: 'the place' }, one, few)),
    ['as many members as are taken', () => JSON.stringify({ ...resource, members: given(members) })],
    ['as many paths as are taken', () => JSON.stringify({ ...resource, ...(Object.fromEntries(paths) as object) })],
  ];
}

function patchesOf(ids: readonly string[]): readonly Body[] {
  const { members, operations, emails } = directoryBounds;
  const patch = (...Operations: readonly object[]) => ({ schemas: [uris.patch], Operations });
  const each =
    (operation: (i: number) => object): (() => string) =>
    () =>
      JSON.stringify(patch(...Array.from({ length: operations }, (_, i) => operation(i))));
  const long = 'x'.repeat(60);
  const twenty = (i: number) =>
    Array.from({ length: emails }, (_, j) => ({ value: `${i}${long}`, type: `${long}${j}`, primary: j === i }));
  const some = (op: string, from: number, length: number) => ({
    op,
    path: 'members',
    value: Array.from({ length }, (_, i) => ({ value: ids[from + i] ?? `nobody-${from + i}` })),
  });
  const conditions = Array(9).fill(`value eq "0${long}"`).join(' and ');
  return [
    ...at(patch({ op: 'add', path: 'unknown', value: 'the place' }), 'unknown', all),
    ...['add', 'replace', 'remove'].flatMap((op) => [
      ...['emails', 'members'].flatMap((path) => at(patch({ op, path, value: 'the place' }), `${op} ${path}`, few)),
      ...at(patch({ op, value: 'the place' }), `${op} without a path`, few),
      [`${op} twenty emails a thousand times`, each((i) => ({ op, path: 'emails', value: twenty(i) }))] as const,
      [`${op} as many members as are taken`, () => JSON.stringify(patch(some(op, 0, members)))] as const,
      [
        `${op} a member a thousand times`,
        each((i) => ({ op, path: `members[value eq "${ids[i] ?? ''}"]`, value: [] })),
      ] as const,
    ]),
    [
      'select emails by many conditions a thousand times',
      each((i) =>
        i === 0
          ? { op: 'replace', path: 'emails', value: twenty(0) }
          : { op: 'replace', path: `emails[${conditions}].type`, value: `${long}${i}` },
      ),
    ],
    ['add and remove the same members', each((i) => some(i % 2 === 0 ? 'add' : 'remove', 0, members / operations))],
  ];
}

const { start } = useProcesses();
let served: ServingProcess;
let address: string;
beforeEach(async () => {
  served = start({ environment: { KUBEPASS_BUDGETS: 'off' } });
  address = await served.address();
}, 120_000);

async function call(method: string, url: string, token: string, body: string | Buffer) {
  const type = url.startsWith('/scim') ? 'application/scim+json' : 'application/json';
  const headers = { authorization: `Bearer ${token}`, 'content-type': type };
  const response = await fetch(`${address}${url}`, { method, headers, body });
  return { status: response.status, text: await response.text() };
}

async function create(url: string, token: string, body: object): Promise<Readonly<Record<string, string>>> {
  const { status, text } = await call('POST', url, token, JSON.stringify(body));
  expect(status, text).toBe(201);
  return JSON.parse(text) as Record<string, string>;
}

const tokenFor = async (role: string): Promise<string> =>
  (await create('/v1/api-tokens', served.adminToken(), { name: `the-${role}`, roles: [role] }))['token'] ?? '';

/** The octets of the largest body that a route takes: it answers 413 to a larger one. */
async function largestOf(method: string, url: string, token: string): Promise<number> {
  for (const octets of [mebibyte + ordinaryOctets, mebibyte])
    if ((await call(method, url, token, `"${'x'.repeat(octets - 2)}"`)).status !== 413) return octets;
  return ordinaryOctets;
}

/** Stands for a name that nobody has yet. */
const newName = 'the-name-of-nobody';
let made = 0;

/** A body is costly if it is so in all of them. */
const tries = 5;

/** The bodies for which another caller waits too long, or which take too much memory. */
async function tooCostly(
  method: string,
  url: string,
  token: string,
  bodies: readonly Body[],
  mostMebibytes = 64,
): Promise<readonly string[]> {
  const found: string[] = [];
  const isCostly = async (what: string, make: () => string): Promise<string | null> => {
    made += 1;
    const body = Buffer.from(make().replaceAll(newName, `name-${made}`));
    const { value, p99, growth } = await probed({ address, pid: served.child.pid ?? 0 }, () =>
      call(method, url, token, body),
    );
    if (!(p99 > 100 && p99 > 100 * slowness()) && growth <= mostMebibytes * mebibyte) return null;
    return `${method} ${url} answers ${value.status}, ${what}: ${Math.round(p99)} ms, ${Math.round(growth / mebibyte)} MiB`;
  };
  for (const [what, make] of bodies) {
    // A collection of the whole heap, or other work of the machine, may fall into some calls. A body that costs much
    // does so each time.
    let figures = await isCostly(what, make);
    for (let again = 1; figures && again < tries; again += 1) figures = await isCostly(what, make);
    if (figures) found.push(figures);
  }
  return found;
}

const takesBody = ({ method }: { readonly method: string }) => ['POST', 'PUT', 'PATCH'].includes(method);

it('lets nobody wait longer for the largest body of any route', async () => {
  const admin = served.adminToken();
  const directory = await tokenFor('directory');
  for (const { method, path } of (await everyRoute()).filter(takesBody).filter(({ path }) => path.startsWith('/v1/'))) {
    const url = path
      .replace(':name', 'demo')
      .replace(':fingerprintSha256', 'a'.repeat(64))
      .replace(/:(id|username)/, 'msg_01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f');
    const octets = await largestOf(method, url, admin);
    const bodies = bodiesOf(path.replaceAll(/:(\w+)/g, '{$1}'), method.toLowerCase(), octets);
    expect(await tooCostly(method, url, admin, bodies)).toEqual([]);
    expect(await tooCostly(method, url, directory, bodies.slice(0, 3))).toEqual([]);
  }
}, 900_000);

it('lets nobody wait longer for the largest body of any route of SCIM', async () => {
  const token = await tokenFor('directory');
  const ids: string[] = [];
  for (let i = 0; i < 1_000; i += 1)
    ids.push((await create('/scim/v2/Users', token, { schemas: [uris.user], userName: `person-${i}` }))['id'] ?? '');
  const members = ids.map((value) => ({ value }));
  const group = await create('/scim/v2/Groups', token, { schemas: [uris.group], displayName: 'large', members });
  for (const { method, path } of (await everyRoute())
    .filter(takesBody)
    .filter(({ path }) => path.startsWith('/scim/'))) {
    const isUser = path.includes('Users');
    const url = path.replace(':id', (isUser ? ids[0] : group['id']) ?? '');
    if ((await call(method, url, token, '{}')).status === 405) continue;
    const bodies = path.endsWith('.search')
      ? searchesOf()
      : method === 'PATCH'
        ? patchesOf(ids)
        : resourcesOf(isUser, ids);
    expect(await tooCostly(method, url, token, bodies)).toEqual([]);
    expect(await tooCostly(method, url, served.adminToken(), bodies.slice(0, 3))).toEqual([]);
  }
}, 900_000);

const groups = Array.from({ length: 32 }, (_, i) => `"${'e'.repeat(61)}${i}"`).join(',');

/** Documents of policies, as many as fit into a body. */
const documents = (make: (i: number) => string): (() => string) => {
  const parts: string[] = [];
  for (let i = 0, left = mebibyte - 4096; left > 0; i += 1) {
    const next = JSON.stringify(`${make(i)}\n---\n`).slice(1, -1);
    left -= next.length;
    if (left > 0) parts.push(next);
  }
  return () => `{"username":"jane","groups":[${groups}],"policies":["${parts.join('')}"]}`;
};

const guardrail = (i: number, spec: string) =>
  `{apiVersion: kubepass/v1,kind: Guardrail,metadata: {name: g${i}},spec: {selector: {},message: x,${spec}}}`;
/** The slowest expression that the analyzer permits: nearly as many steps as there may be. */
const slowest = 'request.groups.map(a, request.groups.map(b, (a + b).split("e").size() >= 0).size() >= 0).size() >= 0';

it('lets nobody wait longer for the largest drafts of policies', async () => {
  const auditor = await tokenFor('auditor');
  const conditions = Array.from({ length: 50 }, (_, i) => `{name: c${i}, expression: ${JSON.stringify(slowest)}}`);
  const bodies: readonly Body[] = [
    ['guardrails', documents((i) => guardrail(i, 'match: {groups: [x]}'))],
    ['guardrails with many globs', documents((i) => guardrail(i, `match: {groups: [${'"*a*b*c*",'.repeat(900)}]}`))],
    ['expressions', documents((i) => guardrail(i, `matchConditions: [${conditions.join(',')}]`))],
    ['deep lists', documents(() => '['.repeat(500_000))],
    ['faults', documents(() => 'a')],
    ['aliases', documents((i) => `a${i}: &a${i} [x]\nb${i}: [*a${i}, *a${i}]`)],
    ['members', documents((i) => `{${Array.from({ length: 10_000 }, (_, j) => `k${i}x${j}: 1`).join(',')}}`)],
  ];
  for (const url of ['/v1/policies/evaluate', '/v1/policies/replay']) {
    const own = bodies.map(
      ([what, make]) =>
        [what, () => (url.endsWith('replay') ? make().replace(/^.*?"policies"/, '{"policies"') : make())] as const,
    );
    // The worker that reads drafts has a heap of its own.
    expect(await tooCostly('POST', url, auditor, own, 64 + draftHeap)).toEqual([]);
  }
}, 900_000);
