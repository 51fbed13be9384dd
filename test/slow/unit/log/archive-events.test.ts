// Tests src/log/archive-events.ts, src/log/archive-directory.ts, src/audit/archive-reading.ts,
// src/audit/verify-files.ts
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '../../../../src/audit/hash-chain.js';
import {
  GrowingTree,
  isConsistent,
  leafHash,
  consistencyProof,
  inclusionProof,
} from '../../../../src/audit/merkle-tree.js';
import { verifyFiles } from '../../../../src/audit/verify-files.js';
import type { ArchiveFiles } from '../../../../src/log/archive-events.js';
import { timelineOf } from '../../../../src/requests/read-requests.js';
import { newId } from '../../../../src/model/new-id.js';
import type { Restoration } from '../../../../src/model/restoration.js';
import { insertRestoration } from '../../../../src/store/tables/restoration-table.js';
import { insertRequest } from '../../../../src/store/tables/write-request.js';
import { sha256 } from '@kubepass/x509';
import {
  archivesIn,
  longAgo,
  now,
  recordEvents,
  retentionOn,
  verdictOn,
  verdictOnAll,
} from '../../../helpers/retention.js';
import { onPostgresql } from '../../../helpers/test-store.js';
import { newCheckpointSigner } from '../../../helpers/checkpoint-signer.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';
import { anEvent, aRequest, testStore } from '../../../unit/store/records.js';
import { showsInclusion } from '../../../helpers/shows-inclusion.js';

const directory = temporaryDirectory();
let archiveDir: string;
let n = 0;
beforeEach(() => {
  archiveDir = join(directory.path, String(++n));
  mkdirSync(archiveDir);
});
afterEach(() => {
  rmSync(archiveDir, { recursive: true, force: true });
});

const nameOf = (from: number, to: number) =>
  `audit-${String(from).padStart(12, '0')}-${String(to).padStart(12, '0')}.ndjson`;
const dayMilliseconds = 86_400_000;

