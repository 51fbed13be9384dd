// Tests src/requests/blast-radius-view.ts
import { Compile } from 'typebox/schema';
import { describe, expect, it } from 'vitest';
import { resolveBlastRadius } from '../../../../src/kubernetes/resolve-blast-radius.js';
import {
  BlastRadiusSchema,
  blastRadiusView,
  GrantReferenceSchema,
  GrantSchema,
  blastRadiusLines,
} from '../../../../src/requests/blast-radius-view.js';
import {
  binding,
  defaultRbacObjects,
  role,
  snapshotOf,
  type RbacObject,
  type WrittenRule,
} from '../../../helpers/rbac-objects.js';

const at = new Date('2026-03-01T10:00:00.000Z');
const resolve = (objects: readonly RbacObject[], groups = ['team-x']) =>
  resolveBlastRadius('jane', groups, snapshotOf(objects, at));

const secrets: WrittenRule = { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['db', 'mail'] };
const mixed = [
  ...defaultRbacObjects,
  role('edit', [secrets, { verbs: ['create', 'patch'], apiGroups: ['apps', ''], resources: ['deployments'] }]),
  binding('innocent-name', 'ClusterRole/cluster-admin', ['group:team-x']),
  binding('edits', 'ClusterRole/edit', ['user:jane'], 'team-a'),
  binding('dangling', 'Role/gone', ['user:jane'], 'team-b'),
];

describe('a blast radius as JSON', () => {
  it('has what matters first, with the binding that grants it', () => {
    const view = blastRadiusView(resolve(mixed));
    expect(view.clusterAdmin).toEqual({
      by: [{ kind: 'ClusterRoleBinding', name: 'innocent-name', namespace: null }],
      more: 0,
    });
    expect(view.escalations.find(({ kind }) => kind === 'ReadSecrets')).toEqual({
      kind: 'ReadSecrets',
      by: [
        { kind: 'ClusterRoleBinding', name: 'innocent-name', namespace: null },
        { kind: 'RoleBinding', name: 'edits', namespace: 'team-a' },
      ],
      more: 0,
    });
    expect(view.grants.map(({ name }) => name)).toEqual([
      'innocent-name',
      'edits',
      'system:basic-user',
      'system:discovery',
      'system:public-info-viewer',
      'dangling',
    ]);
    expect(view.grants[0]).toMatchObject({ amountsToClusterAdmin: true, rules: ['* * in *', '* *'] });
    expect(view.grants[1]).toEqual({
      kind: 'RoleBinding',
      name: 'edits',
      namespace: 'team-a',
      subject: { kind: 'User', name: 'jane' },
      role: { kind: 'ClusterRole', name: 'edit', exists: true },
      rules: ['get secrets named db, mail', 'create, patch deployments in apps, core'],
      moreRules: 0,
      amountsToClusterAdmin: false,
      opens: ['ReadSecrets', 'CreateWorkloads'],
    });
    expect(view.grants.at(-1)).toMatchObject({ role: { kind: 'Role', name: 'gone', exists: false }, rules: [] });
    expect(view).toMatchObject({ moreGrants: 0, observedAt: '2026-03-01T10:00:00.000Z' });
  });

  it('is bounded whatever is in the cluster, says what it leaves out, and leaves out no cluster-admin', () => {
    const long = 'x'.repeat(10_000);
    const many = Array.from({ length: 100 }, () => long);
    const rules = Array.from({ length: 100 }, (): WrittenRule => ({ verbs: many, apiGroups: many, resources: many }));
    const objects = [
      ...defaultRbacObjects,
      role(long, rules),
      ...Array.from({ length: 3000 }, (_, i) => binding(`${i}-${long}`, `ClusterRole/${long}`, ['user:jane'])),
      ...Array.from({ length: 30 }, (_, i) => binding(`z-${i}`, 'ClusterRole/cluster-admin', ['group:team-x'])),
    ];
    const view = blastRadiusView(resolve(objects));
    expect(view.grants).toHaveLength(50);
    expect(view.grants.filter(({ amountsToClusterAdmin }) => amountsToClusterAdmin)).toHaveLength(30);
    expect(view.moreGrants).toBe(3 + 3000 + 30 - 50);
    expect(view.clusterAdmin.by).toHaveLength(20);
    expect(view.clusterAdmin.more).toBe(10);
    expect(view.grants.at(-1)).toMatchObject({ moreRules: 80 });
    expect(JSON.stringify(view).length).toBeLessThan(500_000);
    const declared = { $defs: { Grant: GrantSchema, GrantReference: GrantReferenceSchema } };
    const schema = JSON.parse(JSON.stringify({ ...declared, ...BlastRadiusSchema })) as object;
    const validator = Compile(
      JSON.parse(JSON.stringify(schema).replaceAll(/"\$ref":"(\w+)#"/g, '"$ref":"#/$defs/$1"')) as object,
    );
    expect(validator.Errors(JSON.parse(JSON.stringify(view)))[1]).toEqual([]);
  });

  it('shows system:masters, which has no binding', () => {
    const view = blastRadiusView(resolve([], ['system:masters']));
    expect(view.clusterAdmin.by).toEqual([{ kind: 'Group', name: 'system:masters', namespace: null }]);
    expect(view.grants).toEqual([]);
  });
});

