// Tests packages/inspect/src/reading/read-archive.ts, packages/inspect/src/reading/read-bytes.ts,
// packages/inspect/src/reading/paths.ts
import { execFileSync } from 'node:child_process';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { extract, type Headers, pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { uploadLimits } from '../../src/model/budget.js';
import { readTar } from '../../src/reading/read-archive.js';
import { authority, base64, client, codesOf, outline, read } from './uploads.js';

type Entry = readonly [header: Partial<Headers> & { readonly name: string }, content?: string | Buffer];

function tar(...entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const [header, content] of entries) archive.entry(header, content ?? '');
  archive.finalize();
  return buffer(archive);
}

const ca: Entry = [{ name: 'pki/ca.crt' }, authority.pem];
const crt: Entry = [{ name: 'pki/jane.crt' }, client.pem];

/** A ustar header with a proper checksum. */
function header(name: string, size: string, type = '0'): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write('0000644\0', 100);
  block.write(size, 124, 'latin1');
  block.write(type, 156);
  block.write('ustar\x0000', 257);
  block.write('        ', 148);
  const sum = block.reduce((total, octet) => total + octet, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

describe('an archive', () => {
  it('of a folder is read file by file, each by its own path', async () => {
    const bytes = await tar(
      [{ name: 'pki/', type: 'directory' }],
      ca,
      [{ name: './pki/etcd/ca.crt' }, authority.pem],
      [
        { name: 'admin.conf' },
        `clusters: [{name: c, cluster: {server: 'https://a', certificate-authority-data: ${base64(authority.pem)}}}]`,
      ],
      [{ name: 'empty' }],
    );
    for (const [content, format] of [
      [bytes, 'tar'],
      [gzipSync(bytes), 'tar.gz'],
    ] as const) {
      const objects = await read(content, 'anything.bin');
      expect(outline(objects)).toEqual([
        'anything.bin Archive',
        'pki/ca.crt Certificate',
        'pki/etcd/ca.crt Certificate',
        'admin.conf Kubeconfig',
        'admin.conf#clusters[0].cluster.certificate-authority-data Certificate',
        'empty Unknown',
      ]);
      expect(objects[0]).toMatchObject({ content: { type: 'Archive', format, entries: 4 }, observations: [] });
      expect(objects.map(({ parent }) => parent)).toEqual([
        null,
        'anything.bin',
        'anything.bin',
        'anything.bin',
        'admin.conf',
        'anything.bin',
      ]);
    }
  });

  it('is read from base64, and within an archive', async () => {
    const inner = gzipSync(await tar(ca));
    expect(outline(await read(base64(inner)))).toEqual(['upload Archive', 'pki/ca.crt Certificate']);
    expect(outline(await read(await tar([{ name: 'inner.tgz' }, inner])))).toEqual([
      'upload Archive',
      'inner.tgz Archive',
      'inner.tgz/pki/ca.crt Certificate',
    ]);
  });

  it.each(['--format=gnu', '--format=pax', '--format=ustar', '--format=v7'])(
    'is read as tar %s writes it',
    async (format) => {
      const name = `${'long/'.repeat(format === '--format=v7' ? 10 : 17)}ca.crt`;
      const bytes = execFileSync(
        'sh',
        [
          '-c',
          `d=$(mktemp -d) && mkdir -p "$d/$(dirname "$1")" && cat > "$d/$1" && tar -C "$d" ${format} -cf - --exclude=none "$1"; rm -r "$d"`,
          'sh',
          name,
        ],
        { input: authority.pem },
      );
      expect(outline(await read(bytes))).toEqual(['upload Archive', `${name} Certificate`]);
    },
  );

  it('has long names in pax and GNU headers', async () => {
    const name = `${'ü'.repeat(120)}.crt`;
    expect(outline(await read(await tar([{ name }, client.pem])))).toEqual(['upload Archive', `${name} Certificate`]);
    const gnu = Buffer.concat([
      header('././@LongLink', `${(200).toString(8).padStart(11, '0')}\0`, 'L'),
      Buffer.from('n'.repeat(199).padEnd(512, '\0')),
      header('short', `${client.pem.length.toString(8).padStart(11, '0')}\0`),
      Buffer.from(client.pem.padEnd(Math.ceil(client.pem.length / 512) * 512, '\0')),
      Buffer.alloc(1024),
    ]);
    expect(outline(await read(gnu))).toEqual(['upload Archive', `${'n'.repeat(199)} Certificate`]);
  });

  it.each<[string, Entry, string]>([
    ['a symbolic link', [{ name: 'l', type: 'symlink', linkname: '/etc/passwd' }], '"l" is a link'],
    ['a hard link', [{ name: 'l', type: 'link', linkname: 'pki/ca.crt' }], '"l" is a link'],
    ['a device', [{ name: 'd', type: 'character-device' }], '"d" is a device or pipe'],
    ['a pipe', [{ name: 'p', type: 'fifo' }], '"p" is a device or pipe'],
    [
      'a path out of the archive',
      [{ name: '../ca.crt' }, client.pem],
      '"../ca.crt" is a path that leads out of the archive',
    ],
    [
      'a path out of it from inside',
      [{ name: 'a/../../b' }, client.pem],
      '"a/../../b" is a path that leads out of the archive',
    ],
    ['a path with backslashes', [{ name: '..\\b' }, client.pem], '"..\\\\b" is a path that leads out of the archive'],
    ['an absolute path', [{ name: '/etc/ca.crt' }, client.pem], '"/etc/ca.crt" is an absolute path'],
    ['a drive', [{ name: 'C:/ca.crt' }, client.pem], '"C:/ca.crt" is an absolute path'],
  ])('is not looked into where it has %s, and says so', async (_, entry, message) => {
    const objects = await read(await tar(entry, ca));
    expect(outline(objects)).toEqual(['upload Archive', 'pki/ca.crt Certificate']);
    expect(objects[0]?.observations).toEqual([{ code: 'EntrySkipped', message: `The entry ${message}` }]);
  });

  it('with a file twice has both, and says so', async () => {
    const objects = await read(await tar(ca, crt, [{ name: './pki//ca.crt' }, client.pem]));
    expect(outline(objects)).toEqual([
      'upload Archive',
      'pki/ca.crt Certificate',
      'pki/jane.crt Certificate',
      'pki/ca.crt~2 Certificate',
    ]);
    expect(codesOf(objects.slice(0, 1))).toEqual(['DuplicateMember']);
  });

  it('that is cut off is read as far as it goes', async () => {
    const bytes = await tar(ca, crt);
    const cut = bytes.subarray(0, bytes.indexOf('pki/jane.crt') + 600);
    for (const content of [cut, gzipSync(cut), gzipSync(bytes).subarray(0, -200)]) {
      const objects = await read(content);
      expect(outline(objects).slice(0, 2)).toEqual(['upload Archive', 'pki/ca.crt Certificate']);
      expect(objects[0]?.observations.map(({ code }) => code)).toContain('MalformedObject');
    }
  });

  it('that is damaged between two entries is read as far as it goes', async () => {
    const bytes = await tar(ca, crt);
    bytes.write('X', bytes.indexOf('pki/jane.crt'));
    const objects = await read(bytes);
    expect(outline(objects)).toEqual(['upload Archive', 'pki/ca.crt Certificate']);
    expect(objects[0]?.observations).toEqual([
      { code: 'MalformedObject', message: 'The archive is damaged after its entry number 1' },
    ]);
  });

  it('of nothing is an archive all the same', async () => {
    expect(await read(Buffer.alloc(10_240))).toMatchObject([
      { content: { type: 'Archive', format: 'tar', entries: 0 }, observations: [] },
    ]);
  });

  it('that is no gzip after all is malformed', async () => {
    const objects = await read(Buffer.from('1f8b0800000000000003deadbeef', 'hex'));
    expect(objects).toMatchObject([
      { content: { type: 'Archive', format: 'gzip', entries: 0 }, observations: [{ code: 'MalformedObject' }] },
    ]);
  });

  it.each<[string, Buffer]>([
    ['negative', Buffer.from([0xff, ...Array<number>(10).fill(0xff), 0])],
    ['beyond the archive', Buffer.from('77777777777\0')],
    ['beyond what a number holds', Buffer.from([0x80, ...Array<number>(11).fill(0xff)])],
    ['no number', Buffer.from('hello world\0')],
  ])('whose entry has a size that is %s ends there', (_, size) => {
    const block = header('a', '00000000000\0');
    size.copy(block, 124);
    block.write('        ', 148);
    block.write(
      `${block
        .reduce((total, octet) => total + octet, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    const reading = readTar(Buffer.concat([block, Buffer.alloc(2048)]), 10);
    expect(reading.entries).toEqual([]);
    expect(reading.problem).not.toBeNull();
  });

  it('with sizes and lengths in pax headers that lead astray ends, and does not hang', () => {
    for (const record of [
      '12 size=-100\n',
      '99999 path=x\n',
      '0 path=x\n',
      '-5 path=x\n',
      '7 path=',
      '18 size=999999999\n',
      ' \n',
    ])
      for (const type of ['x', 'g']) {
        const pax = [header('p', `${record.length.toString(8).padStart(11, '0')}\0`, type), Buffer.alloc(512)];
        pax[1]?.write(record);
        const bytes = Buffer.concat([...pax, header('a', '00000000001\0'), Buffer.alloc(2048)]);
        expect(readTar(bytes, 10).entries.length).toBeLessThanOrEqual(1);
      }
  });

  it('is refused past its bound of headers', async () => {
    const many = Buffer.concat([
      ...Array.from({ length: uploadLimits.archiveHeaders + 1 }, (_, i) => header(`d${i}`, '00000000000\0', '5')),
      Buffer.alloc(1024),
    ]);
    await expect(read(many)).rejects.toMatchObject({ reason: 'TooManyEntries' });
    expect(outline(await read(Buffer.concat([many.subarray(512)])))).toEqual(['upload Archive']);
  });

  it('is refused past the bound of headers of all archives together', async () => {
    const half = Buffer.concat([
      ...Array.from({ length: 510 }, (_, i) => header(`d${i}`, '00000000000\0', '5')),
      Buffer.alloc(1024),
    ]);
    await expect(read(await tar([{ name: 'a.tar' }, half], [{ name: 'b.tar' }, half]))).rejects.toMatchObject({
      reason: 'TooManyEntries',
    });
  });

  it('is refused past its bound of files, which are objects', async () => {
    const files = Array.from({ length: uploadLimits.objects }, (_, i): Entry => [{ name: `f${i}` }, 'x']);
    await expect(read(await tar(...files))).rejects.toMatchObject({ reason: 'TooManyObjects' });
    expect(await read(await tar(...files.slice(1)))).toHaveLength(uploadLimits.objects);
  });

  it('that expands past the bound is refused, alone and bit by bit', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * uploadLimits.decompressedOctets));
    await expect(read(bomb)).rejects.toMatchObject({ reason: 'TooMuchCompressed' });
    const small = gzipSync(Buffer.alloc(uploadLimits.decompressedOctets / 2 + 1024));
    await expect(read(await tar([{ name: 'a' }, small], [{ name: 'b' }, small]))).rejects.toMatchObject({
      reason: 'TooMuchCompressed',
    });
    await expect(read(gzipSync(bomb))).rejects.toMatchObject({ reason: 'TooMuchCompressed' });
  });

  it('of an archive of an archive … is refused past the bound of depth', async () => {
    let nested: Buffer = Buffer.from(client.pem);
    for (let i = 0; i < 9; i++) nested = await tar([{ name: 'n' }, nested]);
    await expect(read(nested)).rejects.toMatchObject({ reason: 'TooDeep' });
  });
});

describe('readTar', () => {
  it('reads what tar-stream reads', async () => {
    const name = fc.stringMatching(/^[a-zA-Z0-9_ü-]{1,160}(?:\/[a-z]{1,60}){0,2}$/);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(name, fc.uint8Array({ maxLength: 1100 })), { maxLength: 6 }),
        async (files) => {
          const bytes = await tar(...files.map(([path, content]): Entry => [{ name: path }, Buffer.from(content)]));
          const theirs: [string, string][] = [];
          for await (const entry of extract().end(bytes))
            theirs.push([entry.header.name, (await buffer(entry)).toString('hex')]);
          const { entries, problem } = readTar(bytes, 1000);
          expect(problem).toBeNull();
          expect(entries.map((entry) => [entry.name, entry.bytes.toString('hex')])).toEqual(theirs);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('ends on whatever it is given', async () => {
    const bytes = await tar(ca, crt, [{ name: 'ü'.repeat(120) }, 'x']);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        (changes) => {
          const changed = Buffer.from(bytes);
          for (const [at, octet] of changes) changed[at] = octet;
          expect(readTar(changed, 100).entries.length).toBeLessThan(10);
        },
      ),
    );
    expect(gunzipSync(gzipSync(bytes))).toEqual(bytes);
  });
});
