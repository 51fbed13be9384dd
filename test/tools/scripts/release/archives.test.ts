// Tests scripts/release/archives.ts
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { archive } from '../../../../scripts/release/archives.js';

const time = new Date('2026-11-30T07:00:01Z');
const files = [
  { path: 'b/read-me', content: Buffer.from('read me') },
  { path: 'a/program', content: Buffer.from('run me'), isProgram: true },
];

describe('an archive', () => {
  it('has the files in their order, with one time, no owner and two modes', async () => {
    const tar = extract();
    tar.end(gunzipSync(await archive(files, time)));
    const found: unknown[] = [];
    for await (const entry of tar) {
      const { name, mode, mtime, uid, gid, uname, gname } = entry.header;
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk);
      found.push([name, mode, mtime?.toISOString(), uid, gid, uname, gname, Buffer.concat(chunks).toString()]);
    }
    expect(found).toEqual([
      ['b/read-me', 0o644, '2026-11-30T07:00:01.000Z', 0, 0, '', '', 'read me'],
      ['a/program', 0o755, '2026-11-30T07:00:01.000Z', 0, 0, '', '', 'run me'],
    ]);
  });

  it('is the same octets each time, without a time or a system in its head', async () => {
    const first = await archive(files, time);
    expect(await archive(files, time)).toEqual(first);
    // RFC 1952 2.3: the time is octets 4 to 7, the system octet 9.
    expect([...first.subarray(4, 8), first[9]]).toEqual([0, 0, 0, 0, 255]);
  });
});
