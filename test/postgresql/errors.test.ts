// Tests src/store/postgresql/errors.ts
import { expect, it } from 'vitest';
import { isUnreachable } from '../../src/store/postgresql/errors.js';

/** The form in which Prisma 7 passes on an error of its adapter. */
const fromPrisma = (originalCode: string) =>
  Object.assign(new Error('Invalid invocation'), {
    code: 'P2039',
    meta: {
      driverAdapterError: { name: 'DriverAdapterError', cause: { originalCode, kind: 'postgres', code: originalCode } },
    },
  });

it.each([
  ['no server', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
  ['a server that starts', fromPrisma('57P03')],
  ['a server that was killed', fromPrisma('57P01')],
  ['too many connections', fromPrisma('53300')],
  ['a wire that broke', new Error('Connection terminated unexpectedly')],
  ['what caused it', new Error('x', { cause: new Error('timeout expired') })],
])('treats as an absence of the database: %s', (_, error) => {
  expect(isUnreachable(error)).toBe(true);
});

it.each([
  ['a table that is not there', fromPrisma('42P01')],
  ['a fault of ours', new TypeError('x is not a function')],
  ['nothing', undefined],
])('does not treat as one: %s', (_, error) => {
  expect(isUnreachable(error)).toBe(false);
});
