import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditEvent } from '../src/model/audit-event.js';
import { openSqliteStore } from '../src/store/sqlite/open-sqlite-store.js';
import { exportToFile } from '../test/http/support/export-to-file.js';
import { CompiledSources } from './compiled-sources.js';
import { memoryOf } from './process-figures.js';
import { figureOf, inUnit, type Found } from './report.js';
import { ServiceUnderBench } from './service-under-bench.js';

const events = 1_000_000;
/** How many one commit has; a record of the log holds as many. */
const eventsAtOnce = 100;
const verifications = 3;
/** The limits: MiB on top of the idle service, MiB of the command, and events that it checks in a second. */
const [mostOnTop, mostOfCommand, fewestASecond] = [128, 192, 100_000];
const everyMilliseconds = 20;

/** Measures exports of a long audit log, and their verification offline. */
export async function benchEvidence(directory: string, found: Found): Promise<void> {
  await seed(directory);
  const service = await ServiceUnderBench.start(directory);
  try {
    const noteFile = join(directory, 'checkpoint');
    const keyFile = join(directory, 'keys');
    const at = (path: string) => `http://${service.target.host}:${service.target.port}/v1/audit-events${path}`;
    const fetched = (path: string, file: string, accept: string) =>
      exportToFile(at(path), file, { token: service.token, accept });

    const began = performance.now();
    const size = async () => {
      await fetched('/checkpoint', noteFile, 'text/plain').catch(() => undefined);
      return Number(readFileSync(noteFile, 'utf8').split('\n')[1]);
    };
    while ((await size()) < events) await sleep(200);
    const signed = (performance.now() - began) / 1000;
    await fetched('/checkpoint-keys', keyFile, 'application/json');
    const { items } = JSON.parse(readFileSync(keyFile, 'utf8')) as {
      readonly items: readonly { readonly key: string }[];
    };
    writeFileSync(keyFile, items.map(({ key }) => `${key}\n`).join(''));

    const count = events.toLocaleString('en');
    found(
      figureOf(`the first checkpoint of a log of ${count} events: its time`, [signed], 's', {
        details: 'while the service serves; later ones read new events alone',
      }),
    );
    for (const [kind, query] of [
      ['an export', ''],
      ['an export with hashes', '?hashes=true'],
    ] as const) {
      const file = join(directory, 'export.ndjson');
      const idle = service.memory().now;
      const [taken, peak] = await whilePeaking(service.pid, async () => {
        const start = performance.now();
        await fetched(query, file, 'application/x-ndjson');
        return (performance.now() - start) / 1000;
      });
      const of = `${kind} of ${count} events`;
      found(
        figureOf(`${of}: events`, [events / taken], 'a second', {
          details: `${inUnit(statSync(file).size / 2 ** 20, 'MiB')} over HTTP in ${inUnit(taken, 's')}`,
        }),
        figureOf(`${of}: the memory that the service takes for it`, [Math.max(0, peak - idle)], 'MiB', {
          target: { atMost: mostOnTop },
          details: `on top of ${inUnit(idle, 'MiB')}`,
        }),
      );
      service.hold();
      const runs = [];
      for (let i = 0; i < verifications; i += 1)
        runs.push(await verify([file, '--checkpoint', noteFile, '--key', keyFile]));
      service.release();
      found(
        figureOf(
          `\`kubepass-verify\` on ${of}, with a checkpoint: events`,
          runs.map(({ seconds }) => events / seconds),
          'a second',
          { target: { atLeast: fewestASecond }, details: 'from the start of the process to its end' },
        ),
        figureOf(
          `\`kubepass-verify\` on ${of}: its memory`,
          runs.map(({ peak: mebibytes }) => mebibytes),
          'MiB',
          { target: { atMost: mostOfCommand } },
        ),
      );
      rmSync(file);
    }
  } finally {
    await service.stop();
  }
}

async function seed(directory: string): Promise<void> {
  const dataDir = join(directory, 'data');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const store = await openSqliteStore({ file: join(dataDir, 'kubepass.db') });
  const pending: Promise<unknown>[] = [];
  for (let n = 0; n < events; n += eventsAtOnce) {
    const at = new Date(Date.UTC(2025, 0, 1) + n * 30);
    const one = (i: number) => {
      const details = {
        username: `user-${n + i}@corp.example`,
        groups: ['team-a', 'viewers'],
        keyAlgorithm: 'ECDSA-P256',
      };
      const more = { spkiSha256: 'ab'.repeat(32), expirationSeconds: 86_400, reason: null, collector: 'hr-system' };
      return auditEvent('CertificateRequested', at, 'hr-system', { ...details, ...more } as never, { cluster: 'demo' });
    };
    pending.push(
      store.writer.commit({ operations: [], events: Array.from({ length: eventsAtOnce }, (_, i) => one(i)) }),
    );
    if (pending.length === eventsAtOnce) await Promise.all(pending.splice(0));
  }
  await Promise.all(pending);
  await store.close();
}

/** The result of the work, and the most memory that the process had meanwhile, in MiB. */
async function whilePeaking<Result>(pid: number, work: () => Promise<Result>): Promise<readonly [Result, number]> {
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, memoryOf(pid).now);
  };
  const looking = setInterval(look, everyMilliseconds);
  try {
    const result = await work();
    look();
    return [result, peak];
  } finally {
    clearInterval(looking);
  }
}

async function verify(args: readonly string[]): Promise<{ readonly seconds: number; readonly peak: number }> {
  const program = join(CompiledSources.build().dist, 'kubepass.js');
  const began = performance.now();
  const child = spawn(process.execPath, [program, 'verify', ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  let peak = 0;
  const looking = setInterval(() => {
    try {
      peak = Math.max(peak, memoryOf(child.pid ?? NaN).peak);
    } catch {
      // It has ended.
    }
  }, everyMilliseconds);
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const status = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(looking);
  const seconds = (performance.now() - began) / 1000;
  const { valid, vouchedFor } = JSON.parse(output) as { readonly valid: boolean; readonly vouchedFor: number };
  if (status !== 0 || !valid || vouchedFor < events) throw new Error(`not verified: ${output}`);
  return { seconds, peak: Number.isNaN(peak) ? 0 : peak };
}
