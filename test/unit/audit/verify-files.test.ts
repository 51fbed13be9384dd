// Tests src/audit/verify-files.ts, src/audit/export-verifier.ts, src/audit/read-lines.ts
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/audit/canonical-json.js';
import { genesis, linkHash } from '../../../src/audit/hash-chain.js';
import { checkpointText } from '../../../src/audit/checkpoint.js';
import { GrowingTree, leafHash } from '../../../src/audit/merkle-tree.js';
import { signNote, verifierKey, type NoteSigner } from '../../../src/audit/signed-note.js';
import { verifyFiles } from '../../../src/audit/verify-files.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const origin = 'kubepass/01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f';

function newSigner(name = origin): NoteSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { name, publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32), privateKey };
}

const signer = newSigner();
const eventOf = (seq: number, username = `user-${seq}`) =>
  canonicalJson({
    at: '2026-03-01T09:30:00.000Z',
    cluster: 'demo',
    details: { username },
    fingerprintSha256: null,
    principal: 'hr-system',
    requestId: null,
    seq,
    type: 'CertificateRequested',
  });
const all = Array.from({ length: 300 }, (_, i) => eventOf(i + 1));

function noteOf(events: readonly string[], by = signer) {
  const tree = new GrowingTree();
  for (const event of events) tree.append(leafHash(Buffer.from(event)));
  return signNote(checkpointText({ origin, size: events.length, root: tree.root() }), [by]);
}

function withHashes(events: readonly string[]): readonly string[] {
  let { hash } = genesis;
  return events.map((event) => {
    const previousHash = hash;
    hash = linkHash(previousHash, event);
    return `{"event":${event},"previousHash":"${previousHash}","hash":"${hash}"}`;
  });
}

let path: string;
let remove: () => void;
beforeAll(() => {
  ({ path, remove } = temporaryDirectory());
});
afterAll(() => {
  remove();
});

function file(name: string, content: string): string {
  const at = join(path, name);
  writeFileSync(at, content);
  return at;
}
const exportOf = (lines: readonly string[], name = 'export.ndjson') =>
  file(name, lines.map((line) => `${line}\n`).join(''));

async function verdict(lines: readonly string[], checkpoints: readonly string[]) {
  const args = checkpoints.flatMap((note, i) => ['--checkpoint', file(`checkpoint-${i}`, note)]);
  const { output, complaints, exitCode } = await verifyFiles([
    exportOf(lines),
    ...args,
    ...['--key', verifierKey(signer), '--json'],
  ]);
  if (exitCode === 2) return complaints;
  const { fault, vouchedFor } = JSON.parse(output) as {
    fault: { reason: string; firstSeq: number; lastSeq: number } | null;
    vouchedFor: number;
  };
  expect(exitCode).toBe(fault === null ? 0 : 1);
  return fault === null ? `vouched for ${vouchedFor}` : `${fault.reason} ${fault.firstSeq}-${fault.lastSeq}`;
}

describe('kubepass-verify of a file without an event', () => {
  const own = `${JSON.stringify({ checkpoint: noteOf(all) })}\n`;

  it.each([
    ['an empty file', ['']],
    ['a line feed', ['\n']],
    ['blanks', ['  \n\t\n']],
    ['blanks without an end of line', ['   ']],
    ['a byte order mark', ['\ufeff']],
    ['a checkpoint alone, whose key is not at hand', [own]],
    ['an empty export behind an archive', [all.map((line) => `${line}\n`).join(''), '']],
    ['an empty archive before an export', ['', all.map((line) => `${line}\n`).join('')]],
  ])('is no success: %s', async (_, contents) => {
    const files = contents.map((content, i) => file(`part-${i}.ndjson`, content));
    const { output, complaints, exitCode } = await verifyFiles(files);
    expect([exitCode, complaints]).toEqual([1, '']);
    expect(output).toMatch(/^NOT VALID at event \d+ \((CutOff|NotAnEvent)\): /);
    expect(output).not.toContain('in order');
    expect(JSON.parse((await verifyFiles([...files, '--json'])).output)).toMatchObject({ valid: false });
  });

  it('says why, and in which of several files', async () => {
    const [archive, empty] = [exportOf(all, 'archive.ndjson'), file('empty.ndjson', '')];
    expect((await verifyFiles([archive, empty])).output).toBe(
      'NOT VALID at event 301 (CutOff): the file holds no event: it was filtered, or the download broke off\n' +
        `it lies in ${empty}\n`,
    );
  });
});

