// Tests src/audit/verify-files.ts, src/audit/export-verifier.ts, src/audit/read-lines.ts,
// src/programs/verify.ts
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { canonicalJson } from '../../../../src/audit/canonical-json.js';
import { genesis, linkHash } from '../../../../src/audit/hash-chain.js';
import { verifierKey } from '../../../../src/audit/signed-note.js';
import { verifyFiles } from '../../../../src/audit/verify-files.js';
import { fromSources, kubepass } from '../../../helpers/from-sources.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';

const { path, remove } = temporaryDirectory();
afterAll(remove);

const eventOf = (seq: number) =>
  canonicalJson({
    ...{
      at: '2026-03-01T09:30:00.000Z',
      cluster: 'demo',
      details: { username: `user-${seq}` },
      fingerprintSha256: null,
    },
    ...{ principal: 'hr-system', requestId: null, seq, type: 'CertificateRequested' },
  });
const events = [1, 2, 3].map(eventOf);
const ndjson = events.map((event) => `${event}\n`).join('');

/** The sentence about an export that is not valid. */
async function complaintAbout(content: string | Uint8Array): Promise<string> {
  const file = join(path, 'hostile');
  writeFileSync(file, content);
  const { output, complaints, exitCode } = await verifyFiles([file]);
  expect({ complaints, exitCode }).toEqual({ complaints: '', exitCode: 1 });
  expect(output).toMatch(/^NOT VALID at events? .{10,300}\n$/);
  // Nothing of the file is repeated, so it cannot write to a terminal.
  expect(output).toMatch(/^[ -~]+\n$/);
  return output;
}

/** With hashes that fit, though an event is none. */
function chained(all: readonly string[]): string {
  let { hash } = genesis;
  return all
    .map((event) => {
      const previousHash = hash;
      hash = linkHash(previousHash, event);
      return `{"event":${event},"previousHash":"${previousHash}","hash":"${hash}"}\n`;
    })
    .join('');
}

it('accepts the export that the others are made from', async () => {
  const file = join(path, 'good');
  for (const content of [ndjson, chained(events)]) {
    writeFileSync(file, content);
    expect((await verifyFiles([file])).exitCode).toBe(0);
  }
});

it.each([
  ['is cut within a line', ndjson.slice(0, -30), 'event 3 (CutOff): the file ends within the line of event 3'],
  ['lacks its last line feed', ndjson.slice(0, -1), 'event 3 (CutOff)'],
  [
    'has other ends of lines',
    ndjson.replaceAll('\n', '\r\n'),
    'event 1 (NotAnEvent): the line in its place ends with a carriage',
  ],
  ['begins with a byte order mark', `\ufeff${ndjson}`, 'event 1 (NotAnEvent)'],
  ['is UTF-16', Buffer.from(ndjson, 'utf16le'), 'event 1 (NotAnEvent)'],
  ['is compressed', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x0a, 0x0a]), 'event 1 (NotAnEvent)'],
  ['has an empty line', ndjson.replace('\n', '\n\n'), 'event 2 (NotAnEvent)'],
  ['is one array', `[${events.join(',')}]\n`, 'event 1 (NotAnEvent)'],
  ['is the list of the API', `{"items":[${events.join(',')}],"nextCursor":null}\n`, 'event 1 (NotAnEvent)'],
  ['has terminal sequences', '\u001b]0;pwned\u0007\u001b[2J\n', 'event 1 (NotAnEvent)'],
  [
    'has the wrong number',
    ndjson.replace('"seq":2', '"seq":1'),
    'event 2 (NotInOrder): event 1 stands in the place of event 2',
  ],
  ['lacks events', `${events[0]!}\n${eventOf(9)}\n`, 'events 2 to 8 (NotInOrder): events 2 to 8 are missing'],
  ['has a number with zeros', ndjson.replace('"seq":2', '"seq":02'), 'event 2 (NotAnEvent)'],
  ['has a number without end', ndjson.replace('"seq":2', `"seq":${'9'.repeat(400)}`), 'event 2 (NotAnEvent)'],
  ['begins later', `${eventOf(2)}\n`, 'event 1 (NotInOrder)'],
])('says what is wrong with an export that %s', async (_, content, expected) => {
  expect(await complaintAbout(content)).toContain(expected);
});

it.each([
  ['is not UTF-8', Buffer.from(events[1]!.replace('user-2', 'user-\u00ff'), 'latin1').toString('latin1')],
  ['has a member twice', events[1]!.replace('{"at"', '{"at":"2020-01-01T00:00:00.000Z","at"')],
  ['has a detail twice', events[1]!.replace('"username":"user-2"', '"username":"admin","username":"user-2"')],
  ['has a member more', events[1]!.replace('{"at"', '{"aa":1,"at"')],
  ['lacks a member', events[1]!.replace('"cluster":"demo",', '')],
  ['has blanks', events[1]!.replace('{"at":', '{ "at": ')],
  ['is nested deeply', events[1]!.replace('"user-2"', `${'['.repeat(200_000)}${']'.repeat(200_000)}`)],
])('says which event %s, also if the hashes fit', async (_, event) => {
  const octets = (text: string) => Buffer.from(text, 'latin1');
  const three = [events[0]!, event, events[2]!];
  expect(await complaintAbout(octets(three.map((one) => `${one}\n`).join('')))).toContain('event 2 (NotAnEvent)');
  expect(await complaintAbout(octets(chained(three)))).toMatch(/event 2 \((?:NotAnEvent|OtherHash)\)/);
});

