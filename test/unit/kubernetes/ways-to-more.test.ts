// Tests src/kubernetes/ways-to-more.ts
import { describe, expect, it } from 'vitest';
import { type ResourceRequest, ruleMatches } from '../../../src/kubernetes/ways-to-more.js';
import type { RoleRule } from '../../../src/model/blast-radius.js';

const rule = (fields: Partial<RoleRule>): RoleRule => ({
  verbs: ['get'],
  apiGroups: [''],
  resources: ['pods'],
  resourceNames: [],
  nonResourceURLs: [],
  ...fields,
});
const request = (fields: Partial<ResourceRequest>): ResourceRequest => ({
  verb: 'get',
  group: '',
  resource: 'pods',
  name: null,
  ...fields,
});

describe('a rule', () => {
  it.each<[string, Partial<RoleRule>, Partial<ResourceRequest>, boolean]>([
    ['allows what it names', {}, {}, true],
    ['not another verb', {}, { verb: 'list' }, false],
    ['every verb by *', { verbs: ['*'] }, { verb: 'impersonate' }, true],
    ['no verb by a part of one', { verbs: ['ge*'] }, {}, false],
    ['not another group', {}, { group: 'apps' }, false],
    ['every group by *', { apiGroups: ['*'] }, { group: 'example.com' }, true],
    ['nothing where it names no group', { apiGroups: [] }, {}, false],
    ['no group by a domain', { apiGroups: ['*.k8s.io'] }, { group: 'rbac.authorization.k8s.io' }, false],
    ['not a subresource by its resource', {}, { resource: 'pods/exec' }, false],
    ['not a resource by its subresource', { resources: ['pods/exec'] }, {}, false],
    ['a subresource by its name', { resources: ['pods/exec'] }, { resource: 'pods/exec' }, true],
    ['every resource by *', { resources: ['*'] }, {}, true],
    ['every subresource by *', { resources: ['*'] }, { resource: 'nodes/proxy' }, true],
    ['a subresource of every resource by */exec', { resources: ['*/exec'] }, { resource: 'pods/exec' }, true],
    ['not another subresource by */exec', { resources: ['*/exec'] }, { resource: 'pods/attach' }, false],
    ['no resource by */exec', { resources: ['*/exec'] }, { resource: 'exec' }, false],
    ['no subresource by pods/*', { resources: ['pods/*'] }, { resource: 'pods/exec' }, false],
    ['no subresource by */*', { resources: ['*/*'] }, { resource: 'pods/exec' }, false],
    ['nothing by an empty resource', { resources: [''] }, {}, false],
    ['one object by its name', { resourceNames: ['a', 'b'] }, { name: 'b' }, true],
    ['not another object', { resourceNames: ['a'] }, { name: 'b' }, false],
    ['not all objects where it names some', { resourceNames: ['a'] }, { name: null }, false],
    ['no object by * as a name', { resourceNames: ['*'] }, { name: 'a' }, false],
    ['nothing in another case', { resources: ['Pods'] }, {}, false],
    ['no resource by a path', { resources: [], apiGroups: [], nonResourceURLs: ['*'] }, {}, false],
  ])('%s', (_, given, asked, allowed) => {
    expect(ruleMatches(rule(given), request(asked))).toBe(allowed);
  });
});
