// Tests bench/peers/physical-limit.ts
import { describe, expect, it } from 'vitest';
import { signaturesIn } from '../../../bench/peers/physical-limit.js';

describe('signaturesIn', () => {
  it('reads what OpenSSL 3.0 says about RSA and ECDSA', () => {
    const rsa = `options: bn(64,64)
                  sign    verify    sign/s verify/s
rsa 2048 bits 0.000240s 0.000016s   4162.0  63429.0
`;
    const ecdsa = `                              sign    verify    sign/s verify/s
 256 bits ecdsa (nistp256)   0.0000s   0.0001s  59216.1  18661.0
`;
    expect([signaturesIn(rsa), signaturesIn(ecdsa)]).toEqual([4162, 59216.1]);
  });

  it('reads what later versions say, who encrypt as well', () => {
    const rsa = `                   sign    verify    encrypt   decrypt   sign/s verify/s  encr./s  decr./s
rsa  2048 bits 0.000240s 0.000016s 0.000017s 0.000241s   4163.0  63429.0  60001.0   4150.0
`;
    expect(signaturesIn(rsa)).toBe(4163);
  });

  it('does not take anything else for a rate', () => {
    expect(() => signaturesIn('rsa 2048 bits 1 2 3 4\n')).toThrow('does not say');
    expect(() => signaturesIn('sign verify sign/s verify/s\nrsa 2048 bits 0.1s 0.1s oops 3\n')).toThrow('does not say');
  });
});
