// Tests src/store/steps/statement.ts
import { expect, it } from 'vitest';
import { insertInto, textsByColumns } from '../../../../src/store/steps/statement.js';

it('inserts into exactly the columns of each row, whatever rows of the table came before', () => {
  for (let i = 0; i < 2; i += 1) {
    expect(insertInto('T', { a: 1, b: 2 }).sql).toBe('INSERT INTO "T" ("a", "b") VALUES (?, ?)');
    expect(insertInto('T', { a: 1 }).sql).toBe('INSERT INTO "T" ("a") VALUES (?)');
    expect(insertInto('T', { b: 1, a: 2 }).sql).toBe('INSERT INTO "T" ("b", "a") VALUES (?, ?)');
    expect(insertInto('T', { a: 1, b: 2, c: 3 }).sql).toBe('INSERT INTO "T" ("a", "b", "c") VALUES (?, ?, ?)');
    expect(insertInto('U', { a: 1, b: 2 }).sql).toBe('INSERT INTO "U" ("a", "b") VALUES (?, ?)');
  }
});

it('makes the texts of a name and its columns once', () => {
  const made: string[] = [];
  const textOf = textsByColumns((columns, name) => {
    made.push(name);
    return `${name}: ${columns.join()}`;
  });
  const texts = [textOf('T', ['a', 'b']), textOf('T', ['a', 'c']), textOf('T', ['a', 'b']), textOf('U', ['a', 'b'])];
  expect(texts).toEqual(['T: a,b', 'T: a,c', 'T: a,b', 'U: a,b']);
  expect(made).toEqual(['T', 'T', 'U']);
});
