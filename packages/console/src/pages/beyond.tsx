import { Page } from '../parts/page.js';
import { sentence } from '../parts/words.js';
import type { Permission } from '../service/session.js';

/** The roles of the pages that not everybody may open, in the words of the API's refusals. */
const takes: Partial<Record<Permission, string>> = {
  'request-certificates': 'asking for certificates takes the role requester, provisioner or admin',
  'read-identities': 'reading identities takes the role provisioner, auditor or admin',
  'read-audit-events': 'reading the audit log takes the role auditor or admin',
  'draft-policies': 'trying policies out takes the role auditor or admin',
  'read-directory': 'reading the directory takes the role provisioner, auditor or admin',
  'read-webhook-deliveries': 'reading webhook deliveries takes the role auditor or admin',
  'manage-api-tokens': 'API tokens are for admins',
  'manage-sessions': 'the sessions of others are for admins',
};

/** An address beyond what the caller may open. */
export const Beyond = ({ permission }: { readonly permission: Permission }) => (
  <Page title="You cannot open this page">
    <p>
      {sentence(takes[permission] ?? 'this page takes a role that you do not have')}{' '}
      <a href="/console/me">Your roles</a>
    </p>
  </Page>
);
