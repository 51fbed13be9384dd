// Tests src/model/blast-radius.ts
import { describe, expect, it } from 'vitest';
import { type GrantReference, privilegesOf } from '../../../src/model/blast-radius.js';

const binding = (name: string): GrantReference => ({ kind: 'ClusterRoleBinding', name, namespace: null });
const many = Array.from({ length: 5_000 }, (_, i) => binding(`binding-${i}`));
const observedAt = '2026-11-25T12:00:00.000Z';

describe('privilegesOf', () => {
  it('keeps some of each kind, however many bindings there are, and forgets none of the kinds', () => {
    const escalations = [
      ...many.map((by) => ({ kind: 'ReadSecrets' as const, by })),
      { kind: 'Impersonate' as const, by: binding('last') },
    ];
    const kept = privilegesOf({ grants: [], clusterAdmin: many, escalations, observedAt });
    expect(kept.clusterAdmin).toEqual(many.slice(0, 10));
    expect(kept.escalations.map(({ kind }) => kind)).toEqual([...Array<string>(10).fill('ReadSecrets'), 'Impersonate']);
    expect(kept.observedAt).toBe(observedAt);
  });

  it('cuts names short that are longer than any object may be called, and no character in two', () => {
    const kept = privilegesOf({
      grants: [],
      clusterAdmin: [binding('é'.repeat(400)), binding('😀'.repeat(400)), binding('x'.repeat(253))],
      escalations: [],
      observedAt,
    });
    expect(kept.clusterAdmin.map(({ name }) => name)).toEqual([
      `${'é'.repeat(253)}…`,
      `${'😀'.repeat(253)}…`,
      'x'.repeat(253),
    ]);
  });

  it('keeps system:masters, which needs no binding, as it is', () => {
    const masters: GrantReference = { kind: 'Group', name: 'system:masters', namespace: null };
    const kept = privilegesOf({ grants: [], clusterAdmin: [masters], escalations: [], observedAt });
    expect(kept.clusterAdmin).toEqual([masters]);
  });
});
