// Tests packages/kubectl-kubepass/src/renewal-times.ts
import { describe, expect, it } from 'vitest';
import { expirationTime, isComfortable, renewalTime } from '../src/renewal-times.js';

const minute = 60_000;
const lifetime = { issuedAt: 1_000_000, notAfter: 1_000_000 + 10 * minute };

describe('the times of a certificate', () => {
  it('renew it at two thirds, give or take a fortieth of its life', () => {
    expect(renewalTime(lifetime, 0.5)).toBe(lifetime.issuedAt + 400_000);
    expect(renewalTime(lifetime, 0)).toBe(lifetime.issuedAt + 385_000);
    expect(renewalTime(lifetime, 1)).toBe(lifetime.issuedAt + 415_000);
  });

  it('have kubectl ask again before its end, and never in the past', () => {
    expect(expirationTime(lifetime, lifetime.issuedAt)).toBe(lifetime.notAfter - 30_000);
    const day = { issuedAt: 0, notAfter: 1_440 * minute };
    expect(expirationTime(day, 0)).toBe(day.notAfter - minute);
    for (let now = lifetime.issuedAt; now < lifetime.notAfter; now += 1_000) {
      expect(expirationTime(lifetime, now)).toBeGreaterThan(now);
      expect(expirationTime(lifetime, now)).toBeLessThanOrEqual(lifetime.notAfter);
    }
  });

  it('leave a margin in which another certificate is better', () => {
    expect(isComfortable(lifetime, lifetime.notAfter - 31_000)).toBe(true);
    expect(isComfortable(lifetime, lifetime.notAfter - 30_000)).toBe(false);
  });
});
