import { mutateDer, type Node, parse, write } from './mutate-der.js';
import { mutateOctets } from './mutate-octets.js';
import type { Random } from './random.js';

/**
 * Changes a field of a certificate, of a request or of a key by its meaning: a time, a name, an extension, parameters.
 * Null where the octets are not built so. Readers that differ in a rule differ here, and bit flips rarely get so far.
 */
export function mutateFields(octets: Buffer, random: Random, other: () => Buffer): Buffer | null {
  const roots = parse(octets);
  if (roots?.length !== 1) return null;
  const nodes: Node[] = [];
  collect(roots, nodes);
  for (let times = random.once(3) ? 2 : 1; times > 0; times--)
    if (!random.pick(changes)(nodes, random, other) && !random.pick(changes)(nodes, random, other)) return null;
  return Buffer.concat(roots.map(write));
}

function collect(nodes: readonly Node[], all: Node[]): void {
  for (const node of nodes) {
    all.push(node);
    if (node.children !== null) collect(node.children, all);
  }
}

/** Makes its change to some of all the elements; false where there is nothing to change. */
type Change = (nodes: readonly Node[], random: Random, other: () => Buffer) => boolean;

const leaf = (tag: number, content: Buffer | string): Node => ({
  tag,
  content: typeof content === 'string' ? Buffer.from(content, 'latin1') : content,
  children: null,
  length: null,
});
const list = (tag: number, ...children: readonly Node[]): Node => ({
  tag,
  content: Buffer.alloc(0),
  children: [...children],
  length: null,
});