describe('old events', () => {
  it('move to archives, which verify together with the database; proofs, chain and log stay as they were', async () => {
    const { store, query } = await testStore();
    const count = 20_000;
    await recordEvents(store, count);
    await recordEvents(store, 1000, (i) => anEvent({ at: now, details: { username: `new-${i}` } }));
    let today = now;
    const options = { clock: () => today, eventsPerFile: 8192 };
    const { archived, checkpoints, key } = await retentionOn(store, archiveDir, options);
    const leaves: Buffer[] = [];
    for (let seq = 0; ;) {
      const texts = await store.auditEvents.canonicalTexts(seq, 1000);
      if (texts.length === 0) break;
      leaves.push(...texts.map((text) => leafHash(Buffer.from(text))));
      seq += texts.length;
    }
    const rootAt = (size: number) => {
      const tree = new GrowingTree();
      for (const leaf of leaves.slice(0, size)) tree.append(leaf);
      return tree.root();
    };

    await archived.run();
    // A file that is not full waits for the next day.
    expect(archivesIn(archiveDir)).toEqual([nameOf(1, 8192), nameOf(8193, 16_384)]);
    today = new Date(now.getTime() + dayMilliseconds);
    await archived.run();

    // The newest record among the old events may have others behind it, and only complete tiles are archived.
    expect(archivesIn(archiveDir)).toEqual([nameOf(1, 8192), nameOf(8193, 16_384), nameOf(16_385, 19_968)]);
    const last = await store.auditArchives.last();
    expect(last).toMatchObject({ firstSeq: 16_385, lastSeq: 19_968, file: nameOf(16_385, 19_968) });
    const file = readFileSync(join(archiveDir, last!.file));
    expect(last!.sha256).toBe(sha256(file));
    expect(statSync(join(archiveDir, last!.file)).mode & 0o777).toBe(0o600);
    const [rows] = await query('SELECT MIN("lastSeq") AS "first", COUNT(*) AS "n" FROM "AuditRecord"');
    expect(Number(rows?.['first'])).toBeGreaterThan(19_968);
    expect(Number(rows?.['n'])).toBeLessThan(400);

    const { seq: end } = await store.auditEvents.head();
    expect(await verifyChain(store.auditEvents)).toMatchObject({
      ...{ valid: true, archivedEvents: 19_968, events: end, firstInvalidSeq: null },
    });
    await checkpoints.sign();
    expect(await verdictOnAll(archiveDir, store, await key())).toMatchObject({
      ...{ exitCode: 0, events: end, vouchedFor: end, fault: null },
    });

    // Proofs of events that left the database, and between sizes of which one or both did.
    const { tree } = checkpoints;
    for (const [seq, size] of [
      [1, 300],
      [256, 256],
      [257, 19_968],
      [8192, 21_000],
      [19_968, 21_000],
    ] as const) {
      const proof = await inclusionProof(tree, seq - 1, size);
      expect(showsInclusion({ index: seq - 1, size, leaf: leaves[seq - 1]! }, proof, rootAt(size)), `${seq}`).toBe(
        true,
      );
    }
    for (const [from, to] of [
      [1, 255],
      [255, 257],
      [1000, 19_968],
      [300, 21_000],
      [19_968, 20_999],
    ] as const) {
      const proof = await consistencyProof(tree, from, to);
      expect(isConsistent({ size: from, root: rootAt(from) }, { size: to, root: rootAt(to) }, proof)).toBe(true);
    }

    const events = await store.auditEvents.list({ type: 'AuditEventsArchived' }, { limit: 10, cursor: null });
    expect(events.items.map(({ details }) => [details['from'], details['to'], details['file']])).toEqual([
      [1, 8192, nameOf(1, 8192)],
      [8193, 16_384, nameOf(8193, 16_384)],
      [16_385, 19_968, nameOf(16_385, 19_968)],
    ]);
    expect(events.firstSeq).toBe(19_969);
  });

  it('are left alone where they are not old, not many enough, or not yet due again', async () => {
    const { store } = await testStore();
    await recordEvents(store, 254);
    let today = longAgo;
    const { archived } = await retentionOn(store, archiveDir, { clock: () => today, eventsPerFile: 512 });
    await archived.run();
    today = now;
    await archived.run();
    expect(archivesIn(archiveDir)).toEqual([]);
    await recordEvents(store, 300);
    await archived.run();
    expect(archivesIn(archiveDir)).toEqual([nameOf(1, 512)]);
    await recordEvents(store, 300);
    today = new Date(today.getTime() + dayMilliseconds - 1);
    await archived.run();
    expect(archivesIn(archiveDir)).toHaveLength(1);
    today = new Date(today.getTime() + 1);
    await archived.run();
    // Between the old events stands the one that told of the archive, and it is new: all behind it waits for it.
    expect(archivesIn(archiveDir)).toHaveLength(1);
    today = new Date(today.getTime() + 40 * dayMilliseconds);
    await archived.run();
    expect(archivesIn(archiveDir)).toEqual([nameOf(1, 512), nameOf(513, 768)]);
  });

  it('leave behind what requests show of them', async () => {
    const { store, commit } = await testStore();
    const request = aRequest({ state: 'denied' });
    await commit(
      [insertRequest(request)],
      [
        anEvent({ at: longAgo, requestId: request.id, principal: 'hr' }),
        anEvent({ type: 'ApprovalRecorded', at: longAgo, requestId: request.id, principal: null, details: {} }),
      ],
    );
    await commit(
      [],
      [
        anEvent({
          ...{ type: 'RequestDenied', at: longAgo, requestId: request.id, principal: 'bob' },
          details: { comment: 'no "way" \u0000 ü' },
        }),
      ],
    );
    await recordEvents(store, 600);
    await commit(
      [],
      [anEvent({ type: 'DecisionRefused', at: now, requestId: request.id, details: { message: 'late' } })],
    );
    const before = await timelineOf(store, request.id);
    expect(before.map(({ type, principal, message }) => [type, principal, message])).toEqual([
      ['CertificateRequested', 'hr', null],
      ['ApprovalRecorded', null, null],
      ['RequestDenied', 'bob', 'no "way" \u0000 ü'],
      ['DecisionRefused', 'hr', 'late'],
    ]);
    const { archived } = await retentionOn(store, archiveDir);
    await archived.run();
    expect(await store.auditEvents.ofRequest(request.id)).toHaveLength(1);
    expect(await timelineOf(store, request.id)).toEqual(before);
  });
});

