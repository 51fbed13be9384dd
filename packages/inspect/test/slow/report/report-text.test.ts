// Tests packages/inspect/src/report/report-text.ts
import { describe, expect, it } from 'vitest';
import type { InspectedObject, Inspection } from '../../../src/model/inspection.js';
import { reportText } from '../../../src/report/report-text.js';
import { kubeconfig, now } from '../../report/inspections.js';
import { cpuMilliseconds } from '../../../../../test/helpers/cpu-milliseconds.js';

const inspectionOf = (...objects: InspectedObject[]): Inspection => ({ objects, relations: [], findings: [] });

describe('the report on a terminal', () => {
  it('takes no longer for contexts with blanks between them', () => {
    const [wide, narrow] = ['x'.repeat(200), { name: '', cluster: null, user: null, namespace: 'a' }];
    const contexts = [
      { name: wide, cluster: wide, user: wide, namespace: wide },
      ...Array<typeof narrow>(10_000).fill(narrow),
    ];
    const start = cpuMilliseconds();
    expect(reportText(inspectionOf({ ...kubeconfig, contexts }), new Map(), now)).toMatch(/^ {600,}a$/m);
    expect(cpuMilliseconds() - start).toBeLessThan(3000);
  });

  it.each([
    ['a name of a million characters among a thousand contexts', 1_000_000, 1_000],
    ['ten thousand contexts', 10, 10_000],
  ])('does not grow out of hand: %s', (_, length, count) => {
    const context = { name: 'x', cluster: 'y', user: 'z', namespace: null };
    const contexts = Array.from({ length: count }, () => context);
    const config = { ...kubeconfig, contexts: [...contexts, { ...context, name: 'n'.repeat(length) }] };
    const started = cpuMilliseconds();
    expect(reportText(inspectionOf(config), new Map(), now).length).toBeLessThan(3_000_000);
    expect(cpuMilliseconds() - started).toBeLessThan(2_000);
  });
});
