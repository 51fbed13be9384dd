import { crc32, deflateSync, inflateSync } from 'node:zlib';

const signature = Buffer.from('89504e470d0a1a0a', 'hex');

/**
 * Writes a PNG of RGB pixels with a palette of at most 256 colours, which makes a page less than half as large. Colours
 * that hardly differ become one: a page has many of them at the edges of letters. Reads what Chromium writes: eight
 * bits, RGB, not interlaced (PNG, third edition, 11.2).
 */
export function withPalette(png: Buffer): Buffer {
  const { width, height, pixels } = readRgb(png);
  const colours = Array.from({ length: width * height }, (_, i) => pixels.readUIntBE(i * 3, 3));
  const counts = new Map<number, number>();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const palette = paletteOf([...counts].sort(([, a], [, b]) => b - a).map(([colour]) => colour));
  const indexes = new Map(palette.map((colour, i) => [colour, i]));
  const indexOf = (colour: number): number => {
    const index = indexes.get(colour) ?? nearest(palette, colour);
    indexes.set(colour, index);
    return index;
  };
  const rows = Buffer.alloc((width + 1) * height);
  for (const [i, colour] of colours.entries()) rows[i + Math.floor(i / width) + 1] = indexOf(colour);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const entries = Buffer.from(palette.flatMap(channels));
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('PLTE', entries),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** The frequent colours first, each further from the others than the least distance that leaves 256 of them. */
function paletteOf(colours: readonly number[]): readonly number[] {
  for (let apart = 0; ; apart += 4) {
    const palette: number[] = [];
    for (const colour of colours)
      if (palette.every((one) => distance(one, colour) > apart) && palette.push(colour) > 256) break;
    if (palette.length <= 256) return palette;
  }
}

const channels = (colour: number): [number, number, number] => [colour >> 16, (colour >> 8) & 255, colour & 255];

function distance(one: number, other: number): number {
  const [a, b] = [channels(one), channels(other)];
  return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
}

function nearest(palette: readonly number[], colour: number): number {
  const distances = palette.map((one) => distance(one, colour));
  return distances.indexOf(Math.min(...distances));
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

function readRgb(png: Buffer): { readonly width: number; readonly height: number; readonly pixels: Buffer } {
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at))
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  if (png.toString('hex', 24, 29) !== '0802000000') throw new Error('the picture is not 8 bits of RGB');
  const filtered = inflateSync(Buffer.concat(parts));
  const row = width * 3;
  const pixels = Buffer.alloc(row * height);
  for (let y = 0; y < height; y += 1) {
    const filter = filtered[y * (row + 1)] ?? 0;
    for (let x = 0; x < row; x += 1) {
      const at = y * row + x;
      const left = x >= 3 ? (pixels[at - 3] ?? 0) : 0;
      const above = pixels[at - row] ?? 0;
      const corner = x >= 3 ? (pixels[at - row - 3] ?? 0) : 0;
      pixels[at] = (filtered[at + y + 1] ?? 0) + predicted(filter, left, above, corner);
    }
  }
  return { width, height, pixels };
}

/** By the filters of PNG, third edition, 9.2. */
function predicted(filter: number, left: number, above: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  if (filter !== 4) return 0;
  const estimate = left + above - corner;
  const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - above), Math.abs(estimate - corner)];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}
