import { mutateOctets } from './mutate-octets.js';
import type { Random } from './random.js';

type Mutate = (octets: Buffer) => Buffer;

const encoded = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'base64');

/** Changes the content of a PEM block, or the way it is written. */
export function mutatePem(text: string, random: Random, inner: Mutate): string {
  const blocks = [...text.matchAll(/-----BEGIN ([^-]*)-----([^-]*)-----END [^-]*-----/g)];
  if (blocks.length === 0) return text;
  const block = random.pick(blocks);
  const [whole, label = '', body = ''] = block;
  const octets = random.once(4) ? encoded(body) : inner(encoded(body));
  return text.slice(0, block.index) + writePem(label, octets, random) + text.slice(block.index + whole.length);
}

const labels = [
  'CERTIFICATE',
  'X509 CERTIFICATE',
  'TRUSTED CERTIFICATE',
  'CERTIFICATE REQUEST',
  'NEW CERTIFICATE REQUEST',
  'X509 CRL',
  'PUBLIC KEY',
  'RSA PUBLIC KEY',
  'PRIVATE KEY',
  'RSA PRIVATE KEY',
  'EC PRIVATE KEY',
  'DSA PRIVATE KEY',
  'ENCRYPTED PRIVATE KEY',
  'OPENSSH PRIVATE KEY',
  'PKCS7',
  'CMS',
  'EC PARAMETERS',
  'PKCS12',
  '',
  'A'.repeat(200),
];

export function writePem(label: string, octets: Buffer, random: Random): string {
  const width = random.once(3) ? random.pick([1, 4, 63, 65, 76, 1000, 100_000]) : 64;
  const end = random.pick(['\n', '\n', '\n', '\r\n', '\r', ' \n', '\n\n', '\n ', '']);
  const base64 = octets.toString(random.once(12) ? 'base64url' : 'base64');
  const lines = base64.match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
  const name = random.once(5) ? random.pick(labels) : label;
  const other = random.once(20) ? random.pick(labels) : name;
  const headers = random.once(12)
    ? random.pick([
        ['Proc-Type: 4,ENCRYPTED', `DEK-Info: AES-128-CBC,${random.octets(16).toString('hex')}`, ''],
        ['Proc-Type: 4,ENCRYPTED', `DEK-Info: DES-EDE3-CBC,${random.octets(8).toString('hex')}`, ''],
        ['Proc-Type: 4,ENCRYPTED', ''],
        ['DEK-Info: ,', ''],
        ['x: y', ' folded', ''],
        [`x: ${'y'.repeat(5000)}`, ''],
      ])
    : [];
  const begin = random.once(30) ? '----BEGIN' : '-----BEGIN';
  return [`${begin} ${name}-----`, ...headers, ...lines, random.once(30) ? '' : `-----END ${other}-----`, ''].join(end);
}

/** Changes the content of base64, or the way it is written. */
export function mutateBase64(text: string, random: Random, inner: Mutate): string {
  const octets = inner(encoded(text));
  const base64 = octets.toString(random.once(8) ? 'base64url' : 'base64');
  if (random.once(2)) return base64;
  return base64.replace(
    new RegExp(`.{${random.pick([1, 60, 64, 76])}}`, 'g'),
    random.pick(['$&\n', '$&\r\n', '$& ', '$&\n\n']),
  );
}

const scalars = [
  'null',
  '~',
  'true',
  '7',
  '-0',
  '1e400',
  '0x10',
  '2026-12-01',
  '""',
  "'",
  '"\\u0000"',
  '"\\ud800"',
  '[]',
  '{}',
  '[[[[[[[[[[]]]]]]]]]]',
  '{a: {a: {a: {a: b}}}}',
  '&a [*a]',
  '&a {b: *a}',
  '*missing',
  '!!binary AAAA',
  '!!js/function x',
  '!<tag:x> y',
  '<<: *a',
  '? x',
  '|',
  '>-',
  '%YAML 1.3',
  '@x',
  '`x`',
  '\t',
  '__proto__',
  'constructor',
  'https://[::1]:6443/x?y#z',
  'https://user:password@h',
  'http://\u202e',
  'file:///etc/passwd',
  'x'.repeat(70_000),
  '$(touch /tmp/x)',
];