describe('archiving', () => {
  const restoration: Restoration = {
    id: newId(now, randomBytes),
    detectedBy: 'command',
    ...{ detectedAt: now, events: 300, knownUntil: longAgo, signedEvents: 600 },
    ...{ acknowledgedAt: null, acknowledgedBy: null },
  };

  /** Ends the work at a point, as if the process died there. */
  const dyingAt =
    (point: keyof ArchiveFiles, when: 'before' | 'after', on = 1) =>
    (files: ArchiveFiles): ArchiveFiles => {
      let calls = 0;
      return new Proxy(files, {
        get(target, name: keyof ArchiveFiles) {
          const method = target[name].bind(target) as (...args: unknown[]) => Promise<unknown>;
          if (name !== point) return method;
          return async (...args: unknown[]) => {
            calls += 1;
            if (calls === on && when === 'before') throw new Error('the process died');
            const result = await method(...args);
            if (calls === on) throw new Error('the process died');
            return result;
          };
        },
      });
    };

  it.each([
    ['before the file is written', dyingAt('write', 'before')],
    ['when the file is written', dyingAt('write', 'after')],
    ['while the file is read again', dyingAt('read', 'before')],
    ['before the log tells of it', dyingAt('read', 'after')],
    ['before its events are deleted', dyingAt('read', 'after', 2)],
  ])('goes on with what is there after it ended %s', async (_, files) => {
    const { store } = await testStore();
    await recordEvents(store, 700);
    const signer = newCheckpointSigner();
    const { archived } = await retentionOn(store, archiveDir, { signer, files });
    await expect(archived.run()).rejects.toThrow('the process died');
    const next = await retentionOn(store, archiveDir, { signer });
    await recordEvents(store, 500);
    await next.archived.run();
    await next.archived.run();
    expect(archivesIn(archiveDir)).toHaveLength(1);
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true });
    expect(await verdictOnAll(archiveDir, store, await next.key())).toMatchObject({ exitCode: 0, fault: null });
    expect(await store.auditArchives.unpruned()).toEqual([]);
  });

  it('deletes nothing where the archive was changed, or is gone, after the log told of it', async () => {
    const { store, query } = await testStore();
    await recordEvents(store, 700);
    const { archived } = await retentionOn(store, archiveDir, { files: dyingAt('read', 'after', 2) });
    await expect(archived.run()).rejects.toThrow();
    const count = async () => Number((await query('SELECT COUNT(*) AS "n" FROM "AuditRecord"'))[0]?.['n']);
    const before = await count();
    const path = join(archiveDir, nameOf(1, 512));
    const whole = readFileSync(path);
    const other = await retentionOn(store, archiveDir);

    writeFileSync(path, Buffer.concat([whole, Buffer.from('\n')]));
    await expect(other.archived.run()).rejects.toThrow('was changed since the log told of it');
    writeFileSync(path, whole.subarray(0, whole.indexOf('\n') + 1));
    await expect(other.archived.run()).rejects.toThrow('was changed since the log told of it');
    writeFileSync(path, whole.subarray(0, 5000));
    await expect(other.archived.run()).rejects.toThrow('cannot be read');
    rmSync(path);
    await expect(other.archived.run()).rejects.toThrow('cannot be read');
    expect(await count()).toBeGreaterThanOrEqual(before);
    writeFileSync(path, whole);
    await other.archived.run();
    expect(await count()).toBeLessThan(before);
  });

  it('stops where the directory is lost, is no directory, or is another one', async () => {
    const { store } = await testStore();
    await recordEvents(store, 700);
    const lost = join(archiveDir, 'lost');
    const { archived } = await retentionOn(store, lost);
    await expect(archived.run()).rejects.toThrow('the directory of the archives cannot be used');
    expect(existsSync(lost)).toBe(false);
    writeFileSync(lost, '');
    await expect(archived.run()).rejects.toThrow(`${lost} is no directory`);
    rmSync(lost);
    mkdirSync(lost);
    await archived.run();
    const [name = ''] = archivesIn(lost);
    await recordEvents(store, 3000);
    // As where a file system is not mounted.
    renameSync(lost, `${lost}-not-mounted`);
    mkdirSync(lost);
    const later = await retentionOn(store, lost, { clock: () => new Date(now.getTime() + 90 * dayMilliseconds) });
    await expect(later.archived.run()).rejects.toThrow(`the last archive, ${name}, is not in the directory`);
    expect(archivesIn(lost)).toEqual([]);
    rmSync(lost, { recursive: true });
    renameSync(`${lost}-not-mounted`, lost);
    await later.archived.run();
    expect(archivesIn(lost)).toHaveLength(2);
  });

  it('takes no file that is not of this log', async () => {
    const { store } = await testStore();
    await recordEvents(store, 700);
    const other = await testStore();
    await recordEvents(other.store, 700, (i) => anEvent({ at: longAgo, details: { username: `other-${i}` } }));
    await (await retentionOn(other.store, archiveDir)).archived.run();
    const path = join(archiveDir, nameOf(1, 512));
    const { archived } = await retentionOn(store, archiveDir);
    await expect(archived.run()).rejects.toThrow(/is no archive of this log, move it away: /);
    for (const content of ['', 'x\n', '{"checkpoint":"x"}\n']) {
      writeFileSync(path, content);
      await expect(archived.run()).rejects.toThrow(/is no archive of this log, move it away: /);
      expect(readFileSync(path, 'utf8')).toBe(content);
    }
    renameSync(path, join(archiveDir, nameOf(1, 2048)));
    await expect(archived.run()).rejects.toThrow('has events that this log does not have: move it away');
    expect(await store.auditArchives.last()).toBeNull();
    rmSync(join(archiveDir, nameOf(1, 2048)));
    await archived.run();
    expect(await store.auditArchives.last()).toMatchObject({ lastSeq: 512 });
  });

  it('archives nothing of a log that is damaged', async () => {
    const opened = await testStore();
    await recordEvents(opened.store, 700);
    const { archived } = await retentionOn(opened.store, archiveDir);
    const drop = onPostgresql
      ? 'DROP TRIGGER "AuditRecord_no_change" ON "AuditRecord"'
      : 'DROP TRIGGER "AuditRecord_no_update"';
    await opened.execute(
      `${drop}; UPDATE "AuditRecord" SET "events" = replace("events", 'team-a', 'team-b') WHERE "lastSeq" = 150`,
    );
    await expect(archived.run()).rejects.toThrow('the audit log is damaged: event 148 does not follow');
    expect(archivesIn(archiveDir)).toEqual([]);
    expect(await opened.store.auditArchives.last()).toBeNull();
  });

  it('archives nothing whose hashes were changed together with the events', async () => {
    const opened = await testStore();
    await recordEvents(opened.store, 300);
    const { checkpoints } = await retentionOn(opened.store, archiveDir);
    await checkpoints.sign();
    await recordEvents(opened.store, 300);
    // Another log takes the place of the one whose tiles and checkpoint are here.
    const other = await testStore();
    await recordEvents(other.store, 610, (i) => anEvent({ at: longAgo, details: { username: `other-${i}` } }));
    const store = { ...opened.store, auditEvents: other.store.auditEvents };
    const mixed = await retentionOn(store, archiveDir);
    await expect(mixed.archived.run()).rejects.toThrow(/hashes|not those that were signed/);
    expect(await opened.store.auditArchives.last()).toBeNull();
    expect(await other.store.auditArchives.last()).toBeNull();
    expect(archivesIn(archiveDir)).toEqual([]);
  });

  it('signs no size that may have been signed before a restore', async () => {
    const { store, commit } = await testStore();
    await recordEvents(store, 700);
    await commit([insertRestoration(restoration)]);
    const { archived } = await retentionOn(store, archiveDir);
    await archived.run();
    expect(archivesIn(archiveDir)).toEqual([nameOf(1, 256)]);
    await recordEvents(store, 700);
    const later = { clock: () => new Date(now.getTime() + 40 * dayMilliseconds), eventsPerFile: 256 };
    const next = await retentionOn(store, archiveDir, { ...later, owner: 'another' });
    await next.archived.run();
    expect(archivesIn(archiveDir)).toEqual(
      [1, 257, 769, 1025].map((from, i) => nameOf(from, [256, 768, 1024, 1280][i]!)),
    );
    expect(await verifyChain(store.auditEvents)).toMatchObject({ valid: true });
  });

  it('signs no such size for a restore that is recorded while the file is written', async () => {
    const { store, commit } = await testStore();
    await recordEvents(store, 700);
    const files = (all: ArchiveFiles): ArchiveFiles =>
      new Proxy(all, {
        get: (target, name: keyof ArchiveFiles) =>
          name === 'write'
            ? async (file: string, lines: AsyncIterable<string>) => {
                await commit([insertRestoration(restoration)]);
                return target.write(file, lines);
              }
            : target[name].bind(target),
      });
    const { archived } = await retentionOn(store, archiveDir, { files });
    await expect(archived.run()).rejects.toThrow('may have been signed with other events before a restore');
    expect(archivesIn(archiveDir)).toEqual([]);
  });

  it('takes a file that was left only once it is on disk, and only as it was written', async () => {
    const { store } = await testStore();
    await recordEvents(store, 700);
    const signer = newCheckpointSigner();
    const died = await retentionOn(store, archiveDir, { signer, files: dyingAt('write', 'after') });
    await expect(died.archived.run()).rejects.toThrow('the process died');
    const path = join(archiveDir, nameOf(1, 512));
    const whole = readFileSync(path, 'utf8');
    const { archived } = await retentionOn(store, archiveDir, { signer });
    for (const [other, why] of [
      [`${whole}x`, 'does not end with a line feed'],
      [whole.replace('{"checkpoint":', '{"checkpoint": '), 'is no archive of this log'],
      [whole.replace('{"checkpoint":', '{"checkpoint":"x","checkpoint":'), 'is no archive of this log'],
    ] as const) {
      writeFileSync(path, other);
      await expect(archived.run()).rejects.toThrow(why);
      expect(await store.auditArchives.last()).toBeNull();
    }
    writeFileSync(path, whole);
    const unsynced = await retentionOn(store, archiveDir, { signer, files: dyingAt('sync', 'before') });
    await expect(unsynced.archived.run()).rejects.toThrow('the process died');
    expect(await store.auditArchives.last()).toBeNull();
    await archived.run();
    expect(await store.auditArchives.last()).toMatchObject({ lastSeq: 512 });
  });

  it('by two processes at once leaves one archive of each event', async () => {
    const opened = await testStore();
    await recordEvents(opened.store, 5000);
    const another = await opened.another();
    const signer = newCheckpointSigner();
    const first = await retentionOn(opened.store, archiveDir, { signer, eventsPerFile: 1024 });
    // Another clock, and so perhaps another range.
    const second = await retentionOn(another, archiveDir, { signer, eventsPerFile: 1280, owner: 'another' });
    const runs = await Promise.allSettled([first.archived.run(), second.archived.run()]);
    // One may find that the other has set its file aside, and tries again later.
    for (const run of runs) if (run.status === 'rejected') expect(String(run.reason)).toMatch(/ENOENT|cannot be read/);
    await first.archived.run();
    await second.archived.run();
    if (another !== opened.store) await another.close();
    const told = await opened.store.auditEvents.list({ type: 'AuditEventsArchived' }, { limit: 100, cursor: null });
    const ranges = told.items.map(({ details }) => [details['from'] as number, details['to'] as number] as const);
    expect(archivesIn(archiveDir)).toEqual(ranges.map(([from, to]) => nameOf(from, to)));
    expect(ranges.every(([from], i) => from === (ranges[i - 1]?.[1] ?? 0) + 1)).toBe(true);
    expect(ranges.at(-1)?.[1]).toBeGreaterThan(3000);
    expect(await verdictOnAll(archiveDir, opened.store, await first.key())).toMatchObject({ exitCode: 0, fault: null });
    expect(await verifyChain(opened.store.auditEvents)).toMatchObject({
      ...{ valid: true, archivedEvents: ranges.at(-1)?.[1] },
    });
  });

  it('takes over the file of a process that signs with another key', async () => {
    const { store } = await testStore();
    await recordEvents(store, 700);
    const died = await retentionOn(store, archiveDir, { files: dyingAt('read', 'before') });
    await expect(died.archived.run()).rejects.toThrow();
    const { archived, key } = await retentionOn(store, archiveDir);
    await archived.run();
    const files = archivesIn(archiveDir).map((name) => join(archiveDir, name));
    expect(await verdictOn(files, await died.key())).toMatchObject({ exitCode: 0, vouchedFor: 512 });
    expect(await verdictOn(files, await key())).toMatchObject({ exitCode: 1, fault: { reason: 'NotACheckpoint' } });
  });
});

