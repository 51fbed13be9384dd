import type { IdentityDetails } from '../../model/identity.js';
import type { Outcome } from '../../model/outcome.js';
import type { Services } from '../server/services.js';
import { instantInBody, instantInQuery } from '../plugins/request-input.js';
import { pageBody, pageQuery, pageResponse } from '../answers/page-schemas.js';
import { callerOf } from '../plugins/authentication.js';
import { granted } from '../problems/refusal-to-problem.js';
import { json, operation } from '../answers/responses.js';
import { ref } from '../schemas/schema-parts.js';
import type { App } from '../server/types.js';
import * as schemas from './schemas.js';
import { identityDetailsView, identityView } from './schemas.js';

const notBlocked = { blocked: null, omitted: false };

export function addIdentities(app: App, { identities, clock }: Services): void {
  const viewOf = (outcome: Outcome<IdentityDetails>) => identityDetailsView(granted(outcome), clock());

  app.get(
    '/identities',
    operation({
      config: { action: 'read-identities' },
      operationId: 'listIdentities',
      tags: ['identities'],
      summary: 'List who has access',
      description:
        'Needs the role provisioner, auditor or admin. An identity is a username with live certificates. Filters are ' +
        'combined with AND. With `blocked=true` it lists the blocked ones, whether they have certificates or not.',
      querystring: schemas.IdentityQuerySchema,
      response: { 200: pageResponse(schemas.IdentityListSchema, 'By username.', notBlocked) },
    }),
    async (request, reply) => {
      const { limit: _limit, cursor: _cursor, blocked, notAfterBefore, ...plain } = request.query;
      const filter = {
        ...plain,
        ...(blocked !== undefined && { blocked: blocked === 'true' }),
        ...(notAfterBefore !== undefined && { notAfterBefore: instantInQuery('notAfterBefore', notAfterBefore) }),
      };
      const page = granted(await identities.list(callerOf(request), filter, pageQuery(request.query)));
      return pageBody(request, reply, page, identityView);
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
      response: { 200: json(schemas.IdentityDetailsSchema, { description: 'The identity.', example: notBlocked }) },
      problems: ['not-found'],
    }),
    async (request) => viewOf(await identities.find(callerOf(request), request.params.username)),
  );

  app.post(
    '/identities/:username/block',
    operation({
      config: { action: 'block-identities', bodyExamples: { 'off-boarding': schemas.exampleBlock } },
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
          example: { clusters: [], certificates: [], waitingRequests: [], omitted: false },
        }),
      },
    }),
    async (request) => {
      const { until, ...body } = request.body;
      const ask = { ...body, ...(until !== undefined && { until: instantInBody('/until', until) }) };
      return viewOf(await identities.block(callerOf(request), request.params.username, ask));
    },
  );

  app.post(
    '/identities/:username/unblock',
    operation({
      config: { action: 'block-identities', optionalBody: true },
      operationId: 'unblockIdentity',
      tags: ['identities'],
      summary: 'Unblock an identity',
      description:
        'Needs the role provisioner or admin. The identity may ask again. No certificate and no request is revived. An ' +
        'identity that is not blocked is answered as it is.',
      params: schemas.IdentityParamsSchema,
      body: ref(schemas.UnblockSchema),
      response: {
        200: json(schemas.IdentityDetailsSchema, { description: 'It is not blocked.', example: notBlocked }),
      },
    }),
    async (request) => viewOf(await identities.unblock(callerOf(request), request.params.username, request.body)),
  );
}
