// Tests packages/inspect/src/x509/decode-certificate-list.ts
import { describe, expect, it } from 'vitest';

import { entryOf, rawList } from '../../x509/build.js';
import { readList } from '../../x509/decoding.js';
import { cpuMilliseconds } from '../../../../../test/helpers/cpu-milliseconds.js';

describe('decodeCertificateList', () => {
  it('shows a hundred of very many, and knows them all', () => {
    const numbers = Array.from({ length: 127 }, (_, i) => i + 1);
    const entries = Array.from({ length: 200 }, () => numbers.map((number) => entryOf(number))).flat();
    const start = cpuMilliseconds();
    const { content, decoded } = readList(rawList({ entries }));
    expect(cpuMilliseconds() - start).toBeLessThan(2000);
    expect(content.revokedCount).toBe(entries.length);
    expect(content.revoked).toHaveLength(100);
    expect(decoded.material).toMatchObject({ revokedSerialNumbers: { size: 127 } });
  });
});
