// Tests packages/console/src/frame/destination.ts
import { describe, expect, it } from 'vitest';
import { destinationOf } from '../src/frame/destination.js';

describe('a text that was pasted', () => {
  const fingerprint = '0a1b'.repeat(16);
  const openssl = (fingerprint.match(/../g) ?? []).join(':').toUpperCase();
  it.each([
    ['9F8E6B1A-4C1D-4B7E-8A39-0D0E8F2C1B7A', '/console/requests/9f8e6b1a-4c1d-4b7e-8a39-0d0e8f2c1b7a'],
    [` ${fingerprint}\n`, `/console/certificates/${fingerprint}`],
    [openssl, `/console/certificates/${fingerprint}`],
    [`sha256 Fingerprint=${openssl}`, `/console/certificates/${fingerprint}`],
    [`SHA256:${openssl}`, `/console/certificates/${fingerprint}`],
  ])('%j leads to %s', (text, path) => expect(destinationOf(text)?.path).toBe(path));

  it.each([
    ['4FAB0C12D3', '4fab0c12d3'],
    ['serial=4FAB0C12D3', '4fab0c12d3'],
    ['4f:ab:0c:12:d3', '4fab0c12d3'],
    ['0x4fab0c12d3', '4fab0c12d3'],
  ])('%j is a serial number', (text, serialNumber) =>
    expect(destinationOf(text)).toEqual({
      kind: 'serial number',
      path: '/console/certificates',
      values: { serialNumber },
    }),
  );

  it.each(['', 'jane', 'deadbee', 'requests', '9f8e6b1a-4c1d', fingerprint.slice(1)])('%j leads nowhere', (text) =>
    expect(destinationOf(text)).toBeNull(),
  );
});
