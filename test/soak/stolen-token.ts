/**
 * `npm run soak:stolen-token` tries for a minute what a thief can do with a token, with the default budgets, beside a portal that
 * goes on with its work. It ends with 1 if the portal gets another answer than it should, waits too long, or the data dir grows
 * more than the budgets allow.
 *
 *   -- --seconds N       default 60
 *   -- --connections N   of the thief; default 32
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { KeptConnections } from '../bench/kept-connections.js';
import { csrFor } from '../helpers/csr.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { SoakedService } from './soaked-service.js';

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, connections: { type: 'string', default: '32' } },
});
const seconds = Number(options.seconds);
/** The portal’s calls begin so often. */
const everyMilliseconds = 50;
/** 20 MB of audit log and 6,000 requests with certificates and their indexes, for each minute that has begun. */
const mostMebibytes = 60 * (1 + Math.ceil(seconds / 60));
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

/** Tries everything that keeps something or takes a processor, until `isOver`. Answers how often each status came. */
async function steal(thief: KeptConnections, isOver: () => boolean): Promise<ReadonlyMap<string, number>> {
  const archive = gzipSync(Buffer.alloc(2 ** 26), { level: 9 });
  const long = 'x'.repeat(1000);
  const groups = Array.from({ length: 32 }, (_, i) => `team-${String(i)}-${'g'.repeat(50)}`);
  const attempts: readonly Parameters<KeptConnections['send']>[] = [
    ['POST', '/v1/certificate-requests', { username: 'thief', groups, reason: long }],
    ['POST', '/v1/certificate-requests', { username: 'thief', groups: ['system:masters'], reason: long }],
    ['POST', '/v1/kubeconfigs', { username: 'thief', groups: ['team-a'], keyAlgorithm: 'RSA-4096' }],
    ['POST', '/v1/kubeconfigs', { username: 'thief', groups: ['team-a'] }],
    ['POST', '/v1/policies/evaluate', { username: 'thief', groups }],
    ['POST', '/v1/inspections', archive],
    ['GET', '/v1/audit-events'],
    ['POST', '/v1/identities/somebody/block', { reason: 'superseded' }],
    ['DELETE', '/v1/api-tokens/none'],
    ['GET', '/v1/whoami'],
  ];
  const seen = new Map<string, number>();
  await Promise.all(
    Array.from({ length: Number(options.connections) }, async (_, connection) => {
      const attempt = attempts[connection % attempts.length] ?? attempts[0];
      while (attempt !== undefined && !isOver()) {
        const { status } = await thief.send(...attempt);
        const what = `${attempt[1]} ${String(status)}`;
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
  const connectionsOf = async (name: string) => {
    const made = await api.expect(201, 'POST', '/v1/api-tokens', { name, roles: ['requester'] });
    return new KeptConnections(origin, (JSON.parse(made) as { token: string }).token);
  };
  const [portal, thief, person] = [
    await connectionsOf('portal'),
    await connectionsOf('thief'),
    await connectionsOf('thief'),
  ];
  const { pem } = await csrFor('somebody', ['team-a']);
  await work(portal, pem, 2_000);
  const quiet = await work(portal, pem, 5_000);
  const before = mebibytesIn(directory.path);
  let over = false;
  const stealing = steal(thief, () => over);
  const beside = await work(portal, pem, seconds * 1000);
  // The person of whom one token was stolen still reads and ends access with another one.
  await person.expect(200, 'GET', '/v1/whoami');
  const { status: ending } = await person.send('POST', '/v1/identities/somebody/block', { reason: 'superseded' });
  if (ending === 429) throw new Error('soak: the thief has spent what the person needs to end access');
  over = true;
  const seen = await stealing;
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
  person.close();
  if (grown > mostMebibytes || percentile(beside, 0.9) > mostMilliseconds) {
    console.error(`soak: at most ${String(mostMebibytes)} MiB and ${String(mostMilliseconds)} ms are allowed`);
    process.exitCode = 1;
  }
} finally {
  await service?.stop();
  directory.remove();
}
