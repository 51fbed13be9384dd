import type { BudgetUse } from '../model/budget.js';

/** The one list of what calls use, by method and route. The method decides about the others. */
const uses: Readonly<Record<string, BudgetUse>> = {
  // Promised to API servers, which repeat for seconds what is answered 429.
  'POST /v1/clusters/:name/access-reviews': 'nothing',
  // Keeps nothing.
  'POST /v1/inspections': 'inspecting',
  'POST /v1/identities/:username/block': 'endingAccess',
  'POST /v1/certificates/:fingerprintSha256/revoke': 'endingAccess',
  'POST /v1/certificate-requests/:id/deny': 'endingAccess',
  'POST /v1/certificate-requests/:id/cancel': 'endingAccess',
  'DELETE /v1/api-tokens/:id': 'endingAccess',
  'DELETE /v1/sessions/:id': 'endingAccess',
  // Each of them may be how somebody leaves. So a connector that has spent its writes on joiners still tells of leavers.
  'PATCH /scim/v2/Users/:id': 'endingAccess',
  'PUT /scim/v2/Users/:id': 'endingAccess',
  'DELETE /scim/v2/Users/:id': 'endingAccess',
  // Searches.
  'POST /scim/v2/.search': 'reading',
  'POST /scim/v2/Users/.search': 'reading',
  'POST /scim/v2/Groups/.search': 'reading',
};

/** The routes that are named one by one. */
export const routesWithOtherUses = Object.keys(uses);

/** Methods that keep nothing (RFC 9110 9.2.1). */
const safe: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** The use of the calls of a route. `url`: its template. */
export const budgetUseOf = (method: string, url: string): BudgetUse =>
  uses[`${method} ${url}`] ?? (safe.has(method) ? 'reading' : 'writing');
