// Tests src/policy/check-policies.ts, src/policy/policy-test-schema.ts, src/programs/policy-check.ts
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkPolicies } from '../../../src/policy/check-policies.js';
import { fromSources, kubepass } from '../../helpers/from-sources.js';

const policyWith = (tests: string) => `apiVersion: kubepass/v1
kind: Policy
metadata: { name: own }
spec:
  selector: {}
  allowed: { usernames: ['\${requester.username}'], groups: ['team-*'] }
  approval: { mode: manual, stages: [{ count: 2 }] }
tests:
${tests}`;
const reportOn = (...tests: string[]) =>
  checkPolicies([{ path: 'p.yaml', text: policyWith(tests.map((test) => `  - ${test}\n`).join('')) }]);
const jane = 'request: { cluster: c, username: jane }, requester: { name: jane }';
const joe = 'request: { cluster: c, username: joe, groups: [ops] }, requester: { name: jane }';

describe('checkPolicies', () => {
  it('passes where every decision is as expected', () => {
    const report = reportOn(
      `{ name: mine, ${jane}, expect: { outcome: permitted, policy: own, approval: manual, approvals: [2], expirationSeconds: 86400 } }`,
      `{ name: his, ${joe}, expect: { outcome: denied, reasons: [GroupNotPermitted, UsernameNotPermitted], by: [own] } }`,
    );
    expect(report).toEqual({
      ok: true,
      text: [
        'p.yaml:1 Policy own',
        '  passed: mine',
        '  passed: his',
        '',
        '1 of kind Policy, 0 of kind Guardrail; tests: 2 passed, 0 failed',
      ].join('\n'),
    });
  });

  it('takes labels', () => {
    const guardrail = `---
apiVersion: kubepass/v1
kind: Guardrail
metadata: { name: sealed }
spec: { selector: { labels: { team: [sealed] } }, message: no }
`;
    const tests = [
      `{ name: other, request: { cluster: c, username: jane, labels: { team: a } }, requester: { name: jane }, expect: { outcome: permitted } }`,
      `{ name: sealed, request: { cluster: c, username: jane, labels: { team: sealed } }, requester: { name: jane }, expect: { outcome: denied, by: [sealed] } }`,
    ];
    const text = `${policyWith(tests.map((test) => `  - ${test}\n`).join(''))}${guardrail}`;
    expect(checkPolicies([{ path: 'p.yaml', text }]).ok).toBe(true);
  });

  it.each([
    ['outcome: denied', jane, 'expected denied, found permitted by own'],
    [
      'outcome: permitted',
      'request: { cluster: c, username: joe }, requester: { name: jane }',
      'expected permitted, found denied: own: UsernameNotPermitted: username "joe" is not permitted by policy "own"',
    ],
    ['outcome: permitted, policy: other', jane, 'expected policy other, found own'],
    ['outcome: permitted, approval: auto', jane, 'expected approval auto, found manual'],
    ['outcome: permitted, approvals: [1, 1]', jane, 'expected approvals 1,1, found 2'],
    ['outcome: permitted, expirationSeconds: 3600', jane, 'expected expirationSeconds 3600, found 86400'],
    ['outcome: denied, reasons: [OutsideHours]', joe, /^expected reason OutsideHours, found none: own: Username/],
    ['outcome: denied, by: [other]', joe, /^expected violation by other, found none: own: Username/],
  ])('fails where %s is expected in vain', (expected, asked, departure) => {
    const { ok, text } = reportOn(`{ name: t, ${asked}, expect: { ${expected} } }`);
    expect(ok).toBe(false);
    const lines = text.split('\n');
    expect(lines[1]).toBe('  FAILED: t');
    expect(lines[2]?.trim()).toMatch(departure);
    expect(lines.at(-1)).toContain('0 passed, 1 failed');
  });

  it('takes what a test says of facts, time and requester', () => {
    const text = `apiVersion: kubepass/v1
kind: Policy
metadata: { name: p }
spec:
  selector: { requesters: { roles: [admin] } }
  allowed: { usernames: ['*'], groups: ['*'], collectors: ['bob'] }
  constraints: { notBefore: 2026-06-01T00:00:00Z, reason: {}, keyAlgorithms: [Ed25519] }
  validations:
    - expression: active.size() == 1 && active[0].groups == ['a'] && active[0].serialNumber == '01'
    - expression: request.namespace == 'dev'
  quota: { livePerUsername: 2, livePerGroup: 3, livePerRequester: 4, issuancesPerHour: 5 }
  approval: { mode: auto }
tests:
  - name: everything said
    now: 2026-06-01T00:00:00Z
    request: { cluster: c, username: jürgen, groups: [a, 'kubeadm:x'], keyAlgorithm: Ed25519, reason: r, namespace: dev, collector: bob }
    requester: { name: root, groups: [g], roles: [admin] }
    facts:
      allowPrivilegedGroups: ['kubeadm:x']
      nameAlphabet: unicode
      usage: { livePerUsername: 1, livePerGroup: { a: 2 }, livePerRequester: 3, issuancesPerHour: 4 }
      active: [{ groups: [a], notBefore: 2026-05-31T00:00:00Z, notAfter: 2026-06-02T00:00:00Z }]
      blastRadius: { escalations: [{ kind: ReadSecrets, by: { kind: RoleBinding, name: x, namespace: y } }] }
    expect: { outcome: permitted, policy: p }
`;
    expect(checkPolicies([{ path: 'p.yaml', text }]).text).toContain('1 passed, 0 failed');
  });

  it('says which reason is meant where there is none of that name', () => {
    const test = `  - { name: t, ${jane}, expect: { outcome: denied, reasons: [UsernameNotPermited] } }\n`;
    const text = policyWith(test.replace('username: jane', 'username: joe'));
    const { ok, text: report } = checkPolicies([{ path: 'p.yaml', text }]);
    expect(ok).toBe(false);
    expect(report).toContain('expected reason UsernameNotPermited, found none; did you mean "UsernameNotPermitted"?: ');
  });

  it('fails for policies that would not be loaded, with every error', () => {
    expect(checkPolicies([{ path: 'p.yaml', text: 'kind: Policy\n---\nkind: Rule' }])).toEqual({
      ok: false,
      text: [
        'p.yaml:1:1: /apiVersion: is missing',
        'p.yaml:1:1: /metadata: is missing',
        'p.yaml:1:1: /spec: is missing',
        'p.yaml:3:1: /kind: must be one of Policy, Guardrail',
        '',
        '4 errors: these policies would not be loaded',
      ].join('\n'),
    });
  });
});

