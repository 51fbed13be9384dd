// Tests packages/inspect/src/model/budget.ts, packages/inspect/src/reading/read-upload.ts
import { describe, expect, it } from 'vitest';
import { uploadLimits } from '../../../src/model/budget.js';
import { readUpload } from '../../../src/reading/read-upload.js';
import { base64, bytesOf, client, codesOf, context, outline, read } from '../../reading/uploads.js';
import { cpuMilliseconds } from '../../../../../test/helpers/cpu-milliseconds.js';

const MIB = 1024 * 1024;
const fill = (text: string, length = MIB): string => text.repeat(Math.ceil(length / text.length)).slice(0, length);

/** Uploads that may be answered or refused, but within two seconds. */
async function outcome(content: string | Uint8Array): Promise<string> {
  const started = cpuMilliseconds();
  const result = await read(content).then(
    (objects) => codesOf(objects).join(' '),
    (error: unknown) => (error as { reason: string }).reason,
  );
  expect(cpuMilliseconds() - started).toBeLessThan(2000);
  return result;
}

describe('an upload', () => {
  it('is refused where there is nothing in it', async () => {
    await expect(read('')).rejects.toMatchObject({ reason: 'Empty' });
    await expect(readUpload({ parts: [], password: null }, context())).rejects.toMatchObject({ reason: 'Empty' });
  });

  it('is refused where it is too large, in one part or in several', async () => {
    await expect(read(fill('x', MIB + 1))).rejects.toMatchObject({ reason: 'TooLarge' });
    const half = { name: null, bytes: bytesOf(fill('x', MIB / 2 + 1)) };
    await expect(readUpload({ parts: [half, half], password: null }, context())).rejects.toMatchObject({
      reason: 'TooLarge',
    });
  });

  it('may be as large as the bound', async () => {
    expect(outline(await read(fill('hello ')))).toEqual(['upload Unknown']);
  });

  it('is refused past its bound of objects', async () => {
    const blocks = client.pem.repeat(uploadLimits.objects);
    expect(await read(blocks)).toHaveLength(uploadLimits.objects);
    await expect(read(blocks + client.pem)).rejects.toMatchObject({ reason: 'TooManyObjects' });
  });

  it('is refused where base64 in base64 … goes on for too long', async () => {
    const nested = (times: number): string =>
      Array.from({ length: times }).reduce<string>((text) => base64(text), client.pem);
    expect(outline(await read(nested(uploadLimits.depth - 1)))).toEqual(['upload Certificate']);
    await expect(read(nested(uploadLimits.depth + 1))).rejects.toMatchObject({ reason: 'TooDeep' });
  });

  it('is refused where aliases have it decoded again and again', async () => {
    const block = base64(client.pem.repeat(100));
    const secret = `apiVersion: v1\nkind: Secret\ndata:\n  a: &a ${block}\n${Array.from({ length: 99 }, (_, i) => `  b${i}: *a\n`).join('')}`;
    await expect(read(secret)).rejects.toMatchObject({ reason: 'TooManyObjects' });
    const large = `apiVersion: v1\nkind: Secret\ndata:\n  a: &a ${base64(fill('x', 700_000))}\n  b: *a\n  c: *a\n  d: *a\n`;
    await expect(read(large)).rejects.toMatchObject({ reason: 'TooLarge' });
  });
});

