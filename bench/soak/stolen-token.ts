/**
 * `npm run bench:stolen-token` tries for a minute what a thief can do with a token, and another one with that of a
 * connector, with the default budgets, beside a portal that goes on with its work. It ends with 1 if the portal gets
 * another answer than it should, waits too long, or the data dir grows more than the budgets allow.
 *
 *   -- --seconds N       default 60
 *   -- --connections N   of the thief; default 32
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { KeptConnections } from '../kept-connections.js';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { temporaryDirectory } from '../../test/helpers/temporary-directory.js';
import { SoakedService } from './soaked-service.js';

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, connections: { type: 'string', default: '32' } },
});
const seconds = Number(options.seconds);
/** The portal’s calls begin so often. */
const everyMilliseconds = 50;
/** The most that one name adds in a minute (docs/budgets.md), for both names and each minute that has begun. */
const mostMebibytes = 2 * 60 * (1 + Math.ceil(seconds / 60));
/** How long nine in ten of the portal’s calls may take at most. */
const mostMilliseconds = 500;

const percentile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? NaN;

function mebibytesIn(directory: string): number {
  return readdirSync(directory, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(directory, entry.name);
    return sum + (entry.isDirectory() ? mebibytesIn(path) : statSync(path).size / 2 ** 20);
  }, 0);
}

/** Issues and inspects by turns for so long. Answers the milliseconds of each call. */
async function work(portal: KeptConnections, csr: string, milliseconds: number): Promise<readonly number[]> {
  const until = performance.now() + milliseconds;
  const waited: number[] = [];
  const calls: Promise<void>[] = [];
  const timed = async (status: number, ...call: Parameters<KeptConnections['send']>) => {
    const began = performance.now();
    await portal.expect(status, ...call);
    waited.push(performance.now() - began);
  };
  for (let i = 0; performance.now() < until; i++) {
    calls.push(
      i % 2 === 0
        ? timed(201, 'POST', '/v1/kubeconfigs', { username: `user-${String(i)}`, groups: ['team-a'] })
        : timed(200, 'POST', '/v1/inspections', { content: `${csr}\n${csr}` }),
    );
    await sleep(everyMilliseconds);
  }
  await Promise.all(calls);
  return waited;
}

/**
 * Tries everything that keeps something or takes a processor, until `isOver`. Answers how often each status came.
 * `prober`: has another token of the same name for whatever is denied, because denials end all work of a token.
 */
async function steal(
  thief: KeptConnections,
  prober: KeptConnections,
  isOver: () => boolean,
): Promise<ReadonlyMap<string, number>> {
  const archive = gzipSync(Buffer.alloc(2 ** 26), { level: 9 });
  const long = '😀'.repeat(1000);
  const labels = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`label-${String(i)}`, '😀'.repeat(63)]));
  const groups = Array.from({ length: 32 }, (_, i) => `team-${String(i)}-${'g'.repeat(50)}`);
  const attempts: readonly Attempt[] = [
    ['POST', '/v1/certificate-requests', { username: 'thief', groups, reason: long }],
    ['POST', '/v1/certificate-requests', { username: 'thief', groups: ['team-a'], reason: long, labels }],
    ['POST', '/v1/certificate-requests', { username: 'thief', groups: ['team-a'], reason: '\u0001'.repeat(1000) }],
    ['POST', '/v1/kubeconfigs', { username: 'thief', groups: ['team-a'], keyAlgorithm: 'RSA-4096' }],
    ['POST', '/v1/kubeconfigs', { username: 'thief', groups: ['team-a'] }],
    ['POST', '/v1/policies/evaluate', { username: 'thief', groups }],
    ['POST', '/v1/inspections', archive],
    (i) => ['POST', `/v1/identities/somebody-${String(i)}/block`, { reason: 'superseded', comment: long }],
    ['GET', '/v1/whoami'],
  ];
  const denied: readonly Attempt[] = [
    ['POST', '/v1/certificate-requests', { username: 'thief', groups: ['system:masters'], reason: long }],
    ['GET', '/v1/audit-events'],
    ['DELETE', '/v1/api-tokens/none'],
  ];
  const cancels = async () => {
    const { status, text } = await thief.send('POST', '/v1/certificate-requests', {
      username: 'thief',
      groups: ['team-a'],
    });
    if (status !== 201) return 'a request, to be cancelled';
    return [
      'POST',
      `/v1/certificate-requests/${(JSON.parse(text) as { id: string }).id}/cancel`,
      { comment: long },
    ] as const;
  };
  const [some, others] = await Promise.all([
    tryAll(thief, [...attempts, cancels], Number(options.connections), isOver),
    tryAll(prober, denied, denied.length, isOver),
  ]);
  return new Map([...some, ...[...others].map(([what, count]) => [`${what}, by another token`, count] as const)]);
}