describe('kubepass policy check', () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [...fromSources, kubepass, 'policy', 'check', ...args], {
      cwd: root,
      encoding: 'utf8',
    });

  const expectEnd = (ended: ReturnType<typeof run>, status: number, said: string) => {
    expect(ended.stdout).toContain(said);
    expect(ended.status).toBe(status);
  };

  it('ends with what it found', () => {
    const directory = mkdtempSync(join(tmpdir(), 'kubepass-check-'));
    try {
      expectEnd(run(directory), 1, 'no file here is named');
      writeFileSync(
        join(directory, 'p.yaml'),
        policyWith(`  - { name: t, ${jane}, expect: { outcome: permitted } }\n`),
      );
      expectEnd(run(directory), 0, '1 passed, 0 failed');
      expectEnd(run(directory), 0, 'Only a running service knows its clusters');
      const forLeads = policyWith(`  - { name: t, ${jane}, expect: { outcome: denied } }\n`).replace(
        'selector: {}',
        'selector: { requesters: { groups: [leads] } }',
      );
      writeFileSync(join(directory, 'p.yaml'), forLeads);
      const offered =
        'Offered to "jane" (roles requester; groups "leads", "b"):\n' +
        '  by own: clusters "*", usernames "jane", groups "team-*", after approval by people\n';
      expectEnd(run(directory, '--as', 'jane', '--as-group', 'leads', '--as-group', 'b'), 0, offered);
      const nothing = 'No policy offers anything to "jane" (roles approver; groups none).';
      expectEnd(run('--as', 'jane', '--as-role', 'approver', directory), 0, nothing);
      expect(run('--as', 'jane', '--as-role', 'boss', directory)).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('"boss" is no role; roles are requester, ') as string,
      });
      expect(run('--as-group', 'leads', directory).status).toBe(2);
      writeFileSync(join(directory, 'p.yaml'), policyWith(`  - { name: t, ${jane}, expect: { outcome: denied } }\n`));
      expectEnd(run(directory), 1, 'FAILED: t');
      writeFileSync(join(directory, 'p.yaml'), policyWith('').replace('kind: Policy', 'kind: policy'));
      const meant = '/kind: must be one of Policy, Guardrail; did you mean "Policy"?';
      expectEnd(run(directory), 1, `${join(directory, 'p.yaml')}:2:1: ${meant}`);
      expectEnd(run(join(directory, 'none')), 1, 'ENOENT');
      expect(run()).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(
          /^kubepass policy check: name one directory\nusage: kubepass policy check .* DIRECTORY\n$/,
        ) as string,
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