describe('verification of archives and database together', () => {
  it('locates what is missing, swapped, twice or edited', async () => {
    const { store } = await testStore();
    await recordEvents(store, 1600);
    const { archived, checkpoints, key: keyOf } = await retentionOn(store, archiveDir, { eventsPerFile: 512 });
    await archived.run();
    await checkpoints.sign();
    const key = await keyOf();
    const names = archivesIn(archiveDir);
    expect(names).toHaveLength(3);
    const paths = names.map((name) => join(archiveDir, name));
    expect(await verdictOnAll(archiveDir, store, key)).toMatchObject({ exitCode: 0 });
    const exported = join(archiveDir, 'export.ndjson');
    const [one = '', two = '', three = ''] = paths;
    const fault = async (...files: string[]) => {
      const { fault: found, exitCode } = await verdictOn(files, key);
      expect(exitCode).toBe(1);
      return found && [found.reason, found.firstSeq, found.lastSeq, found.file];
    };
    const { output } = await verifyFiles([one, three, exported]);
    expect(output).toBe(
      'NOT VALID at events 513 to 1024 (NotInOrder): events 513 to 1024 are missing: event 1025 stands in the place; ' +
        `a file before this one is missing or was cut, or the files stand in another order\nit lies in ${three}\n` +
        'the checkpoint at the end of the export is not checked: that takes --key\n',
    );
    // Archives alone are whole as far as they go.
    expect(await verdictOn([one, two], key)).toMatchObject({ exitCode: 0, vouchedFor: 1024, events: 1024 });
    expect(await fault(two, three, exported)).toEqual(['NotInOrder', 1, 512, two]);
    expect(await fault(exported)).toEqual(['NotInOrder', 1, 1536, exported]);
    expect(await fault(one, three, exported)).toEqual(['NotInOrder', 513, 1024, three]);
    expect(await fault(one, two, exported)).toEqual(['NotInOrder', 1025, 1536, exported]);
    expect(await fault(one, three, two, exported)).toEqual(['NotInOrder', 513, 1024, three]);
    expect(await fault(one, one, two, three, exported)).toEqual(['NotInOrder', 513, 513, one]);
    expect(await fault(exported, one, two, three)).toEqual(['NotInOrder', 1, 1536, exported]);

    const lines = readFileSync(two, 'utf8').split('\n');
    const edited = async (text: string) => {
      writeFileSync(two, text);
      return fault(one, two, three, exported);
    };
    expect(
      await edited(lines.map((line, i) => (i === 100 ? line.replace('user-', 'usar-') : line)).join('\n')),
    ).toEqual([...['OtherHash', 613, 613, two]]);
    expect(await edited(lines.filter((_, i) => i !== 100).join('\n'))).toEqual(['NotInOrder', 613, 613, two]);
    expect(await edited(lines.slice(0, 500).join('\n'))).toEqual(['CutOff', 1012, 1012, two]);
    expect(await edited(lines.slice(0, 500).join('\n') + '\n')).toEqual(['NotInOrder', 1013, 1024, three]);
    // Without its checkpoint, or with another end, its events are the same, and the file is not.
    expect(await edited(lines.slice(0, 512).join('\n') + '\n')).toEqual(['OtherArchive', 513, 1024, two]);
    expect(await edited(lines.slice(0, 513).join('\n'))).toEqual(['CutOff', 1025, 1025, two]);
    writeFileSync(two, lines.join('\n').replace(/"checkpoint":"kubepass/, '"checkpoint":"kubepast'));
    expect(await verdictOn([one, two, three, exported], key)).toMatchObject({
      ...{ exitCode: 1, fault: { reason: 'NotACheckpoint' } },
    });
    writeFileSync(two, lines.join('\n'));
    expect(await verdictOn([one, two, three, exported], key)).toMatchObject({ exitCode: 0 });
  });
});
