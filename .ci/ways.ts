// How many files and functions one call enters in the service's main thread, because a reader of the call goes the same
// way. Ends with 1 if a way is longer than its limit. usage: ways.ts [--list WAY], which prints the files of that way.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { on, once } from 'node:events';
import type { Profiler } from 'node:inspector';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ApiClient, type Ask } from '../scripts/quickstart/api-client.js';
import { fromSources, ServiceProcess } from '../scripts/quickstart/service-process.js';
import { csrFor } from '../packages/x509/test/helpers/csr.js';
import { freePort } from '../test/helpers/free-ports.js';

type Reply = Pick<Response, 'status'> & { readonly body: string };

interface Way {
  readonly mostFiles: number;
  readonly mostFunctions: number;
  readonly status: number;
  /** Makes what the call needs, and answers the call, which is measured. */
  readonly prepare: (number: number) => Promise<() => Promise<Reply>>;
}

/** The call goes to a warm service with a local CA on SQLite, by a credential that it knows already. */
const ways: Readonly<Record<string, Way>> = {
  // First, because a service that has a directory looks at more.
  whoami: { mostFiles: 26, mostFunctions: 110, status: 200, prepare: async () => () => send('GET', '/v1/whoami') },
  request: { mostFiles: 92, mostFunctions: 565, status: 201, prepare: askWithCsr },
  kubeconfig: { mostFiles: 93, mostFunctions: 535, status: 201, prepare: async () => askForKubeconfig },
  inspection: { mostFiles: 77, mostFunctions: 475, status: 200, prepare: async () => inspectCertificate },
  leaver: { mostFiles: 70, mostFunctions: 430, status: 200, prepare: joinAndLeave },
};

async function askWithCsr(number: number): Promise<() => Promise<Reply>> {
  const { pem } = await csrFor(`jane-${number}`, ['viewers']);
  return () => send('POST', '/v1/certificate-requests', { json: { csr: pem, cluster: 'demo' } });
}

function askForKubeconfig(): Promise<Reply> {
  return send('POST', '/v1/kubeconfigs', { json: { username: 'jane', groups: ['viewers'], cluster: 'demo' } });
}

function inspectCertificate(): Promise<Reply> {
  return send('POST', '/v1/inspections', { json: { name: 'jane.crt', content: certificate } });
}

/** A person of the directory with one certificate leaves. */
async function joinAndLeave(number: number): Promise<() => Promise<Reply>> {
  const userName = `leaver-${number}`;
  const user = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName, active: true };
  const { id } = JSON.parse((await send('POST', '/scim/v2/Users', { token: directory, json: user })).body) as {
    id: string;
  };
  await send('POST', '/v1/kubeconfigs', { json: { username: userName, groups: ['viewers'], cluster: 'demo' } });
  const change = {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'active', value: false }],
  };
  return () => send('PATCH', `/scim/v2/Users/${id}`, { token: directory, json: change });
}

/** Calls as the admin, if not said otherwise, on a connection that is kept. */
async function send(method: string, path: string, { token = admin, json }: Ask = {}): Promise<Reply> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(json !== undefined && { 'content-type': 'application/json' }),
  };
  const body = json === undefined ? null : JSON.stringify(json);
  const answer = await fetch(`${origin}${path}`, { method, headers, body });
  return { status: answer.status, body: await answer.text() };
}

/**
 * `FILE OFFSET` of each function that was called since the last time; that of a module itself, which imports call, is
 * none.
 */
