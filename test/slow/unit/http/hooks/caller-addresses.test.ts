// Tests src/http/hooks/every-request.ts
import { describe, expect, it } from 'vitest';
import { CallerAddresses } from '../../../../../src/http/hooks/every-request.js';

const trusted = ['10.0.0.0/8', '192.0.2.7', 'fd00::/8'];
const proxy = '10.0.0.1';
const of = (headers: Readonly<Record<string, string>>, remoteAddress: string | undefined = proxy, proxies = trusted) =>
  new CallerAddresses(proxies).of({ headers, socket: { remoteAddress } });

describe('the address of a caller', () => {
  it('takes a header of 16 KiB in a moment', () => {
    const began = process.cpuUsage();
    for (const text of [
      `${'10.0.0.1,'.repeat(1_600)}10.0.0.2`,
      ','.repeat(16_000),
      `for=${'"'.repeat(16_000)}`,
      ';'.repeat(16_000),
    ])
      for (const name of ['x-forwarded-for', 'forwarded']) of({ [name]: text });
    const { user, system } = process.cpuUsage(began);
    expect(user + system).toBeLessThan(500_000);
  });
});