/** Keeps as many octets as it can of people in the directory, and takes away what it kept. */
function provision(connector: KeptConnections, isOver: () => boolean): Promise<ReadonlyMap<string, number>> {
  const long = '😀'.repeat(120);
  const emails = Array.from({ length: 20 }, (_, i) => ({ value: `${long}${String(i)}`, type: long }));
  const person = (userName: string) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName,
    displayName: long,
    emails,
  });
  const joins: Attempt = (i) => ['POST', '/scim/v2/Users', person(`joiner-${String(i)}`)];
  let id: string | null = null;
  const renames = async (i: number) => {
    if (id !== null) return ['PUT', `/scim/v2/Users/${id}`, person(`renamed-${String(i)}`)] as const;
    const { status, text } = await connector.send('POST', '/scim/v2/Users', person(`mover-${String(i)}`));
    if (status === 201) id = (JSON.parse(text) as { id: string }).id;
    return 'a person, to be renamed';
  };
  return tryAll(connector, [joins, renames], 4, isOver);
}

type Call = Readonly<Parameters<KeptConnections['send']>>;
/** A call; or what makes the call of a number, or tells what it has tried instead of one. */
type Attempt = Call | ((i: number) => Call | string | Promise<Call | string>);

/** Tries all of them at the same time, until `isOver`. Answers how often each status came. */
async function tryAll(
  caller: KeptConnections,
  attempts: readonly Attempt[],
  connections: number,
  isOver: () => boolean,
): Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number>();
  let tried = 0;
  await Promise.all(
    Array.from({ length: connections }, async (_, connection) => {
      const attempt = attempts[connection % attempts.length] ?? attempts[0];
      while (attempt !== undefined && !isOver()) {
        const call = typeof attempt === 'function' ? await attempt(tried++) : attempt;
        const what =
          typeof call === 'string'
            ? call
            : `${call[0]} ${call[1].replace(/[0-9a-f-]{36}|-\d+/, '…')} ${String((await caller.send(...call)).status)}`;
        seen.set(what, (seen.get(what) ?? 0) + 1);
      }
    }),
  );
  return seen;
}

const directory = temporaryDirectory();
let service: SoakedService | undefined;
try {
  service = await SoakedService.start(directory.path, { KUBEPASS_BUDGETS: '' });
  const { api, origin } = service;
  const connectionsOf = async (name: string, roles: readonly string[] = ['requester']) => {
    const made = await api.expect(201, 'POST', '/v1/api-tokens', { name, roles });
    return new KeptConnections(origin, (JSON.parse(made) as { token: string }).token);
  };
  const [portal, thief, prober, person, connector] = [
    await connectionsOf('portal'),
    await connectionsOf('thief', ['requester', 'provisioner']),
    await connectionsOf('thief'),
    await connectionsOf('thief'),
    await connectionsOf('connector', ['directory']),
  ];
  const { pem } = await csrFor('somebody', ['team-a']);
  await work(portal, pem, 2_000);
  const quiet = await work(portal, pem, 5_000);
  const before = mebibytesIn(directory.path);
  let over = false;
  const stealing = Promise.all([steal(thief, prober, () => over), provision(connector, () => over)]);
  const beside = await work(portal, pem, seconds * 1000);
  // The person of whom one token was stolen still reads and ends access with another one.
  await person.expect(200, 'GET', '/v1/whoami');
  const { status: ending } = await person.send('POST', '/v1/identities/somebody/block', { reason: 'superseded' });
  if (ending === 429) throw new Error('soak: the thief has spent what the person needs to end access');
  over = true;
  const seen = new Map((await stealing).flatMap((statuses) => [...statuses]));
  const grown = mebibytesIn(directory.path) - before;
  const total = [...seen.values()].reduce((sum, count) => sum + count, 0);
  for (const [what, count] of [...seen].toSorted()) console.log(`${what}: ${count.toLocaleString('en')}`);
  const ofPortal = (calls: readonly number[]) =>
    `half within ${percentile(calls, 0.5).toFixed(0)} ms, nine in ten within ${percentile(calls, 0.9).toFixed(0)} ms`;
  console.log(
    `${String(seconds)} s, ${total.toLocaleString('en')} calls of the thief. The portal’s ${String(beside.length)} calls all succeeded: ` +
      `${ofPortal(beside)}; without the thief ${ofPortal(quiet)}. The data dir and the log grew by ${grown.toFixed(0)} MiB.`,
  );
  portal.close();
  thief.close();
  prober.close();
  connector.close();
  person.close();
  if (grown > mostMebibytes || percentile(beside, 0.9) > mostMilliseconds) {
    console.error(`soak: at most ${String(mostMebibytes)} MiB and ${String(mostMilliseconds)} ms are allowed`);
    process.exitCode = 1;
  }
} finally {
  await service?.stop();
  directory.remove();
}
