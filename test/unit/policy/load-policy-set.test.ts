// Tests src/policy/load-policy-set.ts, src/policy/parse-policy-set.ts, src/policy/check-shape.ts,
// src/policy/compile-rule.ts, packages/inspect/src/formats/yaml/read-strict-yaml.ts
import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadPolicySet } from '../../../src/policy/load-policy-set.js';
import { describePolicySet, digestOfTexts, parsePolicySet } from '../../../src/policy/parse-policy-set.js';
import { quietMoment } from '../../helpers/quiet-moment.js';

const policyText = (name: string, spec = '{ selector: {}, allowed: { usernames: ["*"] }, approval: { mode: auto } }') =>
  `apiVersion: kubepass/v1\nkind: Policy\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
const guardrailText = (name: string, spec = '{ selector: {}, message: no }') =>
  `apiVersion: kubepass/v1\nkind: Guardrail\nmetadata: { name: ${name} }\nspec: ${spec}\n`;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubepass-policies-'));
});
afterEach(() => rm(directory, { recursive: true }));
const write = (name: string, text: string | Uint8Array) => writeFile(join(directory, name), text);
const errorsOf = async () => {
  const loaded = await loadPolicySet(directory);
  return loaded.ok ? [] : loaded.errors;
};
const load = async () => {
  const loaded = await loadPolicySet(directory);
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  return loaded.policySet;
};

describe('loadPolicySet', () => {
  it('reads an empty directory as an empty set', async () => {
    expect(await load()).toMatchObject({ policies: [], guardrails: [], texts: [] });
  });

  it('refuses a directory that is not there', async () => {
    await rm(directory, { recursive: true });
    expect(await errorsOf()).toEqual(['the policies directory cannot be read: ENOENT']);
    await mkdir(directory);
  });

  it('reads every document of every .yaml and .yml file, sorted by name', async () => {
    await write('b.yml', policyText('b1'));
    await write('a.yaml', `# a comment\n---\n${policyText('a1')}---\n${guardrailText('g')}---\n# nothing\n`);
    await write('notes.txt', 'not: [read');
    await write('.hidden.yaml', 'not: [read');
    await mkdir(join(directory, 'examples'));
    await write('examples/c.yaml', policyText('c'));
    const set = await load();
    expect(set.policies.map(({ name }) => name)).toEqual(['a1', 'b1']);
    expect(set.guardrails.map(({ name }) => name)).toEqual(['g']);
    expect(set.texts.map(({ path }) => path)).toEqual(['a.yaml', 'b.yml']);
  });

  it('follows the links of a mounted ConfigMap', async () => {
    await mkdir(join(directory, '..2026_01_01'));
    await write('..2026_01_01/a.yaml', policyText('a'));
    await symlink('..2026_01_01', join(directory, '..data'));
    await symlink('..data/a.yaml', join(directory, 'a.yaml'));
    expect((await load()).policies.map(({ name }) => name)).toEqual(['a']);
  });

  it('refuses files that cannot be read as text, and says so of each', async () => {
    await write('big.yaml', '#'.repeat(256 * 1024 + 1));
    await write('latin1.yaml', Buffer.from('# f\xfcr', 'latin1'));
    await symlink('nowhere', join(directory, 'dangling.yaml'));
    await write('empty.yaml', '');
    await write('cut.yaml', policyText('cut').trimEnd());
    execFileSync('mkfifo', [join(directory, 'pipe.yaml')]);
    expect(await errorsOf()).toEqual([
      'big.yaml: is larger than 262144 bytes',
      'cut.yaml:4:80: does not end with a line break: it may be cut off',
      'dangling.yaml: cannot be read: ENOENT',
      'empty.yaml:1:1: does not end with a line break: it may be cut off',
      'latin1.yaml: cannot be read: it is not UTF-8',
      'pipe.yaml: is not a regular file',
    ]);
  });

  it('waits until two readings agree', async () => {
    await write('p.yaml', policyText('half'));
    const loading = loadPolicySet(directory, { pauseMilliseconds: 200 });
    await quietMoment(50);
    // At once, because the second reading comes 200 ms after the first.
    writeFileSync(join(directory, 'p.yaml'), `${policyText('half')}---\n${policyText('whole')}`);
    expect(await loading).toMatchObject({ policySet: { policies: [{ name: 'half' }, { name: 'whole' }] } });
  });

  it('gives up on files that are written to without end', async () => {
    const ended = new AbortController();
    const written = (async () => {
      for (let i = 0; !ended.signal.aborted; i++) await write('p.yaml', policyText(`p${i}`));
    })();
    const loaded = await loadPolicySet(directory, { pauseMilliseconds: 20 });
    ended.abort();
    await written;
    expect(loaded.ok).toBe(false);
  });

  it('refuses more than 4 MiB in all', async () => {
    for (let i = 10; i < 27; i++) await write(`${i}.yaml`, `${'#'.repeat(256 * 1024 - 1)}\n`);
    expect(await errorsOf()).toEqual(['26.yaml: the files are more than 4194304 bytes in all']);
  });
});

