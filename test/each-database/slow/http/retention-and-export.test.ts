// Tests src/log/exported-events.ts, src/log/archive-events.ts, src/log/audit-event-routes.ts
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEventDraft } from '../../../../src/model/audit-event.js';
import type { RouteContext } from '../../../../src/start/route-context.js';
import {
  anEventAt,
  archivesIn,
  longAgo,
  recordEvents,
  retentionOn,
  verdictOn,
  type TestRetention,
} from '../../../helpers/retention.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';
import { startService, type TestService } from '../../../http/support/service.js';
import { withReaders } from '../../../helpers/other-methods.js';

/** More than an export reads at once, so that its end is read after the archive. */
const events = 1_000;
/** The line of an export behind which the service waits for its slow reader, where a test has one. */
const linesOfSlowReader = 300;
const text = 'x'.repeat(1_500);
const large = (i: number): AuditEventDraft => {
  const event = anEventAt(longAgo, i);
  return { ...event, details: { ...event.details, text } } as AuditEventDraft;
};

describe('an export of the audit log while its events are archived', () => {
  const directory = temporaryDirectory();
  const archiveDir = join(directory.path, 'archives');
  let service: TestService;
  let retention: TestRetention;
  let days = 0;
  const clock = () => new Date(Date.now() + days * 86_400_000);
  beforeAll(async () => {
    mkdirSync(archiveDir);
    service = await startService({
      context: readSlowly,
    });
    retention = await retentionOn(service.store, archiveDir, { clock, eventsPerFile: 1024 });
  });
  afterAll(async () => {
    await service.close();
    directory.remove();
  });

  let reads = 0;
  /**
   * Settles once the slow reader reads on. The kernel takes as much as it likes of an answer that nobody reads, up to
   * 33 MB with Linux 6.18, so a reader that only pauses is no slow one.
   */
  let slowReader: Promise<void> = Promise.resolve();
  const readSlowly = (context: RouteContext): RouteContext => {
    const { auditEvents } = context.store;
    let listed = 0;
    const read = async (lines: number) => {
      reads += 1;
      if (lines >= linesOfSlowReader) await slowReader;
    };
    return withReaders(context, 'auditEvents', {
      async links(after, limit) {
        await read(after - (await auditEvents.start()).seq);
        return auditEvents.links(after, limit);
      },
      async list(filter, page) {
        listed = page.cursor === null ? 0 : listed + page.limit;
        await read(listed);
        return auditEvents.list(filter, page);
      },
    });
  };
  const archives = () => archivesIn(archiveDir).map((name) => join(archiveDir, name));
  const archive = async () => {
    // Everything is old then, also what the log tells of the archives before.
    days += 40;
    await retention.archived.run();
  };
  const begin = async (query: string): Promise<IncomingMessage> => {
    const headers = { authorization: `Bearer ${service.tokenOf('audrey')}`, accept: 'application/x-ndjson' };
    const [answer] = (await once(get(`${service.address}/v1/audit-events${query}`, { headers }), 'response')) as [
      IncomingMessage,
    ];
    expect(answer.statusCode).toBe(200);
    return answer;
  };
  /** Reads the rest into a file. Answers whether it came to its end. */
  const isWhole = (answer: IncomingMessage, file: string) =>
    pipeline(answer, createWriteStream(file)).then(
      () => true,
      () => false,
    );
  let files = 0;
  const newFile = () => join(directory.path, `export-${String(files++)}.ndjson`);
  const reasons = () =>
    service
      .log()
      .split('\n')
      .filter((line) => line.includes('events were archived during the export')).length;

  it.each(['?hashes=true', '', '?principal=hr'])(
    'breaks off where a reader is too slow, and says why: /v1/audit-events%s',
    async (query) => {
      await recordEvents(service.store, events, large);
      await retention.checkpoints.sign();
      const told = reasons();
      let readOn: () => void = () => undefined;
      slowReader = new Promise((resolve) => (readOn = resolve));
      const answer = await begin(query);
      await archive();
      readOn();
      const file = newFile();
      expect(await isWhole(answer, file)).toBe(false);
      await expect.poll(() => reasons()).toBe(told + 1);
      // Nobody takes what arrived for all of it.
      if (query === '?hashes=true') {
        const verdict = await verdictOn([file], await retention.key());
        expect(verdict.exitCode).not.toBe(0);
        expect(verdict.fault?.reason ?? verdict.complaints).not.toBe('');
      }

      const again = newFile();
      expect(await isWhole(await begin('?hashes=true'), again)).toBe(true);
      const { seq } = await service.store.auditEvents.head();
      const verdict = await verdictOn([...archives(), again], await retention.key());
      expect(verdict).toMatchObject({ exitCode: 0, fault: null, events: seq });
    },
  );

  it('is not made for HEAD', async () => {
    reads = 0;
    const path = `${service.address}/v1/audit-events?hashes=true`;
    const headers = { authorization: `Bearer ${service.tokenOf('audrey')}`, accept: 'application/x-ndjson' };
    const answer = await fetch(path, { method: 'HEAD', headers });
    expect({ status: answer.status, reads }).toEqual({ status: 200, reads: 0 });
    expect(answer.headers.get('kubepass-first-seq')).toMatch(/^\d+$/);
  });

  it('is whole, or breaks off, and loses nothing, however they meet', async () => {
    await recordEvents(service.store, 2_000, large);
    await retention.checkpoints.sign();
    let over = false;
    const seen = { whole: 0, broken: 0 };
    const exporting = Array.from({ length: 3 }, async () => {
      do {
        const file = newFile();
        const answer = await begin('?hashes=true');
        const first = Number(answer.headers['kubepass-first-seq']);
        if (!(await isWhole(answer, file))) {
          seen.broken += 1;
          continue;
        }
        seen.whole += 1;
        const before = archives().filter((name) => Number(/-(\d+)\.ndjson$/.exec(name)?.[1]) < first);
        const verdict = await verdictOn([...before, file], await retention.key());
        expect(verdict).toMatchObject({ exitCode: 0, fault: null });
      } while (!over);
    });
    for (let i = 0; i < 3; i++) {
      await recordEvents(service.store, 300, large);
      await archive();
    }
    over = true;
    await Promise.all(exporting);
    expect(seen.whole).toBeGreaterThan(0);
    await retention.checkpoints.sign();
    const last = newFile();
    expect(await isWhole(await begin('?hashes=true'), last)).toBe(true);
    const { seq } = await service.store.auditEvents.head();
    expect(await verdictOn([...archives(), last], await retention.key())).toMatchObject({ exitCode: 0, events: seq });
    expect((await service.as('audrey')('get', '/v1/audit-events/verification').expect(200)).body).toMatchObject({
      ...{ valid: true, events: seq },
    });
    console.log(`${String(seen.whole)} exports were whole, and ${String(seen.broken)} broke off`);
  });
});