describe('kubepass-verify', () => {
  const checkpoints = [noteOf(all.slice(0, 100)), noteOf(all.slice(0, 200))];
  const changed = (i: number, event: string) => all.map((line, at) => (at === i ? event : line));

  describe.each([
    ['an export', (events: readonly string[]) => events],
    ['an export with hashes', withHashes],
  ])('%s', (_, linesOf) => {
    it('is refused where nothing vouches for its end, because it may have broken off between two lines', async () => {
      expect(await verdict(linesOf(all), [])).toBe('CutOff 301-301');
    });

    it('is accepted as far as checkpoints vouch for it', async () => {
      expect(await verdict(linesOf(all), checkpoints)).toBe('vouched for 200');
      expect(await verdict(linesOf(all.slice(0, 200)), checkpoints)).toBe('vouched for 200');
    });

    it.each([
      ['one of its own checkpoint is accepted', all, 'vouched for 300'],
      ['one that was edited is refused', changed(250, eventOf(251, 'mallory')), 'OtherRoot 201-300'],
    ])('with a checkpoint at its end: %s', async (__, events, expected) => {
      const own = JSON.stringify({ checkpoint: noteOf(all) });
      expect(await verdict([...linesOf(events), own], checkpoints)).toBe(expected);
    });

    it.each([
      ['an event was changed', changed(149, eventOf(150, 'mallory')), 'OtherRoot 101-200'],
      ['an event was deleted', all.filter((__, i) => i !== 149), 'NotInOrder 150-150'],
      [
        'an event was deleted, and the numbers behind it were changed',
        all.slice(0, 299).map((event, i) => (i < 149 ? event : eventOf(i + 1, `user-${i + 2}`))),
        'OtherRoot 101-200',
      ],
      ['an event was put in', [...all.slice(0, 150), eventOf(151, 'mallory'), ...all.slice(150)], 'NotInOrder 152-152'],
      ['two events changed places', [...all.slice(0, 10), all[11]!, all[10]!, ...all.slice(12)], 'NotInOrder 11-11'],
      ['the end was cut off', all.slice(0, 150), 'CutOff 101-200'],
      ['the end behind a checkpoint was cut off', all.slice(0, 100), 'CutOff 101-200'],
      [
        'an event was deleted, the numbers behind it were changed, and no checkpoint is at hand before its end',
        all.slice(0, 199).map((event, i) => (i < 149 ? event : eventOf(i + 1, `user-${i + 2}`))),
        'CutOff 101-200',
      ],
      ['it was begun anew', all.map((__, i) => eventOf(i + 1, `other-${i + 1}`)), 'OtherRoot 1-100'],
      ['a line was added that is no event', [...all, '{"hello":1}'], 'NotAnEvent 301-301'],
      ['it is empty', [], 'CutOff 1-200'],
    ])('is refused where %s', async (__, events, expected) => {
      expect(await verdict(linesOf(events), checkpoints)).toBe(expected);
    });
  });

  it('finds the event that was edited where the lines have hashes', async () => {
    const lines = [...withHashes(all)];
    lines[149] = lines[149]!.replace('user-150', 'user-151');
    expect(await verdict(lines, [])).toBe('OtherHash 150-150');
    const hash = /"hash":"([0-9a-f]{64})"/.exec(withHashes(changed(149, eventOf(150, 'mallory')))[149]!)![1]!;
    lines[149] = lines[149].replace('user-151', 'mallory').replace(/"hash":"[0-9a-f]{64}"/, `"hash":"${hash}"`);
    expect(await verdict(lines, [])).toBe('BrokenLink 151-151');
  });

  it('refuses each changed bit of a line with hashes', async () => {
    const lines = withHashes(all.slice(0, 3));
    const text = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    const note = file('three', noteOf(all.slice(0, 3)));
    for (let bit = 0; bit < text.length * 8; bit += 29) {
      const damaged = Buffer.from(text);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const at = join(path, 'damaged');
      writeFileSync(at, damaged);
      const args = [at, '--checkpoint', note, '--key', verifierKey(signer)];
      expect((await verifyFiles(args)).exitCode, `bit ${bit}`).not.toBe(0);
    }
  });

  it('reads a log that continues in another file', async () => {
    const archive = exportOf(all.slice(0, 120), 'archive.ndjson');
    const rest = exportOf(all.slice(120), 'rest.ndjson');
    const args = ['--checkpoint', file('both', noteOf(all)), '--key', verifierKey(signer)];
    expect((await verifyFiles([archive, rest, ...args])).output).toContain('a checkpoint vouches for the first 300');
    expect((await verifyFiles([rest, archive, ...args])).exitCode).toBe(1);
  });

  it('refuses a checkpoint that nobody known has signed, that was changed, or that is of another log', async () => {
    const foreign = newSigner('kubepass/another');
    const verdictOn = async (note: string, ...keys: readonly NoteSigner[]) => {
      const named = keys.flatMap((key) => ['--key', verifierKey(key)]);
      const { output, exitCode } = await verifyFiles([exportOf(all), '--checkpoint', file('refused', note), ...named]);
      expect(exitCode).toBe(1);
      return output;
    };
    const whole = noteOf(all);
    expect(await verdictOn(noteOf(all, newSigner()), signer)).toMatch(
      /NotACheckpoint.*none of the given keys has signed/,
    );
    expect(await verdictOn(whole.replace('\n300\n', '\n200\n'), signer)).toMatch(/NotACheckpoint.*it was changed/);
    expect(await verdictOn(noteOf(all, foreign), foreign)).toMatch(/NotACheckpoint.*in the name of another log/);
    for (const note of [
      '',
      whole.slice(0, -20),
      `${whole}more\n`,
      whole.replace('\n', '\r\n'),
      '\u0000'.repeat(100),
      'x'.repeat(2_000_000),
    ])
      expect(await verdictOn(note, signer), note.slice(0, 400)).toMatch(/^NOT VALID \((?:NotACheckpoint|OtherLog)\): /);
    const elsewhere = signNote(checkpointText({ origin: foreign.name, size: 1, root: Buffer.alloc(32) }), [foreign]);
    const args = ['--checkpoint', file('one', whole), '--key', verifierKey(signer), '--key', verifierKey(foreign)];
    expect(await verifyFiles([exportOf(all), ...args, '--checkpoint', file('other', elsewhere)])).toMatchObject({
      exitCode: 1,
      output: expect.stringMatching(/OtherLog.*of several logs/) as unknown,
    });
  });

  it('refuses a checkpoint at the end of an export that was changed, and one that stands elsewhere', async () => {
    const own = JSON.stringify({ checkpoint: noteOf(all) });
    const lines = withHashes(all);
    expect(await verdict([...lines, own], [])).toBe('vouched for 300');
    for (const changed of [
      own.replace('300', '299'),
      own.replace('}', ',"more":1}'),
      own.replace('{', '{"checkpoint":"",'),
      `${own} `,
      '{"checkpoint":"',
      '{"checkpoint":7}',
    ])
      expect(await verdict([...lines, changed], []), changed).toMatch(
        /^(?:NotACheckpoint null-null|NotAnEvent 301-301)$/,
      );
    expect(await verdict([own, ...lines], [])).toBe('NotAnEvent 1-1');
    expect(await verdict([...lines, own, own], [])).toBe('NotAnEvent 301-301');
    expect(await verdict([...lines.slice(0, 9), own, ...lines.slice(9), own], [])).toBe('NotAnEvent 10-10');
  });

  it('says what it did not check', async () => {
    const exported = exportOf([...all, JSON.stringify({ checkpoint: noteOf(all) })]);
    const { output, exitCode } = await verifyFiles([exported]);
    expect(exitCode).toBe(0);
    expect(output).toContain('the checkpoint at the end of the export is not checked: that takes --key');
    expect(output).toContain('no checkpoint vouches for any of them');
  });

  it('takes keys from a file, and says how it is called', async () => {
    const keys = file('keys', `${verifierKey(newSigner())}\n${verifierKey(signer)}\n`);
    const note = file('whole', noteOf(all));
    expect((await verifyFiles([exportOf(all), '--checkpoint', note, '--key', keys])).exitCode).toBe(0);
    expect((await verifyFiles([exportOf(all), '--checkpoint', note])).complaints).toMatch(
      /proves nothing without --key/,
    );
    expect((await verifyFiles([])).complaints).toMatch(/usage: kubepass-verify/);
    expect((await verifyFiles([join(path, 'absent')])).exitCode).toBe(2);
  });
});
