import { mutateOctets } from './mutate-octets.js';
import type { Random } from './random.js';

/** An element as it may be written; `length` replaces the true length if it is given. */
export interface Node {
  tag: number;
  content: Buffer;
  children: Node[] | null;
  length: Buffer | null;
}

/**
 * Changes one element of DER and writes it again. Most often the lengths around it are corrected, so that readers reach
 * the change. Null if it is not DER.
 */
export function mutateDer(octets: Buffer, random: Random, other: () => Buffer): Buffer | null {
  const nodes = parse(octets);
  if (nodes === null) return null;
  for (let times = random.once(3) ? random.between(2, 4) : 1; times > 0; times--) change(nodes, random, other);
  return Buffer.concat(nodes.map(write));
}

function change(roots: Node[], random: Random, other: () => Buffer): void {
  const { siblings, index, node } = choose(roots, random);
  if (node === undefined) return;
  switch (random.below(12)) {
    case 0:
      node.tag = random.once(2) ? node.tag ^ (1 << random.below(8)) : random.pick(tags);
      break;
    case 1:
      siblings.splice(index, 1);
      break;
    case 2:
      siblings.splice(
        index,
        0,
        ...Array.from({ length: random.copies([1, 1, 1, 2, 40, 500], write(node).length) }, () => clone(node)),
      );
      break;
    case 3:
      siblings.splice(index, 1);
      siblings.splice(random.below(siblings.length + 1), 0, node);
      break;
    case 4:
      node.length = wrongLength(node, random);
      break;
    case 5: {
      const source = parse(other());
      const stranger = source === null ? undefined : choose(source, random).node;
      if (stranger !== undefined) siblings.splice(index, random.below(2), stranger);
      break;
    }
    case 6:
      for (let depth = random.pick([1, 1, 2, 10, 100, 2000]); depth > 0; depth--) {
        const inner = { ...node };
        node.tag = random.once(8) ? random.pick(tags) : 0x30;
        node.children = [inner];
        node.length = null;
      }
      break;
    case 7:
      // Wrapped into an OCTET STRING or BIT STRING, or unwrapped.
      node.content = Buffer.concat([random.once(2) ? Buffer.alloc(0) : Buffer.of(0), write(node)]);
      node.children = null;
      node.tag = random.pick([0x04, 0x03]);
      break;
    case 8:
      node.content = random.pick(contents)(random);
      node.children = null;
      break;
    default:
      if (node.children === null) node.content = mutateOctets(node.content, random, other);
      else change(node.children, random, other);
  }
}

const tags = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1c, 0x1e, 0x24, 0x30, 0x31, 0x80,
  0x81, 0x82, 0xa0, 0xa1, 0xa3, 0x1f, 0x3f, 0xbf,
];

const contents: readonly ((random: Random) => Buffer)[] = [
  () => Buffer.alloc(0),
  (random) => Buffer.alloc(random.between(1, 40), random.pick([0x00, 0x7f, 0x80, 0xff])),
  (random) => random.octets(random.between(1, 40)),
  // Numbers from one octet up to more than any key has.
  (random) =>
    Buffer.concat([
      Buffer.of(random.pick([0x00, 0x01, 0x7f, 0x80])),
      random.octets(random.pick([1, 4, 8, 20, 21, 256, 2100])),
    ]),
  // Object identifiers that end too early, or never.
  () => Buffer.from('2a864886f70d0180', 'hex'),
  () => Buffer.alloc(30, 0x81),
  // Invalid times.
  (random) =>
    Buffer.from(
      random.pick([
        '991332250000Z',
        '000000000000Z',
        '99991231235959Z',
        '20260230000000Z',
        '2611010000Z',
        '260101000000+0000',
        '2026',
      ]),
    ),
  (random) =>
    Buffer.from(
      random.pick([
        '*',
        '*.*',
        '..',
        'xn--',
        '\u202e',
        '\0',
        'system:masters',
        '<script>',
        "'",
        '\u{10ffff}',
        'a'.repeat(300),
      ]),
    ),
];

function wrongLength(node: Node, random: Random): Buffer {
  const { length } = node.children === null ? node.content : Buffer.concat(node.children.map(write));
  return random.pick([
    () => Buffer.of(0x80),
    () => Buffer.of(0xff),
    () => Buffer.of(0x84, 0xff, 0xff, 0xff, 0xff),
    () => Buffer.of(0x88, 0, 0, 0, 0, 0, 0, 0, Math.min(length, 255)),
    () => lengthOf(Math.max(0, length + random.between(-3, 3))),
    () => lengthOf(length * 2),
    () => Buffer.of(0x84, 0, 0, length >> 8, length & 0xff),
    () => Buffer.of(0x82, length >> 8, length & 0xff),
    () => Buffer.of(0),
  ])();
}

function choose(roots: Node[], random: Random): { siblings: Node[]; index: number; node: Node | undefined } {
  let siblings = roots;
  let index = random.below(Math.max(1, siblings.length));
  for (;;) {
    const node: Node | undefined = siblings[index];
    if (node?.children === undefined || node.children === null || node.children.length === 0 || random.once(5))
      return { siblings, index, node };
    siblings = node.children;
    index = random.below(siblings.length);
  }
}

const clone = (node: Node): Node => ({ ...node, children: node.children?.map(clone) ?? null });

/** Deeper than anything in the corpus; elements below this depth are not taken apart. */
const MAX_DEPTH = 24;

/** Elements one after another; null if the octets are not DER from end to end. */
export function parse(octets: Buffer, depth = 0): Node[] | null {
  const nodes: Node[] = [];
  let at = 0;
  while (at < octets.length) {
    const tag = octets[at];
    const first = octets[at + 1];
    if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return null;
    const count = first < 0x80 ? 0 : first & 0x7f;
    if (first === 0x80 || count > 3 || at + 2 + count > octets.length) return null;
    const length = count === 0 ? first : octets.readUIntBE(at + 2, count);
    const start = at + 2 + count;
    const end = start + length;
    if (end > octets.length) return null;
    const content = octets.subarray(start, end);
    const children = (tag & 0x20) !== 0 && depth < MAX_DEPTH ? parse(content, depth + 1) : null;
    nodes.push({ tag, content, children, length: null });
    at = end;
  }
  return nodes.length === 0 && depth === 0 ? null : nodes;
}

export function write(node: Node): Buffer {
  // Without recursion, because a change may have nested it thousands of times.
  const path: Node[] = [];
  let inner: Node = node;
  while (inner.children?.length === 1 && inner.children[0] !== undefined) {
    path.push(inner);
    inner = inner.children[0];
  }
  const content = inner.children === null ? inner.content : Buffer.concat(inner.children.map(write));
  const octets = Buffer.concat([header(inner, content.length), content]);
  const headers: Buffer[] = [];
  let { length } = octets;
  for (const outer of path.reverse()) {
    const written = header(outer, length);
    headers.push(written);
    length += written.length;
  }
  return Buffer.concat([...headers.reverse(), octets]);
}

const header = (node: Node, length: number): Buffer =>
  Buffer.concat([Buffer.of(node.tag), node.length ?? lengthOf(length)]);

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  const octets: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) octets.unshift(left % 256);
  return Buffer.of(0x80 | octets.length, ...octets);
}
