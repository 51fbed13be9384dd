// Tests src/store/steps/statement.ts
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { columnsFrom } from '../../../src/store/steps/statement.js';

/** An old schema is moved by a statement that runs once. */
const files = globSync('src/store/**/*.ts', { exclude: ['src/store/generated/**'] });

it('no statement selects all columns of a table, because a newer version may have added some meanwhile', () => {
  expect(files.length).toBeGreaterThan(50);
  // An asterisk over a subquery of the same statement selects the columns that stand there.
  const starred = /(?:SELECT|RETURNING|,)\s+\*(?!\s+FROM \(SELECT)|["}\w]\.\*(?=[\s,`'])/;
  const found = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => !/^\s*(?:\/?\*|\/\/)/.test(line) && starred.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
  expect(found).toEqual([]);
  for (const sql of ['SELECT * FROM "X"', 'SELECT "u".* FROM', 'SELECT 1, "g".*, 2', '`SELECT ${as}.* ${from}`'])
    expect(starred.test(sql), sql).toBe(true);
});

it('names each column of a table', () => {
  expect(columnsFrom({ n: 'n', id: 'id' }, 'u')).toBe('"u"."n", "u"."id"');
});