describe('parsePolicySet', () => {
  const errors = (text: string, path = 'p.yaml') => {
    const parsed = parsePolicySet([{ path, text }]);
    return parsed.ok ? [] : parsed.errors;
  };
  /** The errors without their places, which depend on the lines around. */
  const messages = (text: string, path?: string) =>
    errors(text, path).map((error) => error.replace(/^p\.yaml:\d+:\d+: /, ''));
  const specErrors = (spec: string) => messages(policyText('p', spec));

  it('reads a policy whole', () => {
    const spec = `
  selector:
    clusters: ["dev-*"]
    requesters: { names: ["hr-*"], groups: ["onboarding"], roles: ["requester"] }
  allowed: { usernames: ["*@corp.example", "\${requester.username}"], groups: ["team-*"], collectors: ["*"] }
  constraints:
    minExpirationSeconds: 600
    maxExpirationSeconds: 86400
    keyAlgorithms: [ECDSA-P256, RSA]
    minRsaBits: 2048
    reason: { pattern: "INC-[0-9]+" }
    hours: { timeZone: Europe/Berlin, weekdays: [Mon, Fri], from: "08:00", to: "18:00" }
    notBefore: 2026-01-01T00:00:00Z
    notAfter: 2026-12-31T23:59:59+01:00
  validations:
    - { expression: "request.groups.size() < 3", message: at most two groups }
    - { expression: "now > timestamp('2026-01-01T00:00:00Z')", messageExpression: "'no ' + request.username" }
  quota: { livePerUsername: 3, livePerGroup: 20, livePerRequester: 1000, issuancesPerHour: 100 }
  approval:
    mode: manual
    stages: [{ count: 2, approvers: { names: [lead-*], groups: [], roles: [approver] } }, {}]
    expiresAfterSeconds: 3600
  kubeconfig: { namespace: dev, contextName: dev-eu }
tests:
  - name: too many groups
    request: { cluster: dev-eu, username: jane@corp.example, groups: [team-a, team-b, team-c] }
    requester: { name: hr-portal, groups: [onboarding] }
    expect: { outcome: denied, reasons: [ValidationFailed] }`;
    const parsed = parsePolicySet([{ path: 'p.yaml', text: policyText('developers', spec) }]);
    expect(parsed.ok ? [] : parsed.errors).toEqual([]);
    expect(parsed).toMatchObject({
      policySet: {
        policies: [
          {
            name: 'developers',
            selector: {
              clusters: { patterns: ['dev-*'] },
              requesters: {
                names: { patterns: ['hr-*'] },
                groups: { patterns: ['onboarding'] },
                roles: { values: ['requester'] },
              },
            },
            allowed: {
              usernames: { patterns: ['*@corp.example', '${requester.username}'] },
              groups: { patterns: ['team-*'] },
              collectors: { patterns: ['*'] },
            },
            constraints: {
              minExpirationSeconds: 600,
              maxExpirationSeconds: 86_400,
              keyAlgorithms: { values: ['ECDSA-P256', 'RSA'] },
              minRsaBits: 2048,
              reason: { pattern: { text: 'INC-[0-9]+' } },
              hours: { expected: 'Mon, Fri 08:00–18:00, Europe/Berlin' },
              notBefore: new Date('2026-01-01T00:00:00Z'),
              notAfter: new Date('2026-12-31T22:59:59Z'),
            },
            validations: [
              {
                expression: { text: 'request.groups.size() < 3', reads: new Set(['request']) },
                message: 'at most two groups',
                messageExpression: null,
              },
              {
                expression: { reads: new Set(['now']) },
                message: null,
                messageExpression: { text: "'no ' + request.username" },
              },
            ],
            quota: { livePerUsername: 3, livePerGroup: 20, livePerRequester: 1000, issuancesPerHour: 100 },
            approval: {
              mode: 'manual',
              stages: [{ count: 2, approvers: { names: ['lead-*'], groups: [], roles: ['approver'] } }, { count: 1 }],
              expiresAfterSeconds: 3600,
            },
            kubeconfig: { namespace: 'dev', contextName: 'dev-eu' },
          },
        ],
      },
    });
  });

  it('reads a guardrail whole', () => {
    const spec = `
  selector: { clusters: ["prod-*"] }
  match: { usernames: ["ci-*"], groups: ["ops"] }
  matchConditions: [{ name: long, expression: "request.expirationSeconds > 3600" }]
  resolvesTo: [ClusterAdmin, ReadSecrets]
  approval: { stages: [{ approvers: { groups: [security] } }] }
  message: production is looked at twice`;
    expect(parsePolicySet([{ path: 'g.yaml', text: guardrailText('g', spec) }])).toMatchObject({
      ok: true,
      policySet: {
        guardrails: [
          {
            name: 'g',
            selector: { clusters: { patterns: ['prod-*'] } },
            match: { usernames: { patterns: ['ci-*'] }, groups: { patterns: ['ops'] } },
            matchConditions: [{ name: 'long', expression: { text: 'request.expirationSeconds > 3600' } }],
            resolvesTo: ['ClusterAdmin', 'ReadSecrets'],
            approval: { stages: [{ count: 1, approvers: { groups: ['security'] } }] },
            message: 'production is looked at twice',
          },
        ],
      },
    });
  });

  it('reads manual approval without stages as one stage of one approver', () => {
    const spec = '{ selector: {}, allowed: {}, approval: { mode: manual } }';
    expect(parsePolicySet([{ path: 'p.yaml', text: policyText('p', spec) }])).toMatchObject({
      policySet: { policies: [{ approval: { mode: 'manual', stages: [{ count: 1 }] } }] },
    });
  });

  it('reads a guardrail without match as one that denies whatever it selects', () => {
    expect(parsePolicySet([{ path: 'p.yaml', text: guardrailText('g') }])).toMatchObject({
      policySet: { guardrails: [{ name: 'g', match: null, message: 'no' }] },
    });
  });

  it('names file, line, column and field of every error, all at once', () => {
    const text = [
      policyText('Not_A_Label'),
      policyText('p', '{ selector: { cluster: [a] }, allowed: { usernames: "*", groups: [1] }, approval: {} }'),
      'kind: Rule',
      guardrailText('g', '{ selector: {} }').replace('kubepass/v1', 'kubepass/v2'),
      '- a list',
      'just text',
    ].join('\n---\n');
    expect(errors(text)).toEqual([
      'p.yaml:3:13: /metadata/name: must be a DNS label: a-z, 0-9 and inner -, at most 63 characters',
      'p.yaml:10:21: /spec/selector/cluster: is not a known field; did you mean "clusters"?',
      'p.yaml:10:48: /spec/allowed/usernames: must be array',
      'p.yaml:10:73: /spec/allowed/groups/0: must be string',
      'p.yaml:10:79: /spec/approval/mode: is missing',
      'p.yaml:13:1: /kind: must be one of Policy, Guardrail',
      'p.yaml:15:1: /apiVersion: must be kubepass/v1',
      'p.yaml:18:1: /spec/message: is missing',
      'p.yaml:21:1: /kind: must be one of Policy, Guardrail',
      'p.yaml:23:1: /kind: must be one of Policy, Guardrail',
    ]);
  });

  it('reports more errors than the schema library stops after', () => {
    const groups = Array.from({ length: 40 }, () => 7).join(', ');
    expect(specErrors(`{ selector: {}, allowed: { groups: [${groups}] }, approval: { mode: auto } }`)).toHaveLength(40);
  });

  it('refuses a name that is taken, across files and kinds', () => {
    const parsed = parsePolicySet([
      { path: 'a.yaml', text: `${policyText('x')}---\n${policyText('y')}` },
      { path: 'b.yaml', text: `${guardrailText('y')}---\n${policyText('x')}` },
    ]);
    expect(parsed).toEqual({
      ok: false,
      errors: [
        'b.yaml:3:13: /metadata/name: "y" is already the name of a.yaml:8:13',
        'b.yaml:8:13: /metadata/name: "x" is already the name of a.yaml:3:13',
      ],
    });
  });

  const allowed = 'selector: {}, allowed: { usernames: ["*"] }';
  const auto = 'approval: { mode: auto }';
  it.each([
    [
      'manual approval with an empty list of stages',
      `{ ${allowed}, approval: { mode: manual, stages: [] } }`,
      '/spec/approval/stages: must have a stage',
    ],
    [
      'a stage without approvals',
      `{ ${allowed}, approval: { mode: manual, stages: [{ count: 0 }] } }`,
      '/spec/approval/stages/0/count: must be >= 1',
    ],
    [
      'automatic approval that waits',
      `{ ${allowed}, approval: { mode: auto, expiresAfterSeconds: 3600 } }`,
      '/spec/approval/expiresAfterSeconds: automatic approval does not wait',
    ],
    [
      'a shortest lifetime that is longer than the longest',
      `{ ${allowed}, constraints: { minExpirationSeconds: 7200, maxExpirationSeconds: 3600 }, ${auto} }`,
      '/spec/constraints/minExpirationSeconds: is more than maxExpirationSeconds',
    ],
    [
      'a time zone that does not exist',
      `{ ${allowed}, constraints: { hours: { timeZone: Europe/Entenhausen } }, ${auto} }`,
      '/spec/constraints/hours/timeZone: "Europe/Entenhausen" is not an IANA time zone',
    ],
    [
      'an offset for a time zone',
      `{ ${allowed}, constraints: { hours: { timeZone: "+01:00" } }, ${auto} }`,
      '/spec/constraints/hours/timeZone: "+01:00" is not an IANA time zone',
    ],
    [
      'an hour that does not exist',
      `{ ${allowed}, constraints: { hours: { timeZone: UTC, from: "08:00", to: "24:01" } }, ${auto} }`,
      '/spec/constraints/hours/to: must be a time of day, 00:00 to 24:00',
    ],
    [
      'a weekday that does not exist',
      `{ ${allowed}, constraints: { hours: { timeZone: UTC, weekdays: [Monday] } }, ${auto} }`,
      '/spec/constraints/hours/weekdays/0: must be one of Mon, Tue, Wed, Thu, Fri, Sat, Sun',
    ],
    [
      'half a range of hours',
      `{ ${allowed}, constraints: { hours: { timeZone: UTC, from: "08:00" } }, ${auto} }`,
      '/spec/constraints/hours/to: is missing: a range needs both ends',
    ],
    [
      'a range of hours without length',
      `{ ${allowed}, constraints: { hours: { timeZone: UTC, from: "08:00", to: "08:00" } }, ${auto} }`,
      '/spec/constraints/hours/to: must not be the same as from: leave both out for the whole day',
    ],
    [
      'a date that does not exist',
      `{ ${allowed}, constraints: { notBefore: 2026-02-29T00:00:00Z }, ${auto} }`,
      '/spec/constraints/notBefore: must be an RFC 3339 instant, such as 2026-01-31T09:00:00Z',
    ],
    [
      'a date without an offset',
      `{ ${allowed}, constraints: { notAfter: 2026-02-28T00:00:00 }, ${auto} }`,
      '/spec/constraints/notAfter: must be an RFC 3339 instant, such as 2026-01-31T09:00:00Z',
    ],
    [
      'dates between which there is nothing',
      `{ ${allowed}, constraints: { notBefore: 2026-02-28T00:00:00Z, notAfter: 2026-02-27T00:00:00Z }, ${auto} }`,
      '/spec/constraints/notAfter: is before notBefore, so the policy would never apply',
    ],
    [
      'a pattern that is none',
      `{ ${allowed}, constraints: { reason: { pattern: "a[" } }, ${auto} }`,
      '/spec/constraints/reason/pattern: at character 2: opens a class that is not closed',
    ],
    [
      'a pattern that takes exponential time',
      `{ ${allowed}, constraints: { reason: { pattern: "(a+)+" } }, ${auto} }`,
      '/spec/constraints/reason/pattern: repeats a repeat that can end in several places, which takes exponential time: the next character must decide every choice',
    ],
    [
      'an expression that is none',
      `{ ${allowed}, validations: [{ expression: "true" }, { expression: "request." }], ${auto} }`,
      expect.stringMatching(/^\/spec\/validations\/1\/expression: line 1, column 9: /),
    ],
    [
      'an expression of something that does not exist',
      `{ ${allowed}, validations: [{ expression: "request.user == 'jane'" }], ${auto} }`,
      expect.stringMatching(/^\/spec\/validations\/0\/expression: .*Request has no field "user"/),
    ],
    [
      'an expression that is no condition',
      `{ ${allowed}, validations: [{ expression: "request.username" }], ${auto} }`,
      expect.stringMatching(/^\/spec\/validations\/0\/expression: .*must be a bool/),
    ],
    [
      'a message that is no text',
      `{ ${allowed}, validations: [{ expression: "true", messageExpression: "1 + 1" }], ${auto} }`,
      expect.stringMatching(/^\/spec\/validations\/0\/messageExpression: .*must be a string/),
    ],
    [
      'a quota that nothing meets',
      `{ ${allowed}, quota: { livePerUsername: 0 }, ${auto} }`,
      '/spec/quota/livePerUsername: must be >= 1',
    ],
    [
      'a namespace that cannot be',
      `{ ${allowed}, kubeconfig: { namespace: Dev }, ${auto} }`,
      '/spec/kubeconfig/namespace: must be a DNS label: a-z, 0-9 and inner -, at most 63 characters',
    ],
    [
      'a context name with a line in it',
      `{ ${allowed}, kubeconfig: { contextName: "a\\nb" }, ${auto} }`,
      '/spec/kubeconfig/contextName: contains U+000A, which is not allowed in a name',
    ],
    [
      'an unknown variable among collectors',
      `{ selector: {}, allowed: { collectors: ["\${request.username}"] }, ${auto} }`,
      '/spec/allowed/collectors/0: "${request.username}" is not a variable; the only one is ${requester.username}',
    ],
    [
      'automatic approval with stages',
      `{ ${allowed}, approval: { mode: auto, stages: [{ count: 1 }] } }`,
      '/spec/approval/stages: automatic approval has no stages',
    ],
    [
      'an approval mode that does not exist',
      `{ ${allowed}, approval: { mode: none } }`,
      '/spec/approval/mode: must be one of auto, manual',
    ],
    [
      'a maximum below the shortest lifetime there is',
      `{ ${allowed}, constraints: { maxExpirationSeconds: 599 }, approval: { mode: auto } }`,
      '/spec/constraints/maxExpirationSeconds: must be >= 600',
    ],
    [
      'a key algorithm that does not exist',
      `{ ${allowed}, constraints: { keyAlgorithms: [RSA-1024] }, approval: { mode: auto } }`,
      '/spec/constraints/keyAlgorithms/0: must be one of ECDSA-P256, ECDSA-P384, ECDSA-P521, Ed25519, RSA-2048, RSA-3072, RSA-4096, RSA',
    ],
    [
      'a role that does not exist',
      `{ selector: { requesters: { roles: [root] } }, allowed: {}, approval: { mode: auto } }`,
      '/spec/selector/requesters/roles/0: must be one of requester, approver, auditor, admin, provisioner, reviewer, directory',
    ],
    [
      'a variable that does not exist',
      '{ selector: {}, allowed: { usernames: ["${requester.groups}"] }, approval: { mode: auto } }',
      '/spec/allowed/usernames/0: "${requester.groups}" is not a variable; the only one is ${requester.username}',
    ],
    [
      'a label whose key is none',
      '{ selector: { labels: { Team: [a] } }, allowed: {}, approval: { mode: auto } }',
      '/spec/selector/labels/Team: must be a DNS label: a-z, 0-9 and inner -, at most 63 characters',
    ],
    [
      'a variable in the value of a label',
      '{ selector: { labels: { team: ["${requester.username}"] } }, allowed: {}, approval: { mode: auto } }',
      '/spec/selector/labels/team/0: "${requester.username}" is a variable, which is not allowed here',
    ],
    [
      'a variable in a selector',
      '{ selector: { clusters: ["${requester.username}"] }, allowed: {}, approval: { mode: auto } }',
      '/spec/selector/clusters/0: "${requester.username}" is a variable, which is not allowed here',
    ],
    [
      'a variable among approvers',
      `{ ${allowed}, approval: { mode: manual, stages: [{ approvers: { names: ["\${x}"] } }] } }`,
      '/spec/approval/stages/0/approvers/names/0: "${x}" is a variable, which is not allowed here',
    ],
    [
      'an empty pattern',
      '{ selector: {}, allowed: { usernames: [""] }, approval: { mode: auto } }',
      '/spec/allowed/usernames/0: must not have fewer than 1 characters',
    ],
    ['no selector', '{ allowed: {}, approval: { mode: auto } }', '/spec/selector: is missing'],
    [
      'a null where a list belongs',
      '{ selector: { clusters: }, allowed: {}, approval: { mode: auto } }',
      '/spec/selector/clusters: must be array',
    ],
    ['merge keys', '{ <<: {}, selector: {}, allowed: {}, approval: { mode: auto } }', '/spec/<<: is not a known field'],
    [
      'a key that JavaScript gives a meaning',
      '{ __proto__: { selector: {} }, selector: {}, allowed: {}, approval: { mode: auto } }',
      '/spec/__proto__: is not a known field',
    ],
  ])('refuses %s', (_, spec, error) => {
    expect(specErrors(spec)).toEqual([error]);
  });

  it.each(['{}', '{ usernames: [], groups: [] }'])(
    'refuses a guardrail in whose match %s nothing can match',
    (match) => {
      expect(messages(guardrailText('g', `{ selector: {}, match: ${match}, message: no }`))).toEqual([
        '/spec/match: matches nothing: name usernames or groups, or leave it out',
      ]);
    },
  );

  it.each([
    [
      'a condition whose name is taken',
      'matchConditions: [{ name: a, expression: "true" }, { name: a, expression: "true" }]',
      '/spec/matchConditions/1/name: "a" is already the name of condition 0',
    ],
    [
      'a condition whose name is no label',
      'matchConditions: [{ name: A, expression: "true" }]',
      '/spec/matchConditions/0/name: must be a DNS label: a-z, 0-9 and inner -, at most 63 characters',
    ],
    [
      'a condition that is none',
      'matchConditions: [{ name: a, expression: "1" }]',
      expect.stringMatching(/^\/spec\/matchConditions\/0\/expression: .*must be a bool/),
    ],
    [
      'what nobody resolves to',
      'resolvesTo: [cluster-admin]',
      expect.stringMatching(/^\/spec\/resolvesTo\/0: must be one of ClusterAdmin, Wildcard, /),
    ],
    ['resolving to nothing', 'resolvesTo: []', '/spec/resolvesTo: must not have fewer than 1 items'],
    ['approval without stages', 'approval: { stages: [] }', '/spec/approval/stages: must have a stage'],
    ['automatic approval', 'approval: { mode: auto, stages: [{}] }', '/spec/approval/mode: is not a known field'],
  ])('refuses a guardrail with %s', (_, fields, error) => {
    const found = messages(guardrailText('g', `{ selector: {}, ${fields}, message: no }`));
    expect(found).toEqual([error]);
  });

  it('refuses a guardrail that asks what cannot be found out on a configured cluster', () => {
    const text = guardrailText('g', '{ selector: { clusters: ["prod-*"] }, resolvesTo: [ClusterAdmin], message: no }');
    const errorsWith = (...clusters: [string, boolean][]) => {
      const parsed = parsePolicySet(
        [{ path: 'g.yaml', text }],
        clusters.map(([name, readsRoleBindings]) => ({ name, readsRoleBindings })),
      );
      return parsed.ok ? [] : parsed.errors;
    };
    expect(errorsWith()).toEqual([]);
    expect(errorsWith(['prod-eu', true], ['dev', false])).toEqual([]);
    expect(errorsWith(['prod-eu', false], ['prod-us', true], ['prod-ap', false])).toEqual([
      'g.yaml:4:45: /spec/resolvesTo: cluster "prod-eu", which the selector matches, is configured without reading its role bindings',
      'g.yaml:4:45: /spec/resolvesTo: cluster "prod-ap", which the selector matches, is configured without reading its role bindings',
    ]);
  });

  it.each([
    [
      'an instant that is none',
      '{ name: t, request: { cluster: c, username: u }, requester: { name: r }, now: today, expect: { outcome: denied } }',
      '/tests/0/now: must be an RFC 3339 instant, such as 2026-01-31T09:00:00Z',
    ],
    [
      'an expectation that no denial can meet',
      '{ name: t, request: { cluster: c, username: u }, requester: { name: r }, expect: { outcome: denied, policy: p } }',
      '/tests/0/expect/policy: does not apply to a request that is denied',
    ],
    [
      'a field that does not exist',
      '{ name: t, request: { cluster: c, user: u }, requester: { name: r }, expect: { outcome: denied } }',
      '/tests/0/request/user: is not a known field; did you mean "username"?',
    ],
  ])('refuses a test with %s', (_, test, error) => {
    expect(messages(`${guardrailText('g')}tests: [${test}]\n`)).toContain(error);
  });

  it.each([
    ['a key twice', 'a: 1\na: 2', '2:1: Map keys must be unique'],
    ['a tag of its own', 'a: !x 1', '1:4: Unresolved tag: !x'],
    ['YAML 1.1', '%YAML 1.1\n---\na: yes', '3:1: must be YAML 1.2'],
    ['an alias that points nowhere', 'a: *b', '1:4: Unresolved alias (the anchor must be set before the alias): b'],
    ['a key that is a list', '? [a]\n: 1', '1:3: With stringKeys, all keys must be strings'],
    [
      'what is not YAML',
      'a: [',
      '1:5: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['brackets without end', '['.repeat(100_000), '1:1: nests deeper than 64 levels'],
    ['compact lists without end', '- '.repeat(100_000), '1:1: nests deeper than 64 levels'],
  ])('refuses %s', (_, text, message) => {
    expect(errors(text)).toEqual([`p.yaml:${message}`]);
  });

  it('refuses aliases that multiply', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}]`);
    expect(errors(['a0: &a0 [x]', ...levels].join('\n'))).toEqual([
      'p.yaml:7:20: Excessive alias count indicates a resource exhaustion attack',
    ]);
  });

  it('gives another digest for another name, text or cut between them', () => {
    const texts = [
      [],
      [{ path: 'a', text: 'b' }],
      [{ path: 'ab', text: '' }],
      [{ path: '', text: 'ab' }],
      [
        { path: 'a', text: 'b' },
        { path: '', text: '' },
      ],
    ];
    expect(new Set(texts.map(digestOfTexts)).size).toBe(texts.length);
    expect(digestOfTexts([{ path: 'a', text: 'ü' }])).toBe(digestOfTexts([{ path: 'a', text: 'ü' }]));
    expect(digestOfTexts([])).toMatch(/^[0-9a-f]{64}$/);
  });

  it('describes what is in force, as written and in order', () => {
    const parsed = parsePolicySet([
      { path: 'a.yaml', text: guardrailText('g') },
      { path: 'b.yaml', text: policyText('p', '{ selector: {}, allowed: {}, approval: { mode: manual } }') },
    ]);
    if (!parsed.ok) throw new Error(parsed.errors.join('\n'));
    expect(describePolicySet(parsed.policySet)).toEqual([
      { kind: 'Guardrail', name: 'g', path: 'a.yaml', spec: { selector: {}, message: 'no' } },
      {
        kind: 'Policy',
        name: 'p',
        path: 'b.yaml',
        spec: { selector: {}, allowed: {}, approval: { mode: 'manual' } },
      },
    ]);
  });
});
