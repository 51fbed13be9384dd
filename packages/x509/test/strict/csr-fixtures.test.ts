// Tests packages/x509/src/strict/certification-request.ts
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type CsrReading,
  readCertificationRequest,
  readCertificationRequestDer,
} from '../../src/strict/certification-request.js';
import { acceptedCsrs, readCsrFixture, refusedCsrs } from '../fixtures/csr/index.js';

const read = (file: string): Promise<CsrReading> =>
  file.endsWith('.pem')
    ? readCertificationRequest(readCsrFixture(file).toString('latin1'))
    : readCertificationRequestDer(readCsrFixture(file));

describe('a certification request with one flaw', () => {
  it.each(Object.entries(refusedCsrs))('%s is refused as %s', async (file, reason) => {
    const reading = await read(file);
    expect(reading.ok ? 'accepted' : reading.refusal.reason).toBe(reason);
  });
});

describe('a certification request that reads in one way only', () => {
  it.each(Object.entries(acceptedCsrs))('%s is read', async (file, { username, groups, algorithm }) => {
    const reading = await read(file);
    expect(reading).toMatchObject({ ok: true, csr: { username, groups, publicKey: { algorithm } } });
  });
});

it('every fixture has its expectation', () => {
  const files = readdirSync(new URL('../fixtures/csr/', import.meta.url)).filter((file) => /\.(der|pem)$/.test(file));
  expect(files.sort()).toEqual([...Object.keys(refusedCsrs), ...Object.keys(acceptedCsrs)].sort());
});
