// Tests packages/x509/src/strict/distinguished-name.ts
import { describe, expect, it } from 'vitest';
import { onlyElement } from '../../../src/strict/der.js';
import {
  type DistinguishedName,
  readDistinguishedName,
  readSubjectIdentity,
  writeSubject,
} from '../../../src/strict/distinguished-name.js';
import { cpuMilliseconds } from '../../../../../test/helpers/cpu-milliseconds.js';

const read = (bytes: Buffer): DistinguishedName => readDistinguishedName(onlyElement(bytes, 'the name'));

describe('the identity in a subject', () => {
  it('is read quickly from a subject with thousands of groups', () => {
    const groups = Array.from({ length: 4000 }, (_, i) => `g${String(i)}`);
    const subject = read(writeSubject({ username: 'jane', groups }));
    const started = cpuMilliseconds();
    expect(readSubjectIdentity(subject).ok).toBe(true);
    expect(cpuMilliseconds() - started).toBeLessThan(500);
  });
});
