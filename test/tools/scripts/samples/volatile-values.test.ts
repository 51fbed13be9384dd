// Tests scripts/samples/volatile-values.ts
import { describe, expect, it } from 'vitest';
import { maskVolatile, shortenBase64 } from '../../../../scripts/samples/volatile-values.js';

describe('maskVolatile', () => {
  it.each([
    ['"id":"01a2105f-b6f3-7215-bb67-f24f95631791"', '"id":"02b3105f-b6f3-7215-bb67-f24f95631792"'],
    [`"head":"${'0a'.repeat(32)}"`, `"head":"${'1b'.repeat(32)}"`],
    ['   41:a2:10:5f:b7:4b:1d:d3:4a:db', '   42:a2:10:5f:b7:4b:1d:d3:4a:db'],
    ['"2026-12-02T01:43:58.000Z"', '"2027-01-03T11:00:00Z"'],
    ['Not After : Dec  2 01:43:58 2026 GMT', 'Not After : Nov 25 11:43:58 2027 GMT'],
    ['until 2026-11-26 10:21 UTC', 'until 2027-01-01 00:00 UTC'],
    ['joe-by-hand   0s    kubernetes.io', 'joe-by-hand   3s    kubernetes.io'],
    [`data: ${'LS0tLS1CRUdJ'.repeat(8)}==`, `data: ${'LS0tLS1CRUdJ'.repeat(7)}`],
    [`data: ${'LS0tLS1CRUdJ'.repeat(8)}==`, 'data: LS0tLS1CRUdJ…'],
  ])('makes %s and %s the same', (one, other) => {
    expect(maskVolatile(one)).toBe(maskVolatile(other));
    expect(maskVolatile(one)).toContain('<');
  });

  it.each([
    ['"state":"pending"', '"state":"issued"'],
    ['"events":21', '"events":22'],
    ['Subject: O=dev, CN=jane', 'Subject: O=ops, CN=jane'],
    ['1 day', '23 hours'],
    ['"id":"01a2105f-b6f3-7215-bb67-f24f95631791"', '"id":null'],
  ])('keeps %s and %s apart', (one, other) => {
    expect(maskVolatile(one)).not.toBe(maskVolatile(other));
  });
});

it('shortenBase64 keeps the beginning of what is long, and all that is short', () => {
  expect(shortenBase64(`key: ${'LS0tLS1CRUdJ'.repeat(20)}==\n`)).toBe('key: LS0tLS1CRUdJ…\n');
  expect(shortenBase64('sum: 269269510cc4c249d52249845ca3eb24818ff7a9b5193cdc14d38703506e3aea\n')).not.toContain('…');
});
