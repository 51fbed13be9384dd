// Tests src/log/archive-events.ts, src/log/prove-log.ts, src/log/audit-event-routes.ts,
// src/store/tables/audit-archive-table.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GrowingTree, leafHash } from '../../../src/audit/merkle-tree.js';
import { archivesIn, recordEvents, retentionOn, verdictOn, type TestRetention } from '../../helpers/retention.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { as, type Answer } from '../../http/support/call.js';
import { startService, type TestService } from '../../http/support/service.js';
import { showsInclusion } from '../../helpers/shows-inclusion.js';

const directory = temporaryDirectory();
let service: TestService;
let retention: TestRetention;
let requestId: string;
/** The answers before anything was archived. */
let before: { readonly request: unknown; readonly certificates: unknown; readonly leaves: readonly Buffer[] };

const audrey = (path: string) => service.as('audrey')('get', `/v1${path}`);
const ndjson = (path: string) => audrey(path).set('accept', 'application/x-ndjson');
const linesOf = ({ text }: Answer) => text.split('\n').slice(0, -1);

beforeAll(async () => {
  service = await startService();
  const asked = await service
    .as('hr-system')('post', '/v1/kubeconfigs')
    .send({ cluster: 'demo', username: 'jane', groups: ['ops-a'] })
    .expect(202);
  requestId = (asked.headers['location'] ?? '').split('/').at(-1) ?? '';
  await service
    .as('bob')('post', `/v1/certificate-requests/${requestId}/deny`)
    .send({ comment: 'not this one' })
    .expect(200);
  await recordEvents(service.store, 900);
  before = {
    request: (await audrey(`/certificate-requests/${requestId}`).expect(200)).body,
    certificates: (await audrey('/certificates').expect(200)).body,
    leaves: linesOf(await ndjson('/audit-events').expect(200)).map((line) => leafHash(Buffer.from(line))),
  };
  // The first events are as new as this test, so everything is old 40 days later.
  let days = 40;
  const clock = () => new Date(Date.now() + days * 86_400_000);
  retention = await retentionOn(service.store, directory.path, { clock, eventsPerFile: 512 });
  await retention.archived.run();
  // A file that is not full is made once a day.
  days += 1;
  await retention.archived.run();
});
afterAll(async () => {
  await service.close();
  directory.remove();
});

describe('a log whose first events are archived', () => {
  it('says where it begins, and goes on behind cursors and instants that lie before', async () => {
    expect(archivesIn(directory.path)).toHaveLength(2);
    const { body } = await audrey('/audit-events?limit=1').expect(200);
    expect(body).toMatchObject({ firstSeq: 769, items: [{ seq: 769 }] });
    const cursor = Buffer.from(JSON.stringify(['audit-events/oldest', '100'])).toString('base64url');
    const behind = (await audrey(`/audit-events?limit=1&cursor=${cursor}`).expect(200)).body;
    expect(behind).toMatchObject({ firstSeq: 769, items: [{ seq: 769 }] });
    const early = (await audrey('/audit-events?before=2026-01-01T00:00:00Z').expect(200)).body;
    expect(early).toEqual({ firstSeq: 769, items: [], nextCursor: null });
    const ofRequest = (await audrey(`/audit-events?requestId=${requestId}`).expect(200)).body;
    expect(ofRequest).toEqual({ firstSeq: 769, items: [], nextCursor: null });
    expect((await audrey('/audit-events?limit=1&afterSeq=100').expect(200)).body).toEqual(body);
    const newest = as.events(await audrey('/audit-events?order=newest&limit=500').expect(200)).items;
    expect(newest.at(-1)?.seq).toBe(769);
    const told = as.events(await audrey('/audit-events?type=AuditEventsArchived').expect(200)).items;
    expect(told.map(({ details }) => [details['from'], details['to'], details['file']])).toEqual([
      [1, 512, 'audit-000000000001-000000000512.ndjson'],
      [513, 768, 'audit-000000000513-000000000768.ndjson'],
    ]);
  });

  it('is exported from there on, and verifies behind its archives', async () => {
    const plain = await ndjson('/audit-events').expect(200);
    expect(plain.headers['kubepass-first-seq']).toBe('769');
    expect(linesOf(plain)[0]).toContain('"seq":769,');
    await retention.checkpoints.sign();
    const exported = await ndjson('/audit-events?hashes=true').expect(200);
    expect(exported.headers['kubepass-first-seq']).toBe('769');
    const file = join(directory.path, 'export.ndjson');
    writeFileSync(file, exported.text);
    const archives = archivesIn(directory.path).map((name) => join(directory.path, name));
    const verdict = await verdictOn([...archives, file], await retention.key());
    expect(verdict).toMatchObject({ exitCode: 0, fault: null, events: verdict.vouchedFor });
    expect(await verdictOn([file], await retention.key())).toMatchObject({
      exitCode: 1,
      fault: { reason: 'NotInOrder' },
    });
  });

  it('says how much of it was checked', async () => {
    const { seq } = await service.store.auditEvents.head();
    expect((await audrey('/audit-events/verification').expect(200)).body).toMatchObject({
      ...{ valid: true, archivedEvents: 768, firstInvalidSeq: null },
      events: seq,
    });
  });

  it('proves events that it does not have any more', async () => {
    const size = 900;
    const tree = new GrowingTree();
    for (const leaf of before.leaves.slice(0, size)) tree.append(leaf);
    for (const seq of [1, 255, 256, 257, 768, 769]) {
      const { body } = await audrey(`/audit-events/${seq}/proof?size=${size}`).expect(200);
      const hashes = (body as { hashes: string[] }).hashes.map((text) => Buffer.from(text, 'base64'));
      const proven = showsInclusion({ index: seq - 1, size, leaf: before.leaves[seq - 1]! }, hashes, tree.root());
      expect(proven, `event ${seq}`).toBe(true);
    }
    await audrey('/audit-events/consistency?from=100&to=700').expect(200);
  });

  it('leaves requests and certificates as they were', async () => {
    expect((await audrey(`/certificate-requests/${requestId}`).expect(200)).body).toEqual(before.request);
    expect(before.request).toMatchObject({
      timeline: [
        { type: 'CertificateRequested', principal: 'hr-system' },
        { type: 'RequestDenied', principal: 'bob', message: 'not this one' },
      ],
    });
    expect((await audrey('/certificates').expect(200)).body).toEqual(before.certificates);
  });
});
