import type { ExpressionVariables } from '../../../../src/policy/cel/variables.js';

/** The variables of an ordinary request. */
export const variables: ExpressionVariables = {
  request: {
    username: 'jane@corp.example',
    groups: ['team-a', 'team-b', 'viewers'],
    cluster: 'dev-eu',
    keyAlgorithm: 'ECDSA-P256',
    expirationSeconds: 3600,
    namespace: '',
    reason: 'OPS-123 joins the team',
    labels: { team: 'payments', 'cost-center': '4711' },
    collector: 'hr-portal',
  },
  requester: { username: 'hr-portal', groups: ['onboarding', 'viewers'], roles: ['requester'] },
  // A Wednesday.
  now: new Date('2026-11-25T10:30:15.250Z'),
  active: [
    {
      groups: ['team-a'],
      notBefore: '2026-11-25T08:00:00Z',
      notAfter: '2026-11-26T08:00:00Z',
      serialNumber: '4f2a9c',
      keyAlgorithm: 'RSA-2048',
    },
    {
      groups: ['team-a', 'viewers'],
      notBefore: '2026-11-20T08:00:00Z',
      notAfter: '2026-12-20T08:00:00Z',
      serialNumber: '77d0e1',
      keyAlgorithm: 'ECDSA-P256',
    },
  ],
  renewal: {
    of: 'ab'.repeat(32),
    generation: 2,
    approvedAt: '2026-11-01T08:00:00Z',
    notAfter: '2026-11-26T08:00:00Z',
  },
  directory: { active: true, groups: ['payments', 'oncall'], requester: { active: false, groups: [] } },
};

const names = (count: number, length = 128) => Array.from({ length: count }, (_, i) => `a${i}`.padEnd(length, 'a'));

/** Everything as large as it can be, and alike as long as possible. */
export const largest: ExpressionVariables = {
  request: {
    username: 'a'.repeat(128),
    groups: names(32),
    cluster: 'a'.repeat(63),
    keyAlgorithm: 'ECDSA-P256',
    expirationSeconds: 2 ** 31 - 1,
    namespace: 'a'.repeat(63),
    reason: 'a'.repeat(2048),
    labels: Object.fromEntries(names(16).map((name) => [name.slice(0, 63), 'a'.repeat(126)])),
    collector: 'a'.repeat(253),
  },
  requester: {
    username: 'a'.repeat(253),
    groups: names(200, 253),
    roles: ['requester', 'approver', 'auditor', 'admin'],
  },
  now: variables.now,
  active: Array.from({ length: 100 }, (_, i) => ({
    groups: names(32),
    notBefore: '2026-11-25T08:00:00Z',
    notAfter: '2026-12-20T08:00:00Z',
    serialNumber: i.toString(16).padStart(40, 'a'),
    keyAlgorithm: 'RSA-2048',
  })),
  renewal: {
    of: 'a'.repeat(64),
    generation: 2 ** 31 - 1,
    approvedAt: '2026-11-01T08:00:00Z',
    notAfter: '2026-12-20T08:00:00Z',
  },
  directory: {
    active: true,
    groups: names(500, 256),
    requester: { active: true, groups: names(500, 256) },
  },
};