const lineMutations: readonly ((lines: string[], at: number, random: Random) => void)[] = [
  (lines, at) => void lines.splice(at, 1),
  (lines, at, random) => {
    const line = lines[at] ?? '';
    lines.splice(at, 0, ...Array.from({ length: random.copies([1, 2, 20, 300], line.length) }, () => line));
  },
  (lines, at, random) => {
    const [line = ''] = lines.splice(at, 1);
    lines.splice(random.below(lines.length + 1), 0, line);
  },
  (lines, at, random) => {
    lines[at] = random.pick(['  ', '    ', '\t', '- ', '-', ' ', '# ', '&x ', '? ']) + (lines[at] ?? '');
  },
  (lines, at) => {
    lines[at] = (lines[at] ?? '').replace(/^ {1,2}/, '');
  },
  (lines, at, random) => {
    lines[at] = (lines[at] ?? '').replace(/:.*/, `: ${random.pick(scalars)}`);
  },
  (lines, at, random) => {
    lines[at] = (lines[at] ?? '').replace(/[\w-]{1,64}:/, `${random.pick(names)}:`);
  },
  (lines, at, random) => {
    lines.splice(at, 0, random.pick(['---', '...', '--- !x', '%TAG ! x', '- - - - -', '{', '}', '[', ']', ...scalars]));
  },
];

const names = [
  'server',
  'token',
  'exec',
  'user',
  'users',
  'cluster',
  'clusters',
  'contexts',
  'name',
  'data',
  'stringData',
  'items',
  'kind',
  'apiVersion',
  'spec',
  'status',
  'request',
  'certificate',
  'client-certificate-data',
  'client-key-data',
  'certificate-authority-data',
  '__proto__',
  'tls.crt',
  'ca.crt',
  '<<',
  '"\\0"',
];

/** Changes lines of YAML, or the content of base64 in it. */
export function mutateYaml(text: string, random: Random, inner: Mutate): string {
  const values = [...text.matchAll(/[A-Za-z0-9+/]{60,}={0,2}/g)];
  if (values.length > 0 && random.once(2)) {
    const value = random.pick(values);
    const changed = mutateBase64(value[0], random, inner);
    return text.slice(0, value.index) + changed + text.slice(value.index + value[0].length);
  }
  const lines = text.split('\n');
  for (let times = random.between(1, 3); times > 0; times--)
    random.pick(lineMutations)(lines, random.below(lines.length), random);
  return lines.join('\n');
}

/** Changes a member of JSON, or its text. */
export function mutateJson(text: string, random: Random, inner: Mutate): string {
  const values = [...text.matchAll(/"[^"\\]*"|\d+|true|false|null/g)];
  if (values.length === 0 || random.once(5))
    return mutateOctets(Buffer.from(text), random, () => Buffer.from(text)).toString('latin1');
  const value = random.pick(values);
  const isBase64 = /^"[A-Za-z0-9+/]{60,}={0,2}"$/.test(value[0]);
  const replacement = isBase64
    ? JSON.stringify(mutateBase64(value[0].slice(1, -1), random, inner))
    : random.pick([
        'null',
        '7',
        '[]',
        '{}',
        '""',
        '"x"',
        '{"a":{"a":{"a":[]}}}',
        '['.repeat(500),
        '"\\ud800"',
        '1e999',
        `"${'y'.repeat(10_000)}"`,
        '"__proto__"',
        JSON.stringify(random.pick(names)),
      ]);
  return text.slice(0, value.index) + replacement + text.slice(value.index + value[0].length);
}
