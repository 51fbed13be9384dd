import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { onlyElement, readInteger, unsignedInteger } from '../../src/strict/der.js';
import { newSerialNumber } from '../../src/strict/certificate-writer.js';

describe('a serial number', () => {
  it('is positive and 16 octets long in DER, at any time and with any random octets', () => {
    const instants = fc.date({ min: new Date(0), max: new Date('3000-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(instants, fc.constantFrom(0x00, 0x80, 0xff), (now, octet) => {
        const serialNumber = newSerialNumber(now, (size) => Buffer.alloc(size, octet));
        const content = readInteger(onlyElement(unsignedInteger(serialNumber), 'it'));
        expect(content).toHaveLength(16);
        expect(content.readUInt8(0)).toBeLessThan(0x80);
      }),
    );
  });

  it('sorts by time', () => {
    const times = [1, 2, 255, 256, 1893456000000, 1893456000001].map((time) => new Date(time));
    const serialNumbers = times.map((time) => newSerialNumber(time, randomBytes).toString('hex'));
    expect([...serialNumbers].sort()).toEqual(serialNumbers);
  });

  it('differs within one millisecond by 80 random bits', () => {
    const now = new Date('2030-01-01');
    const asked: number[] = [];
    const random = (size: number): Buffer => {
      asked.push(size);
      return randomBytes(size);
    };
    const serialNumbers = new Set(Array.from({ length: 1000 }, () => newSerialNumber(now, random).toString('hex')));
    expect(serialNumbers.size).toBe(1000);
    expect(new Set(asked)).toEqual(new Set([10]));
  });
});
