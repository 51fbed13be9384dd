// Tests packages/inspect/src/formats/yaml/read-kubernetes-yaml.ts,
// packages/inspect/src/formats/yaml/compose-documents.ts
import { describe, expect, it } from 'vitest';
import { readKubernetesYaml } from '../../../src/formats/yaml/read-kubernetes-yaml.js';

const bounds = { maxDepth: 16, maxLexemes: 10_000, maxDocuments: 10 };

function read(text: string): readonly unknown[] {
  const reading = readKubernetesYaml(text, bounds);
  if (!reading.ok) return [reading.exceeded];
  return reading.documents.map((document) => ('value' in document ? document.value : document.problem));
}

describe('YAML as kubectl reads it', () => {
  it.each<[string, string, unknown]>([
    ['yes, on and y are true', '[yes, On, y, true]', [true, true, true, true]],
    ['no, off and n are false', '[no, OFF, n, false]', [false, false, false, false]],
    ['quotes make text of them', `["yes", 'on', !!str y]`, ['yes', 'on', 'y']],
    ['0777 and 0x1f and 1_000 are numbers', '[0777, 0x1f, 1_000, 1.5]', [511, 31, 1000, 1.5]],
    ['0o17 is a number too', '[0o17, -0o1_7, 0o8]', [15, -15, '0o8']],
    [
      'times and base-60 numbers are text',
      '[2026-11-25, 2026-11-25T00:00:00Z, 1:30]',
      ['2026-11-25', '2026-11-25T00:00:00Z', '1:30'],
    ],
    ['nothing is null', '[~, null, ]', [null, null]],
    ['names are text', '{1: a, true: b, null: c}', { 1: 'a', true: 'b', null: 'c' }],
    ['unknown tags are ignored', '[!x 1, !!binary aGk=, !!set {a, b}]', ['1', 'aGk=', { a: null, b: null }]],
    ['an alias is what its anchor is', '{a: &x [1], b: *x}', { a: [1], b: [1] }],
    ['the last anchor of a name counts', '[&x 1, &x 2, *x]', [1, 2, 2]],
    [
      '<< takes in what is not there',
      '{a: &x {p: 1, q: 2}, b: {<<: *x, q: 3}}',
      { a: { p: 1, q: 2 }, b: { p: 1, q: 3 } },
    ],
    ['<< takes in several, the first first', '{b: {<<: [{p: 1}, {p: 2, q: 2}]}}', { b: { p: 1, q: 2 } }],
    ['"<<" in quotes is a name', '{"<<": {p: 1}}', { '<<': { p: 1 } }],
    ['the last of a name counts', 'a: 1\na: 2\n', { a: 2 }],
    ['__proto__ is a name', '{__proto__: {a: 1}}', Object.fromEntries([['__proto__', { a: 1 }]])],
    ['a block keeps its lines', 'a: |\n  x\n  y\n', { a: 'x\ny\n' }],
  ])('%s', (_, text, value) => {
    expect(JSON.parse(JSON.stringify(read(text)))).toEqual([value]);
  });

  it('reads every document of a stream', () => {
    expect(read('a\n---\nb\n...\n---\n')).toEqual(['a', 'b', null]);
  });

  it('says where a name is given twice', () => {
    const reading = readKubernetesYaml('a: [{b: 1, b: 2}]\nc: {}\nc: {}\n', bounds);
    const [document] = reading.ok ? reading.documents : [];
    expect(document && 'duplicates' in document && document.duplicates.map(({ place }) => place)).toEqual([
      ['a', 0, 'b'],
      ['c'],
    ]);
  });

  it.each<[string, string]>([
    ['syntax', 'a: [b'],
    ['syntax', 'a: b: c'],
    ['syntax', '? [a]\n: b'],
    ['syntax', 'a: *b'],
    ['syntax', 'a: &b [*b]'],
    [
      'aliases',
      [
        'a: &a [x]',
        ...Array.from('bcdefgh', (name, i) => `${name}: &${name} [${`*${'abcdefg'[i] ?? ''}, `.repeat(9)}]`),
      ].join('\n'),
    ],
  ])('tells what is wrong with a document, and in which line: %s', (problem, text) => {
    const reading = readKubernetesYaml(`# first\n${text}`, bounds);
    expect(reading.ok && reading.documents[0]).toMatchObject({ problem, line: expect.any(Number) as number });
  });

  it('says where the text of a document is that cannot be read, up to the next one', () => {
    const text = 'a: b\n---\nc: [d\n---\ne: f\n';
    const reading = readKubernetesYaml(text, bounds);
    const [, unreadable] = reading.ok ? reading.documents : [];
    if (unreadable === undefined || !('problem' in unreadable)) throw new Error('the second document can be read');
    expect(text.slice(unreadable.start, unreadable.end)).toContain('c: [d');
    expect(text.slice(unreadable.start, unreadable.end)).not.toContain('e: f');
    expect(unreadable.firstLine).toBe(text.slice(0, unreadable.start).split('\n').length);
  });

  it.each<[string, string, string]>([
    ['depth', '['.repeat(17), 'maxDepth'],
    ['depth in blocks', '- '.repeat(20), 'maxDepth'],
    ['length', 'a: b\n'.repeat(3000), 'maxLexemes'],
    ['documents', '---\na\n'.repeat(11), 'maxDocuments'],
  ])('stops at its bound of %s', (_, text, exceeded) => {
    expect(readKubernetesYaml(text, bounds)).toEqual({ ok: false, exceeded });
  });
});
