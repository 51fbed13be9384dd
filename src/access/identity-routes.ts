import type { Static } from 'typebox';
import { blockIdentity, unblockIdentity } from './block-identity.js';
import { exportExposed, findIdentity, listExposed, listIdentities } from './read-identities.js';
import type { ExposedIdentity, Identity, IdentityDetails, IdentityFilter } from '../model/identity.js';
import type { Outcome, Page } from '../model/outcome.js';
import { instantInBody, instantInQuery } from '../http/hooks/request-input.js';
import { sendExport } from '../http/answers/exports.js';
import { pageBody, pageHeaders, pageQuery } from '../http/answers/page-schemas.js';
import { callerOf } from '../http/hooks/authentication.js';
import { granted } from '../http/problems/refusal-to-problem.js';
import { problem, ProblemError } from '../http/problems/problem.js';
import { json, longest, operation, response, textBody } from '../http/answers/responses.js';
import { ref } from '../http/schemas/schema-parts.js';
import type { App } from '../http/server/types.js';
import * as schemas from './identity-schemas.js';
import { exposedForm, identityDetailsView, identityView } from './identity-schemas.js';
import type { Context } from '../context/context.js';

const csvOfExposed = problem('not-acceptable', 'text/csv comes with `residualExposure=true` alone');

export function addIdentities(app: App, context: Context): void {
  const { clock } = context;
  const viewOf = (outcome: Outcome<IdentityDetails>) => identityDetailsView(granted(outcome), clock());

  app.get(
    '/identities',
    operation({
      config: { action: 'read-identities', produces: ['application/json', 'text/csv'] },
      operationId: 'listIdentities',
      tags: ['identities'],
      summary: 'List who has access',
      description:
        'Needs the role provisioner, auditor or admin. An identity is a username with live certificates. Filters are ' +
        'combined with AND. With `blocked=true` it lists the blocked ones, whether they have certificates or not. With ' +
        '`residualExposure=true` it lists those whose certificates still work although they should not; `text/csv` then ' +
        'exports all of them, a record for each certificate, and ignores `limit` and `cursor`.',
      querystring: schemas.IdentityQuerySchema,
      response: {
        200: response(
          {
            'application/json': ref(schemas.IdentityListSchema),
            'text/csv': textBody(
              'Only with `residualExposure=true`: a record with the names of the columns, and one for each certificate ' +
                '(RFC 4180). An apostrophe stands before a value that a spreadsheet would take for a formula.',
              null,
              longest.streamed,
            ),
          },
          {
            description: 'By username.',
            headers: pageHeaders,
          },
        ),
      },
    }),
    async (request, reply) => {
      const { residualExposure, ...query } = request.query;
      const filter = identityFilterIn(query);
      if (request.answerType === 'text/csv') {
        if (residualExposure === undefined) throw new ProblemError(csvOfExposed);
        const portions = granted(exportExposed(context, callerOf(request), filter));
        return sendExport(request, reply, exposedForm, portions, identityView);
      }
      const [caller, page] = [callerOf(request), pageQuery(request.query)];
      const found: Outcome<Page<Identity | ExposedIdentity>> =
        residualExposure === undefined
          ? await listIdentities(context, caller, filter, page)
          : await listExposed(context, caller, filter, page);
      return pageBody(request, reply, granted(found), identityView);
    },
  );

  app.get(
    '/identities/:username',
    operation({
      config: { action: 'read-identities' },
      operationId: 'getIdentity',
      tags: ['identities'],
      summary: 'Read an identity',
      description:
        'Needs the role provisioner, auditor or admin. The answer has its live certificates, its waiting requests, and ' +
        'everything that still works although it should not.',
      params: schemas.IdentityParamsSchema,
      response: { 200: json(schemas.IdentityDetailsSchema, { description: 'The identity.' }) },
      problems: ['not-found'],
    }),
    async (request) => viewOf(await findIdentity(context, callerOf(request), request.params.username)),
  );

  app.post(
    '/identities/:username/block',
    operation({
      config: { action: 'block-identities', budgetUse: 'endingAccess' },
      operationId: 'blockIdentity',
      tags: ['identities'],
      summary: 'Block an identity',
      description:
        'Needs the role provisioner or admin. From the answer on the name gets no certificate, in any spelling: not as the ' +
        'username, the requester or the collector. Its waiting requests are cancelled, and its live certificates are ' +
        'revoked. The answer says what is left. A name that nobody knows can be blocked too. Blocking again changes nothing, ' +
        'unless it blocks on more clusters, for longer, or for another reason: a block never becomes smaller.',
      params: schemas.BlockParamsSchema,
      body: ref(schemas.BlockSchema),
      response: {
        200: json(schemas.IdentityDetailsSchema, {
          description: 'It is blocked.',
        }),
      },
    }),
    async (request) => {
      const { until, ...body } = request.body;
      const ask = { ...body, ...(until !== undefined && { until: instantInBody('/until', until) }) };
      return viewOf(await blockIdentity(context, callerOf(request), request.params.username, ask));
    },
  );

  app.post(
    '/identities/:username/unblock',
    operation({
      config: { action: 'block-identities', optionalBody: true, budgetUse: 'writing' },
      operationId: 'unblockIdentity',
      tags: ['identities'],
      summary: 'Unblock an identity',
      description:
        'Needs the role provisioner or admin. The identity may ask again. No certificate and no request is revived. An ' +
        'identity that is not blocked is answered as it is.',
      params: schemas.IdentityParamsSchema,
      body: ref(schemas.UnblockSchema),
      response: {
        200: json(schemas.IdentityDetailsSchema, { description: 'It is not blocked.' }),
      },
    }),
    async (request) => viewOf(await unblockIdentity(context, callerOf(request), request.params.username, request.body)),
  );
}

/** The filter of a query, without its page. */
export function identityFilterIn({
  limit: _limit,
  cursor: _cursor,
  blocked,
  notAfterBefore,
  ...plain
}: Omit<Static<typeof schemas.IdentityQuerySchema>, 'residualExposure'>): IdentityFilter {
  return {
    ...plain,
    ...(blocked !== undefined && { blocked: blocked === 'true' }),
    ...(notAfterBefore !== undefined && { notAfterBefore: instantInQuery('notAfterBefore', notAfterBefore) }),
  };
}
