import type { Random } from './random.js';

/** Whether it begins with the header of a tar archive. */
export const isTar = (octets: Buffer): boolean =>
  octets.length >= 512 && octets.toString('latin1', 257, 262) === 'ustar';

/** Changes an entry of an archive: its header, its content, or its place. */
export function mutateTar(archive: Buffer, random: Random, inner: (octets: Buffer) => Buffer): Buffer {
  const entries = entriesOf(archive);
  if (entries.length === 0) return archive;
  const index = random.below(entries.length);
  const { header, content } = entries[index] ?? { header: Buffer.alloc(512), content: Buffer.alloc(0) };
  switch (random.below(6)) {
    case 0:
      entries.splice(index, 1);
      break;
    case 1:
      entries.push(
        ...Array.from({ length: random.copies([1, 2, 50, 400], 512 + content.length) }, () => ({ header, content })),
      );
      break;
    case 2: {
      const changed = Buffer.from(header);
      const [at, length] = random.pick(fields);
      changed.fill(0, at, at + length);
      changed.write(random.pick(values), at, length, 'latin1');
      entries[index] = { header: random.once(4) ? changed : summed(changed), content };
      break;
    }
    default: {
      const changed = inner(content);
      entries[index] = { header: sized(header, changed.length), content: changed };
    }
  }
  return Buffer.concat([...entries.flatMap((entry) => [entry.header, padded(entry.content)]), Buffer.alloc(1024)]);
}

/** POSIX.1-2017 pax: the places of name, size, checksum, type, link and prefix. */
const fields = [
  [0, 100],
  [124, 12],
  [148, 8],
  [156, 1],
  [157, 100],
  [345, 155],
] as const;
const values = [
  '',
  '0',
  '1',
  '2',
  '5',
  'x',
  'g',
  'L',
  'K',
  '7',
  '../../x',
  '/etc/passwd',
  'pki/ca.crt',
  '77777777777',
  '00000000001',
  '-1',
  '\x80\x00\x00\x00\x00\x00\x00\x00\x7f\xff\xff\xff',
  '9'.repeat(11),
  'a/'.repeat(49),
  '\x00x',
  '\xff\xfe',
];

interface Entry {
  readonly header: Buffer;
  readonly content: Buffer;
}

function entriesOf(archive: Buffer): Entry[] {
  const entries: Entry[] = [];
  let at = 0;
  while (at + 512 <= archive.length && archive[at] !== 0) {
    const header = archive.subarray(at, at + 512);
    const size = parseInt(header.toString('latin1', 124, 135), 8) || 0;
    entries.push({ header, content: archive.subarray(at + 512, at + 512 + size) });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return entries;
}

const padded = (content: Buffer): Buffer =>
  Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]);

function sized(header: Buffer, size: number): Buffer {
  const changed = Buffer.from(header);
  changed.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  return summed(changed);
}

function summed(header: Buffer): Buffer {
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, octet) => total + octet, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}