describe('a document', () => {
  const laughs = [
    'a0: &a0 [lol]',
    ...Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${fill(`*a${i}, `, 50)}]`),
  ];
  const merges = [
    'a0: &a0 {x: 1}',
    ...Array.from({ length: 60 }, (_, i) => `a${i + 1}: &a${i + 1} {<<: *a${i}, k${i}: 1}`),
  ];

  it.each<[string, string, string]>([
    ['billion laughs', `kind: Config\n${laughs.join('\n')}`, 'TooMuchWork'],
    ['brackets within brackets', `kind: Config\na: ${fill('[', 100_000)}`, 'TooDeep'],
    ['lists within lists', `kind: Config\na:\n${fill('- ', 100_000)}`, 'TooDeep'],
    ['JSON arrays within arrays', `{"kind": "Config", "a": ${fill('[', 100_000)}${fill(']', 100_000)}}`, 'TooDeep'],
    ['JSON arrays without end', fill('['), 'TooDeep'],
    ['JSON objects within objects', fill('{"a":'), 'TooDeep'],
    ['millions of JSON values', `[${fill('0,', MIB - 4)}0]`, 'TooMuchWork'],
    ['10,000 documents', `kind: Config\n${fill('---\na: b\n', 80_000)}`, 'TooManyObjects'],
    ['10,000 JSON documents', fill('{"kind": "x"}', 130_000), 'TooManyObjects'],
    ['10,000 documents of nothing', `kind: Config\n${fill('---\n', 40_000)}`, 'TooManyObjects'],
    ['millions of small values', `kind: Config\na: [${fill('a,')}]`, 'TooMuchWork'],
    ['millions of keys', `kind: Config\n${fill('a: b\n')}`, 'TooMuchWork'],
    ['millions of errors', `kind: Config\n${fill('"')}`, 'TooMuchWork'],
  ])('is refused in bounded time: %s', async (_, text, reason) => {
    expect(await outcome(text.slice(0, MIB))).toBe(reason);
  });

  it('may merge maps within bounds', async () => {
    expect(await outcome(`kind: Config\n${merges.join('\n')}`)).not.toBe('TooMuchWork');
  });

  it('says of each key that is given twice, once', async () => {
    const text = `apiVersion: v1\nkind: ConfigMap\ndata:\n${fill('  a: "x"\n', 90_000)}`;
    const [object] = await read(text);
    expect(object?.observations).toHaveLength(10);
    expect(object?.observations.at(-1)?.message).toMatch(/and 9989 more like it$/);
  });

  it.each<[string, string]>([
    ['a line', `kind: ${fill('x')}`],
    ['a quoted line', `kind: "${fill('x', MIB - 20)}"`],
    ['a name', `${fill('x', MIB - 20)}: kind\nkind: a\n`],
    ['a JSON string', `{"kind": "${fill('\\u0000', MIB - 40)}"}`],
    ['a block of text', `kind: |\n${fill('  x\n')}`],
    ['a comment', `kind: x #${fill(' #')}`],
    ['blanks', `kind: x\n${fill(' ')}`],
    ['blanks before nothing', `${fill(' ', MIB - 10)}\nkind:`],
    ['tabs', `kind:\t${fill('\t')}`],
    ['colons', `kind: ${fill(':')}`],
    ['dashes', fill('-')],
    ['one block of base64', fill('QUJD')],
    ['base64 of letters', `MII${fill('A')}`],
    ['equals signs', fill('=')],
    ['BEGIN lines', fill('-----BEGIN ')],
    ['BEGIN lines one to a line', fill('-----BEGIN X-----\n')],
    ['a PEM header', `-----BEGIN X-----\n${fill('A: b\n')}\n-----END X-----\n`],
    ['a PEM header that goes on', `-----BEGIN X-----\nA: b\n${fill(' b\n')}\n-----END X-----\n`],
    ['a PEM block of blanks', `-----BEGIN X-----\n${fill(' ')}\n-----END X-----\n`],
    ['a PEM block of short lines', `-----BEGIN CERTIFICATE-----\n${fill('QUJD\n')}-----END CERTIFICATE-----\n`],
    ['END lines', `-----BEGIN X-----\n${fill('-----END ')}`],
    ['a PEM block of backslashes', `-----BEGIN X-----\n${fill('\\n')}\n-----END X-----\n`],
    ['a URL', `clusters: [{name: c, cluster: {server: "https://${fill('a@', MIB - 100)}"}}]`],
  ])('or text that is 1 MiB of %s is answered or refused in bounded time', async (_, text) => {
    await outcome(text.slice(0, MIB));
  });

  it('of kubectl with every kind of entry in large numbers is answered in bounded time', async () => {
    const users = Array.from({ length: 4000 }, (_, i) => ({
      name: `u${i % 2000}`,
      user: { token: 'a', as: 'b', 'client-key': 'c' },
    }));
    const contexts = users.map(({ name }, i) => ({ name: `x${i}`, context: { cluster: 'none', user: name } }));
    expect(await outcome(JSON.stringify({ kind: 'Config', users, contexts, clusters: [] }))).toContain('StaticToken');
  });

  it('cannot reach what JavaScript objects inherit', async () => {
    for (const text of [
      'apiVersion: v1\nkind: Secret\n__proto__: {data: {x: eA==}}\nconstructor: {name: x}\n',
      '{"apiVersion": "v1", "kind": "Secret", "__proto__": {"data": {"x": "eA=="}}, "metadata": {"__proto__": {"name": "x"}}}',
    ])
      expect((await read(text))[0]?.content).toEqual({
        type: 'Secret',
        name: null,
        namespace: null,
        secretType: null,
        keys: [],
      });
  });
});
