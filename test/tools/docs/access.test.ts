// Tests docs/access.md, src/callers/permissions.ts
import { describe, expect, it } from 'vitest';
import { actions, may } from '../../../src/callers/permissions.js';
import type { Role } from '../../../src/model/principal.js';
import { principal } from '../../helpers/principals.js';
import { read } from './pages.js';

/** The actions that a row of the table of roles stands for; a cell says "yes" or "all" for who may do them. */
const actionsOf: Readonly<Record<string, readonly (typeof actions)[number][]>> = {
  'ask for a certificate': ['request-certificates'],
  'read requests, and the certificates issued for them': ['read-all-requests'],
  'list certificates': ['read-all-certificates'],
  'approve, deny': ['approve-requests'],
  'revoke a certificate': ['revoke-certificates'],
  'see identities': ['read-identities'],
  'block and unblock an identity': ['block-identities'],
  'read and verify the audit log': ['read-audit-events'],
  'read the metrics': ['read-metrics'],
  'see people in the directory': ['read-directory'],
  'confirm a new owner of a name': ['confirm-directory-users'],
  'see policies and clusters, evaluate, inspect uploads': ['evaluate-policies', 'inspect-uploads'],
  'evaluate and replay drafts of policies': ['draft-policies'],
  'read the CSRs in a cluster': ['read-cluster-csrs'],
  'probe a cluster': ['probe-clusters'],
  'probe, activate and retire an issuer': ['manage-issuers'],
  'see what a restored service does not know': ['read-audit-events'],
  'acknowledge a restore': ['acknowledge-restored'],
  'see the deliveries of webhooks': ['read-webhook-deliveries'],
  'send a webhook again': ['retry-webhook-deliveries'],
  'make, list, revoke API tokens': ['manage-api-tokens'],
  'see and end sessions': ['manage-sessions'],
};
/** Rows about one's own things, and what the text below the table says of reviewers and directory tokens. */
const others = ['cancel', 'renew a certificate', 'collect a generated key'];
const forMachines = ['review-access', 'read-enforcement', 'provision-directory'];

const page = read('docs/access.md');
const [, head = '', body = ''] = /^\| \| (requester [^\n]*) \|\n\|[-|]+\n((?:\|[^\n]*\n)+)/m.exec(page) ?? [];
const roles = head.split(' | ') as Role[];
const rows = body
  .trimEnd()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim().replaceAll(/[¹²]/g, '')))
  .map(([, title = '', ...cells]) => ({ title, cells }));

describe('the table of roles in docs/access.md', () => {
  it('has a row for each action, and none besides', () => {
    expect(rows.map(({ title }) => title).toSorted()).toEqual([...Object.keys(actionsOf), ...others].toSorted());
    expect([...new Set(Object.values(actionsOf).flat()), ...forMachines].toSorted()).toEqual([...actions].toSorted());
  });

  it.each(rows.filter(({ title }) => actionsOf[title] !== undefined))('says who may $title', ({ title, cells }) => {
    for (const [i, role] of roles.entries())
      for (const action of actionsOf[title] ?? [])
        expect([role, ['yes', 'all'].includes(cells[i] ?? '')]).toEqual([role, may(principal('jane', [role]), action)]);
  });
});
