// Tests src/policy/hours.ts
import { describe, expect, it } from 'vitest';
import { compileHours, type WrittenHours } from '../../../src/policy/hours.js';

function hours(written: WrittenHours) {
  const compiled = compileHours(written, (field, message) => {
    throw new Error(`${field}: ${message}`);
  });
  if (compiled === null) throw new Error('it was refused without a reason');
  return compiled;
}
const minutes = (written: WrittenHours, from: string, to: string): number => {
  const compiled = hours(written);
  let included = 0;
  for (let at = Date.parse(from); at < Date.parse(to); at += 60_000) if (compiled.include(new Date(at))) included++;
  return included;
};

describe('compileHours', () => {
  const berlin = { timeZone: 'Europe/Berlin' };

  it.each([
    ['a day', { ...berlin, from: '08:00', to: '18:00' }, 600],
    ['a day to its end', { ...berlin, from: '18:00', to: '24:00' }, 360],
    ['a day from its beginning', { ...berlin, from: '00:00', to: '06:00' }, 360],
    ['a night', { ...berlin, from: '22:00', to: '06:00' }, 480],
    ['all day', berlin, 1440],
  ])('includes the minutes of %s', (_, written, expected) => {
    expect(minutes(written, '2026-01-06T00:00:00Z', '2026-01-07T00:00:00Z')).toBe(expected);
  });

  it('follows the clock on the wall through daylight saving', () => {
    const night = { ...berlin, weekdays: ['Sat'] as const, from: '22:00', to: '06:00' };
    expect(minutes(night, '2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z')).toBe(7 * 60); // 2 to 3 is skipped
    expect(minutes(night, '2026-10-24T12:00:00Z', '2026-10-25T12:00:00Z')).toBe(9 * 60); // 2 to 3 comes twice
    const skipped = { ...berlin, from: '02:00', to: '03:00' };
    expect(minutes(skipped, '2026-03-29T00:00:00Z', '2026-03-29T04:00:00Z')).toBe(0);
    expect(minutes(skipped, '2026-10-25T00:00:00Z', '2026-10-25T04:00:00Z')).toBe(120);
  });

  it('counts a night to the day that it begins on', () => {
    const sunday = { ...berlin, weekdays: ['Sun'] as const, from: '23:00', to: '01:00' };
    expect(minutes(sunday, '2026-01-04T00:00:00Z', '2026-01-04T23:00:00Z')).toBe(60);
    expect(minutes(sunday, '2026-01-04T23:00:00Z', '2026-01-05T12:00:00Z')).toBe(60);
    expect(minutes(sunday, '2026-01-05T12:00:00Z', '2026-01-11T12:00:00Z')).toBe(0);
  });

  it('shows the clock of the time zone, to the minute', () => {
    const kathmandu = hours({ timeZone: 'Asia/Kathmandu' });
    expect(kathmandu.clockAt(new Date('2026-01-02T18:29:59Z'))).toBe('Sat 00:14');
    expect(kathmandu.clockAt(new Date('2026-01-02T18:30:00Z'))).toBe('Sat 00:15');
    expect(hours({ timeZone: 'asia/kathmandu' }).clockAt(new Date('2026-01-02T18:14:59Z'))).toBe('Fri 23:59');
  });

  it('says when', () => {
    expect(hours(berlin).expected).toBe('every day, Europe/Berlin');
    expect(hours({ timeZone: 'UTC', weekdays: ['Mon'], from: '22:00', to: '06:00' }).expected).toBe(
      'Mon 22:00–06:00, UTC',
    );
  });
});