describe('a blast radius as text', () => {
  it('has a line for each grant that says what it leads to', () => {
    expect(blastRadiusLines(resolve(mixed))).toEqual([
      'amounts to cluster-admin, as of 2026-03-01T10:00:00.000Z',
      'ClusterRoleBinding/innocent-name grants group team-x ClusterRole/cluster-admin: amounts to cluster-admin',
      'RoleBinding/edits in team-a grants username jane ClusterRole/edit: ReadSecrets, CreateWorkloads',
      'ClusterRoleBinding/system:basic-user grants group system:authenticated ClusterRole/system:basic-user',
      'ClusterRoleBinding/system:discovery grants group system:authenticated ClusterRole/system:discovery',
      'ClusterRoleBinding/system:public-info-viewer grants group system:authenticated ClusterRole/system:public-info-viewer',
      'RoleBinding/dangling in team-b grants username jane Role/gone, which does not exist',
    ]);
  });

  it('sums up', () => {
    expect(blastRadiusLines(resolve(defaultRbacObjects))[0]).toBe('3 grants, as of 2026-03-01T10:00:00.000Z');
    const [, ...rest] = mixed.filter(({ metadata }) => metadata.name !== 'innocent-name');
    expect(blastRadiusLines(resolve(rest))[0]).toMatch(/^5 grants, 2 ways to more, as of /);
    expect(blastRadiusLines(null)).toEqual([
      'not known: the role bindings of this cluster are not read, or not at hand',
    ]);
    expect(blastRadiusLines(resolve([], ['system:masters']))).toEqual([
      'amounts to cluster-admin, as of 2026-03-01T10:00:00.000Z',
      'group system:masters needs no binding: amounts to cluster-admin',
    ]);
  });

  it('stays one line a grant, and a bounded number of them, whatever things are called', () => {
    const forged = 'a\nClusterRoleBinding/b grants nobody nothing\u001b[2K\u202e';
    const [line] = blastRadiusLines(resolve([binding(forged, `ClusterRole/${forged}`, ['user:jane'], 'ns')])).slice(1);
    expect(line).toMatch(
      /^RoleBinding\/a\\u\{a\}ClusterRoleBinding\/b grants nobody nothing\\u\{1b\}\[2K\\u\{202e\} in ns/,
    );
    const many = Array.from({ length: 60 }, (_, i) => binding(`b-${i}`, 'ClusterRole/gone', ['user:jane']));
    expect(blastRadiusLines(resolve(many))).toHaveLength(1 + 50 + 1);
    expect(blastRadiusLines(resolve(many)).at(-1)).toBe('and 10 more');
  });
});