function become(node: Node, { tag, content, children }: Node): void {
  Object.assign(node, { tag, content, children, length: null });
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

const timeTags = [0x17, 0x18];
const offsets = ['Z', 'Z', 'Z', '', '+0000', '-0000', '+0100', '-0130', '+2300', '+2400', '+0060', 'z', '.5Z', '+01'];
const stringTags = [0x0c, 0x13, 0x16, 0x12, 0x14, 0x1e, 0x1c, 0x1a, 0x1b, 0x19, 0x03, 0x04, 0x02, 0x05, 0x06, 0x17];
const texts = [
  '',
  'a',
  'jane',
  'a*b',
  'a&b',
  'a@b',
  'a_b',
  '12 3',
  'a\0',
  'b\xfccher',
  'b\xc3\xbccher',
  '\0a\0b',
  '\0a\0\0',
  '\xd8\x00\xdc\x00',
  '\xff\xfe',
  '\xfd\xd0',
  '\0\0\0a',
];

/** Names as constraints and alternative names have them. */
const hosts = [
  'example.com',
  '.example.com',
  'example.com.',
  'a..b',
  '..a',
  '.',
  '',
  'a b',
  '*.example.com',
  '@good.com',
  'jane@example.com',
  'jane@example.com.',
  'a@b@c',
  '"a b"@example.com',
  '"a',
  'a\\@b@c',
  '.a@b',
  'a..b@c',
  'a@',
  'a@.b',
  'a@b..c',
  'b\xfccher.example',
  '10.0.0.1',
  '::1',
  'fe80::1%eth0',
  '1::2::3',
  '::ffff:10.0.0.1',
  '[::1]',
  'https://example.com/',
  'a\x7f',
  '-a.b-',
  '_a',
];
const uris = [
  'https://example.com/a?b#c',
  'spiffe://cluster.local/ns/a/sa/b',
  'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
  ':a',
  'a:b',
  '1:b',
  'a/b:c',
  '*',
  '',
  '//a',
  '///a',
  '//a..b/c',
  'http://a b/',
  'http://a/b c',
  'http://a/%',
  'http://a/%zz',
  'http://a/#%',
  'http://a/?%',
  'http://%61/',
  'http://%c3%bc/',
  'http://a%20b/',
  'http://[::1]/',
  'http://[::1]:80/',
  'http://[::1%25eth0]/',
  'http://[::1%25%20]/',
  'http://[::1%eth0]/',
  'http://[10.0.0.1]/',
  'http://[::ffff:10.0.0.1]/',
  'http://[a]/',
  'http://[::1/',
  'http://a[::1]/',
  'http://::1/',
  'http://a:80/',
  'http://a:/',
  'http://a:b/',
  'http://a:1:2/',
  'ftp://a:1:2/',
  'http://jane@a/',
  'http://jane:x@a/',
  'http://j%@a/',
  'http://j ane@a/',
  'http://a@b@c/',
  'http://a./',
  'http://.a/',
  'http://a..b/',
  'http://a.:80/',
  'http://\x7f/',
  'http://a/\n',
  'mailto:a b',
  'ldap:///CN=a b?c',
  'http://a"b/',
  'http://a<b/',
  'http://a\\b/',
  'http://a|b/',
];
const addresses = [
  '0a000001',
  '0a000000ff000000',
  '0a000000ff00ff00',
  '0a000000ffffff01',
  '0a00000000000000',
  '0a000000fffffffe',
  `fd${'00'.repeat(15)}`,
  `fd${'00'.repeat(15)}ff${'00'.repeat(15)}`,
  `fd${'00'.repeat(15)}ff00ff${'00'.repeat(13)}`,
  '0a0000',
  '',
];

/** OBJECT IDENTIFIERs, some with arcs of more than 31 bits, some cut off. */
const identifiers = [
  '551d11',
  '551d0e',
  '2b0601050507030a',
  '6981e9f3c5b7a2d1c3e5f7c9b1a3d5e7f9cb9d6f',
  '2a8ffffffff7f',
  '2a87ffffff7f',
  '2a8880808000',
  '8880808000',
  '87ffffff7f',
  '2a80',
  '2a8001',
  '',
  '55',
].map((each) => hex(each.length % 2 === 0 ? each : `${each}0`));

const numbers = [
  '',
  '00',
  '01',
  '02',
  '03',
  '7f',
  '80',
  'ff',
  '0080',
  '0001',
  'ff80',
  '7fffffff',
  '0080000000',
  '7fffffffffffffff',
  '008000000000000000',
  '010000000000000000',
  '00ffffffffffffffffff',
].map(hex);

const general = (random: Random): Node =>
  random.pick([
    () => leaf(0x81, random.pick(hosts)),
    () => leaf(0x82, random.pick(hosts)),
    () => leaf(0x86, random.pick(uris)),
    () => leaf(0x86, random.pick(hosts)),
    () => leaf(0x87, hex(random.pick(addresses))),
    () => leaf(0x88, random.pick(identifiers)),
    () => list(0xa4, list(0x30)),
    () => list(0xa0, leaf(0x06, random.pick(identifiers)), list(0xa0, leaf(0x0c, 'a'))),
    () => leaf(random.pick([0x80, 0x83, 0x84, 0x85, 0x89, 0x8f, 0xa2, 0xa6]), random.pick(hosts)),
  ])();

const several = (random: Random, make: (random: Random) => Node): Node[] =>
  Array.from({ length: random.pick([0, 1, 1, 1, 2, 3]) }, () => make(random));

const maybe = (random: Random, make: () => Node): Node[] => (random.once(2) ? [make()] : []);

const distributionPoint = (random: Random): Node =>
  list(
    0x30,
    ...maybe(random, () =>
      list(
        0xa0,
        random.once(3)
          ? list(0xa1, list(0x30, leaf(0x06, hex('550403')), leaf(random.pick(stringTags), random.pick(texts))))
          : list(0xa0, ...several(random, general)),
      ),
    ),
    ...maybe(random, () => leaf(0x81, hex(random.pick(['00', '0780', '', '0781', '08ff'])))),
    ...maybe(random, () => list(0xa2, ...several(random, general))),
  );

const subtree = (random: Random): Node =>
  list(0x30, general(random), ...(random.once(6) ? [leaf(0x80, random.pick(numbers))] : []));

/** An extension that Go parses, with a value that is sometimes wrong. */
const extensions: readonly (readonly [oid: string, value: (random: Random) => Node])[] = [
  ['551d0e', (random) => leaf(random.pick([0x04, 0x04, 0x24, 0x02]), random.octets(random.below(21)))],
  ['551d0f', (random) => leaf(0x03, hex(random.pick(['0780', '05a0', '0106', '00', '', '08ff', '0781', '070080'])))],
  ['551d11', (random) => list(0x30, ...several(random, general))],
  ['551d12', (random) => list(0x30, ...several(random, general))],
  [
    '551d13',
    (random) =>
      list(
        0x30,
        ...maybe(random, () => leaf(0x01, hex(random.pick(['ff', 'ff', '00', '01', ''])))),
        ...maybe(random, () => leaf(0x02, random.pick(numbers))),
      ),
  ],
  [
    '551d1e',
    (random) =>
      list(
        0x30,
        ...maybe(random, () => list(0xa0, ...several(random, subtree))),
        ...maybe(random, () => list(0xa1, ...several(random, subtree))),
      ),
  ],
  ['551d1f', (random) => list(0x30, ...several(random, distributionPoint))],
  ['551d2e', (random) => list(0x30, ...several(random, distributionPoint))],
  ['551d20', (random) => list(0x30, ...several(random, (r) => list(0x30, leaf(0x06, r.pick(identifiers)))))],
  [
    '551d21',
    (random) =>
      list(
        0x30,
        ...several(random, (r) => list(0x30, leaf(0x06, r.pick(identifiers)), leaf(0x06, r.pick(identifiers)))),
      ),
  ],
  [
    '551d23',
    (random) =>
      list(
        0x30,
        ...maybe(random, () => leaf(random.pick([0x80, 0x80, 0xa0]), random.octets(random.below(21)))),
        ...maybe(random, () => list(0xa1, ...several(random, general))),
        ...maybe(random, () => leaf(0x82, random.pick(numbers))),
      ),
  ],
  [
    '551d24',
    (random) =>
      list(
        0x30,
        ...maybe(random, () => leaf(0x80, random.pick(numbers))),
        ...maybe(random, () => leaf(0x81, random.pick(numbers))),
      ),
  ],
  ['551d25', (random) => list(0x30, ...several(random, (r) => leaf(0x06, r.pick(identifiers))))],
  ['551d36', (random) => leaf(0x02, random.pick(numbers))],
  [
    '2b06010505070101',
    (random) => list(0x30, ...several(random, (r) => list(0x30, leaf(0x06, r.pick(identifiers)), general(r)))),
  ],
];

/** Whether it is an extension: an identifier, perhaps a flag, an OCTET STRING. */
const isExtension = ({ tag, children }: Node): boolean =>
  tag === 0x30 &&
  children !== null &&
  children.length > 1 &&
  children[0]?.tag === 0x06 &&
  children.at(-1)?.tag === 0x04;

/** Whether it is an attribute of a name: an identifier and a string. */
const isAttribute = ({ tag, children }: Node): boolean =>
  tag === 0x30 && children?.length === 2 && children[0]?.tag === 0x06 && stringTags.includes(children[1]?.tag ?? 0);

/** Whether it is a SubjectPublicKeyInfo. */
const isKey = ({ tag, children }: Node): boolean =>
  tag === 0x30 && children?.length === 2 && children[0]?.children?.[0]?.tag === 0x06 && children[1]?.tag === 0x03;

const isAlgorithm = ({ tag, children }: Node): boolean =>
  tag === 0x30 && children?.[0]?.tag === 0x06 && children.length < 3 && (children[1]?.tag ?? 0x05) !== 0x04;

function pickWhere(nodes: readonly Node[], random: Random, is: (node: Node) => boolean): Node | null {
  const found = nodes.filter(is);
  return found.length === 0 ? null : random.pick(found);
}

const curves = [
  '2a8648ce3d030107',
  '2b81040022',
  '2b81040023',
  '2b81040021',
  '2b8104000a',
  '2b2403030208010107',
  '550403',
];
const parameters = (random: Random): Node[] =>
  random.pick([
    () => [],
    () => [leaf(0x05, '')],
    () => [leaf(0x05, random.octets(random.between(1, 2)))],
    () => [leaf(0x06, hex(random.pick(curves)))],
    () => [leaf(0x06, random.pick(identifiers))],
    () => [list(0x30)],
    () => [list(0x30, ...several(random, (r) => leaf(0x02, r.pick(numbers))))],
    () => [leaf(0x02, random.pick(numbers))],
    () => [leaf(0x05, ''), leaf(0x05, '')],
  ])();

/** Algorithms of keys: RSA, its old identifier, PSS, EC, DSA, X25519, Ed25519, Ed448. */
const algorithms = [
  '2a864886f70d010101',
  '55080101',
  '2a864886f70d01010a',
  '2a8648ce3d0201',
  '2a8648ce380401',
  '2b656e',
  '2b6570',
  '2b6571',
].map(hex);

const changes: readonly Change[] = [
  // A time.
  (nodes, random) => {
    const time = pickWhere(nodes, random, ({ tag }) => timeTags.includes(tag));
    if (time === null) return false;
    const year = random.pick(['26', '49', '50', '99', '2026', '2050', '1949', '9999', '0000', '1950']);
    const rest = random.pick([
      '0101000000',
      '1231235959',
      '0230000000',
      '0229000000',
      '01010000',
      '010100',
      '0101246060',
    ]);
    become(time, leaf(random.pick(timeTags), `${year}${rest}${random.pick(offsets)}`));
    return true;
  },
  // The string of a name.
  (nodes, random) => {
    const value = pickWhere(nodes, random, isAttribute)?.children?.[1];
    if (value === undefined) return false;
    become(value, leaf(random.pick(stringTags), random.pick(texts)));
    return true;
  },
  // Any identifier.
  (nodes, random) => {
    const identifier = pickWhere(nodes, random, ({ tag }) => tag === 0x06);
    if (identifier !== null) become(identifier, leaf(0x06, random.pick(identifiers)));
    return identifier !== null;
  },
  // An extension, in the place of one or beside it.
  ...Array<Change>(4).fill((nodes, random) => {
    const place = pickWhere(nodes, random, ({ children }) => children?.[0] !== undefined && isExtension(children[0]));
    if (!place?.children) return false;
    const [oid, value] = random.pick(extensions);
    const flag = random.once(4) ? [leaf(0x01, hex(random.pick(['ff', 'ff', '00', '01', ''])))] : [];
    const extension = list(0x30, leaf(0x06, hex(oid)), ...flag, leaf(0x04, write(value(random))));
    const same = place.children.findIndex((each) => each.children?.[0]?.content.equals(hex(oid)) ?? false);
    if (same >= 0) place.children.splice(same, 1, extension);
    else place.children.push(extension);
    return true;
  }),
  // The inside of an extension, or of a private key.
  ...Array<Change>(2).fill((nodes, random, other) => {
    const value = pickWhere(nodes, random, ({ tag, children }) => tag === 0x04 && children === null);
    if (value === null) return false;
    const { content } = value;
    value.content =
      mutateFields(content, random, other) ?? mutateDer(content, random, other) ?? mutateOctets(content, random, other);
    return true;
  }),
  // An algorithm, or its parameters: the same wherever the same stands.
  (nodes, random) => {
    const algorithm = pickWhere(nodes, random, isAlgorithm);
    if (algorithm === null) return false;
    const [identifier] = algorithm.children ?? [];
    const before = write(algorithm);
    const changed = list(
      0x30,
      leaf(0x06, random.once(3) ? random.pick(algorithms) : (identifier?.content ?? hex(''))),
      ...parameters(random),
    );
    for (const node of nodes) if (isAlgorithm(node) && write(node).equals(before)) become(node, changed);
    return true;
  },
  // A public key: its bits, or what is in them.
  (nodes, random, other) => {
    const bits = pickWhere(nodes, random, isKey)?.children?.[1];
    if (bits === undefined) return false;
    const key = bits.content.subarray(1);
    const inner = parse(key);
    const integers = inner?.length === 1 ? (inner[0]?.children ?? []) : [];
    if (inner !== null && integers.length > 0 && !random.once(3)) {
      become(random.pick(integers), leaf(0x02, random.pick(numbers)));
      bits.content = Buffer.concat([Buffer.of(0), ...inner.map(write)]);
    } else if (random.once(2)) bits.content = Buffer.concat([Buffer.of(random.below(9)), key]);
    else bits.content = Buffer.concat([Buffer.of(0), mutateOctets(key, random, other)]);
    return true;
  },
  // A number, a bit string or a truth value.
  (nodes, random) => {
    const number = pickWhere(nodes, random, ({ tag }) => tag === 0x02);
    if (number !== null) become(number, leaf(0x02, random.pick(numbers)));
    return number !== null;
  },
  // The version, or a serial number.
  (nodes, random) => {
    const version = nodes.find(({ tag, children }) => tag === 0xa0 && children?.[0]?.tag === 0x02);
    if (version === undefined) return false;
    version.children = random.once(8) ? [] : [leaf(0x02, random.pick(numbers))];
    return true;
  },
];
