// Tests scripts/openapi/list-bounds.ts, docs/security-model.md
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { larger, listBoundsOf, mostItems, withListBounds } from '../../../scripts/openapi/list-bounds.js';

const root = new URL('../../../', import.meta.url);
const textOf = (file: string) => readFileSync(new URL(file, root), 'utf8');
const bounds = ['openapi', 'scim', 'webhooks'].flatMap((name) =>
  listBoundsOf(JSON.parse(textOf(`openapi/${name}.json`)) as object),
);

describe('every list in an answer', () => {
  it('has a bound', () => {
    expect(bounds.length).toBeGreaterThan(150);
    expect(bounds.filter(({ maxItems }) => maxItems === null)).toEqual([]);
  });

  it('has at most 10,000 items, or is named with its reason', () => {
    const more = bounds.filter(({ maxItems }) => (maxItems ?? Infinity) > mostItems).map(({ schema }) => schema);
    expect([...new Set(more)].toSorted()).toEqual(Object.keys(larger).toSorted());
  });

  it('is in the table of docs/security-model.md', () => {
    const page = textOf('docs/security-model.md');
    expect(withListBounds(page, bounds)).toBe(page);
    expect(page).toContain('| Timeline | `clusters` 1,000');
  });

  it('is found wherever it is: in an answer, in a list, beside null, in one of several', () => {
    const list = { type: 'array', items: { type: ['array', 'null'], items: {} } };
    const found = listBoundsOf({
      paths: { '/a': { get: { responses: { 200: { content: { x: { schema: { anyOf: [list] } } } } } } } },
      components: { schemas: { A: { type: 'object', properties: { items: { ...list, maxItems: 1 } } } } },
    });
    expect(found.map(({ schema, place, maxItems }) => [schema, place, maxItems])).toEqual([
      ...[
        ['A', 'items', 1],
        ['A', 'items[]', null],
        ['GET /a', '', null],
        ['GET /a', '[]', null],
      ],
    ]);
  });
});