async function takeEntered(): Promise<ReadonlySet<string>> {
  const { result } = (await profiler('Profiler.takePreciseCoverage')) as Profiler.TakePreciseCoverageReturnType;
  const entered = new Set<string>();
  for (const { url, functions } of result) {
    const file = url.startsWith(root) ? url.slice(root.length).replace(/\?.*/, '') : '';
    if (!/^(?:src|packages)\//.test(file) || /node_modules\/|\/generated\//.test(file)) continue;
    for (const { functionName, ranges } of functions) {
      const [{ count, startOffset } = { count: 0, startOffset: 0 }] = ranges;
      if (count > 0 && (functionName !== '' || startOffset > 0)) entered.add(`${file} ${startOffset}`);
    }
  }
  return entered;
}

/**
 * The functions that each of some calls enters, because the service's own timers may come between. On a busy machine
 * they come between nearly every time, so a way that seems too long is called up to 60 times.
 */
async function measure(way: Way, name: string): Promise<Length> {
  let common: ReadonlySet<string> | undefined;
  for (let number = 1; number <= 10 || (number <= 60 && isTooLong(lengthOf(common), way)); number++) {
    const call = await way.prepare(number);
    // The service knows a credential for a moment only.
    for (const token of [admin, directory, admin, directory]) {
      await sleep(200);
      await send('GET', '/v1/whoami', { token });
    }
    await takeEntered();
    const reply = await call();
    // Some of it goes on after the answer. The service looks twice a second for what other replicas did, which is none
    // of the call: in so short a time it comes between some calls and not between all.
    await sleep(100);
    const entered = await takeEntered();
    if (reply.status !== way.status) throw new Error(`${name}: ${reply.status} ${reply.body}`);
    // The first two warm it up.
    if (number > 2) common = common?.intersection(entered) ?? entered;
  }
  return lengthOf(common);
}

interface Length {
  /** The functions of each file. */
  readonly files: Partial<Record<string, string[]>>;
  readonly functions: number;
}

function lengthOf(entered: ReadonlySet<string> = new Set()): Length {
  return { files: Object.groupBy([...entered].sort(), (name) => name.split(' ')[0] ?? ''), functions: entered.size };
}

const isTooLong = ({ files, functions }: Length, { mostFiles, mostFunctions }: Way): boolean =>
  Object.keys(files).length > mostFiles || functions > mostFunctions;

/** Talks to the inspector of the service's main thread, which says in the log where it listens. */
async function inspect(log: string): Promise<(method: string, params?: object) => Promise<unknown>> {
  const url = /ws:\/\/\S+/.exec(readFileSync(log, 'utf8'))?.[0] ?? '';
  const socket = new WebSocket(url);
  await once(socket, 'open');
  let calls = 0;
  return async (method, params = {}) => {
    const id = ++calls;
    socket.send(JSON.stringify({ id, method, params }));
    for await (const [event] of on(socket, 'message') as AsyncIterable<[{ readonly data: string }]>) {
      const answer = JSON.parse(event.data) as { id?: number; result?: unknown; error?: { message: string } };
      if (answer.id !== id) continue;
      if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
      return answer.result;
    }
    throw new Error(`${method}: the service has ended`);
  };
}

const { values: options } = parseArgs({ options: { list: { type: 'string' } } });
const root = new URL('..', import.meta.url).href;
const certificate = readFileSync(new URL('../packages/inspect/corpus/user/input.pem', import.meta.url), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'kubepass-ways-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const port = await freePort();
const log = join(folder, 'log');
const service = new ServiceProcess(
  { KUBEPASS_DATA_DIR: join(folder, 'data'), KUBEPASS_HOST: '127.0.0.1', KUBEPASS_PORT: `${port}` },
  log,
  ['--inspect=127.0.0.1:0', ...fromSources],
);
const client = await ApiClient.of({ host: '127.0.0.1', tls: null }, port);
await service.untilReady(client);
const { origin } = client;
const profiler = await inspect(log);
await profiler('Profiler.enable');
await profiler('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
const admin = readFileSync(join(folder, 'data', 'admin-token'), 'utf8').trim();
const made = await send('POST', '/v1/api-tokens', { json: { name: 'ways', roles: ['directory'] } });
const { token: directory } = JSON.parse(made.body) as { token: string };

console.log('way         files  at most  functions  at most');
for (const [name, way] of Object.entries(ways)) {
  if (options.list !== undefined && options.list !== name) continue;
  const length = await measure(way, name);
  const { files, functions } = length;
  const columns = [`${Object.keys(files).length}`.padStart(5), `${way.mostFiles}`.padStart(8)];
  columns.push(`${functions}`.padStart(10), `${way.mostFunctions}`.padStart(8));
  console.log([name.padEnd(11), ...columns].join(' '));
  if (options.list === name)
    for (const [file, entered = []] of Object.entries(files)) console.log(`${entered.length}`.padStart(4), file);
  if (isTooLong(length, way)) {
    console.log(`${name} is longer than its limit: npm run ci:ways -- --list ${name} names its files`);
    process.exitCode = 1;
  }
}
service.signal('SIGKILL');
process.exit();