it('says what is wrong with lines that have hashes', async () => {
  const lines = chained(events);
  expect(await complaintAbout(lines.replace(/,"previousHash"[^\n]*\n/, '}\n'))).toContain('event 1 (NotAnEvent)');
  expect(await complaintAbout(`${chained(events.slice(0, 2))}${events[2]!}\n`)).toContain('event 3 (NotAnEvent)');
  expect(await complaintAbout(lines.replace(/"hash":"[0-9a-f]/, '"hash":"A'))).toContain('event 1 (NotAnEvent)');
});

it('ends with 1 and a sentence, without a stack, in bounded memory, for a line of 600 MB', () => {
  const file = join(path, 'huge');
  const handle = openSync(file, 'w');
  // A hole in the file: the octets are zeros, and take no room.
  writeSync(handle, ndjson);
  writeSync(handle, '\n', 600 * 1024 * 1024);
  closeSync(handle);
  const script = `
    const { verifyFiles } = await import('./src/audit/verify-files.js');
    const { output, exitCode } = await verifyFiles([process.argv[1]]);
    console.log(JSON.stringify({ output, exitCode, megabytes: process.resourceUsage().maxRSS / 1024 }));`;
  const args = [...fromSources, '--input-type=module', '-e', script, file];
  const run = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  const { output, exitCode, megabytes } = JSON.parse(run.stdout) as {
    output: string;
    exitCode: number;
    megabytes: number;
  };
  expect(output).toContain('event 4 (NotAnEvent): the line in its place is longer than any event');
  expect(exitCode).toBe(1);
  expect(megabytes).toBeLessThan(400);
});

it('keeps nothing of archives that the log tells of and nobody names', () => {
  const file = join(path, 'telling');
  const handle = openSync(file, 'w');
  const told = { from: 1, sha256: 'f'.repeat(800), to: 2 };
  for (let seq = 1; seq <= 120_000; seq += 1000)
    writeSync(
      handle,
      Array.from({ length: 1000 }, (_, i) => {
        const details = { file: `audit-${seq + i}.ndjson`, ...told };
        const event = { ...(JSON.parse(eventOf(seq + i)) as object), details, type: 'AuditEventsArchived' };
        return `${canonicalJson(event)}\n`;
      }).join(''),
    );
  closeSync(handle);
  const run = spawnSync(process.execPath, ['--max-old-space-size=96', ...fromSources, kubepass, 'verify', file], {
    encoding: 'utf8',
  });
  expect(run).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining('120000 events') as unknown });
});

it('is a command that says so too', () => {
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [...fromSources, kubepass, 'verify', ...args], {
      encoding: 'utf8',
      input: ndjson.replace('user-2"', 'user-2""'),
    });
  expect(run('-')).toMatchObject({
    status: 1,
    stderr: '',
    stdout: expect.stringMatching(/event 2 \(NotAnEvent\)/) as unknown,
  });
  const absent = run(join(path, 'absent'));
  expect(absent).toMatchObject({ status: 2, stdout: '' });
  expect(absent.stderr).toMatch(/^\S+ is not there \(ENOENT\)\n$/);
  expect(run(path).stderr).toBe('a file that is named is a folder, where a file is expected (EISDIR)\n');
});

it('reads an export from a pipe, and says that it did not check the checkpoint at its end', () => {
  const whole = join(path, 'whole.ndjson');
  writeFileSync(whole, `${chained(events)}${JSON.stringify({ checkpoint: 'kubepass/log' })}\n`);
  // Not by the input of spawnSync: that is a socket, which cannot be opened by a name.
  const script = 'file=$1; shift; cat "$file" | "$0" "$@" verify /dev/stdin';
  const run = (file: string) =>
    spawnSync('sh', ['-c', script, process.execPath, file, ...fromSources, kubepass], { encoding: 'utf8' });
  const { status, stdout, stderr } = run(whole);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain(`${events.length} events in order`);
  expect(stdout).toContain('the checkpoint at the end of /dev/stdin is not checked: write the export into a file');

  const changed = join(path, 'changed.ndjson');
  writeFileSync(changed, chained(events).replace('user-2"', 'user-9"'));
  expect(run(changed)).toMatchObject({ status: 1, stdout: expect.stringContaining('event 2 (OtherHash)') as unknown });
});

it('is not fooled by a file of keys', async () => {
  const file = join(path, 'export');
  writeFileSync(file, ndjson);
  const { publicKey } = generateKeyPairSync('ed25519');
  const octets = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const good = verifierKey({ name: 'kubepass/one', publicKey: octets });
  for (const content of ['', '\n', 'no key\n', `${good}\n${good}x\n`, good.toLowerCase(), '\u0000'.repeat(2_000_000)]) {
    const keys = join(path, 'keys');
    writeFileSync(keys, content);
    const { exitCode, complaints } = await verifyFiles([file, '--key', keys]);
    expect({ exitCode, is: /^[^\n]*(?:holds no verifier key|is no verifier key)\n$/.test(complaints) }).toEqual({
      exitCode: 2,
      is: true,
    });
  }
});
