import { pageBody, pageQuery, pageResponse, pageOf, pageParameters } from '../http/answers/page-schemas.js';
import { callerOf } from '../http/hooks/authentication.js';
import { granted } from '../http/problems/refusal-to-problem.js';
import { json, operation } from '../http/answers/responses.js';
import {
  closed,
  dnsLabelOf,
  exampleId,
  idOf,
  instantOf,
  messageOf,
  namedObject,
  nameOf,
  nullable,
  objectOf,
  oneOf,
  principalNameOf,
  ref,
  sha256Of,
  textOf,
  viewOf,
} from '../http/schemas/schema-parts.js';
import type { App } from '../http/server/types.js';
import { Type, type Static } from 'typebox';
import { ApiTokenSchema } from '../callers/routes/api-token-routes.js';
import { CertificateSchema, shownListed } from '../access/certificate-schemas.js';
import { ResidualExposureSchema } from '../access/identity-schemas.js';
import { isHere } from '../model/directory.js';
import { confirmDirectoryUser } from './confirm-user.js';
import {
  type DirectoryUserDetails,
  type DirectoryUserView,
  findDirectoryUser,
  listDirectoryUsers,
} from './read-directory.js';
import type { Context } from '../context/context.js';

const attributeOf = (description: string, example: string) => textOf(description, example, { maxLength: 256 });
const idsOf = (description: string) =>
  Type.Array(idOf('An id.'), { maxItems: 500, description, examples: [[exampleId]] });

const userProperties = {
  id: idOf('Identifies the user, here and over SCIM.'),
  directoryName: attributeOf('The name as the identity provider writes it: `userName` in SCIM.', 'jane@corp.example'),
  externalId: nullable(
    attributeOf('An identifier.', '00u1a2b3c4'),
    'The identity provider’s own identifier; null: none.',
  ),
  active: Type.Boolean({ description: 'False: the person has left, or was deleted.', examples: [true] }),
  displayName: nullable(attributeOf('A name.', 'Jane Doe'), 'The name to show; null: none was given.'),
  emails: Type.Array(attributeOf('An address.', 'jane@corp.example'), {
    maxItems: 20,
    description: 'Email addresses.',
  }),
  username: nullable(
    principalNameOf('A username.', 'jane@corp.example'),
    'The person’s username in Kubernetes and name as a principal; null: none.',
  ),
  whyNoUsername: nullable(
    messageOf('Why.', 'the userName contains U+0020, which is not allowed in a name'),
    'Why the person has no username in Kubernetes: what is wrong with the SCIM attribute that gives it. Null if they have one.',
  ),
  groups: Type.Array(
    objectOf('A group in the directory.', {
      id: idOf('Identifies the group over SCIM.'),
      displayName: attributeOf('The name of the group.', 'payments'),
      externalId: nullable(attributeOf('An identifier.', '00g1a2b3c4'), 'The identity provider’s own identifier.'),
    }),
    { maxItems: 10_000, description: 'The directory groups that the person is in.' },
  ),
  createdAt: instantOf('When the directory first told of the person.'),
  changedAt: instantOf('When it last did.'),
  inactiveSince: nullable(instantOf('An instant.'), 'Since when the person is not active; null if they are.'),
  deletedAt: nullable(
    instantOf('An instant.'),
    'When the entry was deleted, or its person gave up the name; null if neither happened.',
  ),
  reuse: nullable(
    objectOf('The person who had the name before.', {
      predecessor: idOf('The id of that person.'),
      since: instantOf('Since when the name is this person’s.'),
    }),
    'The name was somebody else’s, whose certificates may still work: no certificate is given until they have ended, or an ' +
      'admin confirms this person. Null if that is not so.',
  ),
};

const exposure = (whose: string) =>
  Type.Array(ref(ResidualExposureSchema), {
    maxItems: 500,
    description: `${whose} that still work in some way although they should not.`,
  });

const DirectoryUserSchema = namedObject('DirectoryUser', 'A person whom an identity provider manages over SCIM.', {
  ...userProperties,
  residualExposure: Type.Optional(exposure('Only of somebody who is not active: certificates')),
});
const DirectoryUserListSchema = pageOf(DirectoryUserSchema, 'A page of people in the directory.');

const DirectoryUserDetailsSchema = namedObject(
  'DirectoryUserDetails',
  'A person in the directory, and what is left of their access.',
  {
    ...userProperties,
    lostGroups: Type.Array(
      objectOf('A live certificate with groups that the person lost.', {
        cluster: dnsLabelOf('The cluster.', 'demo'),
        fingerprintSha256: sha256Of('The fingerprint of the certificate'),
        groups: Type.Array(nameOf('A group.', 'team-a'), { maxItems: 32, description: 'The groups that were lost.' }),
      }),
      {
        maxItems: 500,
        description: 'Certificates with groups that only the directory gives, and gives to the person no longer.',
      },
    ),
    consequences: objectOf('The effects of leaving, and what goes on all the same.', {
      cancelledRequests: idsOf('Requests that were cancelled when the person last left; the first ones.'),
      revokedTokens: idsOf('API tokens in the person’s name that were revoked then.'),
      keptTokens: idsOf('API tokens in the person’s name that go on, because no other admin’s token was left.'),
      tokensMade: Type.Array(ref(ApiTokenSchema), {
        maxItems: 500,
        description: 'Live API tokens that the person made for systems, to be looked through.',
      }),
      requestedForOthers: Type.Array(ref(CertificateSchema), {
        maxItems: 500,
        description: 'Live certificates of other usernames that the person asked for or collects.',
      }),
      residualExposure: exposure('Certificates'),
    }),
  },
);

const DirectoryUserQuerySchema = closed({
  ...pageParameters,
  active: Type.Optional(oneOf(['true', 'false'], 'Only people who are active, or who are not.')),
  deleted: Type.Optional(
    oneOf(
      ['true', 'false'],
      '`true`: entries that were deleted, and names that their person gave up, the last one first. `false`, the default: ' +
        'all others, among them people who left and were not deleted, whom `active=false` selects.',
    ),
  ),
  directoryName: Type.Optional(
    textOf('Only the person of this name in the directory, whatever its case.', 'jane@corp.example', {
      minLength: 1,
      maxLength: 256,
    }),
  ),
  username: Type.Optional(principalNameOf('Only the person who is this username.', 'jane@corp.example')),
});

const DirectoryUserParamsSchema = closed({ id: idOf('The id of the user.') });

type DirectoryUserDetailsBody = Static<typeof DirectoryUserDetailsSchema>;

/** A person with the members that the schema has and the model does not. */
const shownUser = ({ user, groups, whyNoUsername, residualExposure: stillWorks }: DirectoryUserView) => ({
  ...user,
  ...{ groups, whyNoUsername, residualExposure: stillWorks },
  active: isHere(user),
  directoryName: user.userName,
  emails: user.emails.map(({ value }) => value),
});

const listed = viewOf(DirectoryUserSchema);
const directoryUserView = (view: DirectoryUserView) => listed(shownUser(view));

const details = viewOf(DirectoryUserDetailsSchema);
function directoryUserDetailsView(view: DirectoryUserDetails, now: Date): DirectoryUserDetailsBody {
  const { lostGroups, consequences } = view;
  const requestedForOthers = consequences.requestedForOthers.map((one) => shownListed(one, now));
  return details({ ...shownUser(view), lostGroups, consequences: { ...consequences, requestedForOthers } });
}

export function addDirectoryUsers(app: App, context: Context): void {
  const { clock } = context;
  app.get(
    '/directory-users',
    operation({
      config: { action: 'read-directory' },
      operationId: 'listDirectoryUsers',
      tags: ['identities'],
      summary: 'List the people in the directory',
      description:
        'Needs the role provisioner, auditor or admin. Lists the people whom an identity provider manages over SCIM. SCIM is ' +
        'served at `/scim/v2`, and describes itself there. Filters are combined with AND. `deleted=true` lists those who ' +
        'are gone from the directory; whoever is not active has `residualExposure`.',
      querystring: DirectoryUserQuerySchema,
      response: {
        200: pageResponse(DirectoryUserListSchema, 'In the order in which they came, or deleted ones by that instant.'),
      },
    }),
    async (request, reply) => {
      const { limit: _limit, cursor: _cursor, active, deleted, ...plain } = request.query;
      const filter = {
        ...plain,
        ...(active !== undefined && { active: active === 'true' }),
        deleted: deleted === 'true',
      };
      const page = granted(await listDirectoryUsers(context, callerOf(request), filter, pageQuery(request.query)));
      return pageBody(request, reply, page, directoryUserView);
    },
  );

  app.get(
    '/directory-users/:id',
    operation({
      config: { action: 'read-directory' },
      operationId: 'getDirectoryUser',
      tags: ['identities'],
      summary: 'Read a person in the directory',
      description:
        'Needs the role provisioner, auditor or admin. The answer says what ended when the person left, ' +
        'and what goes on all the same.',
      params: DirectoryUserParamsSchema,
      response: { 200: json(DirectoryUserDetailsSchema, { description: 'The person.' }) },
      problems: ['not-found'],
    }),
    async (request) =>
      directoryUserDetailsView(
        granted(await findDirectoryUser(context, callerOf(request), request.params.id)),
        clock(),
      ),
  );

  app.post(
    '/directory-users/:id/confirm',
    operation({
      config: { action: 'confirm-directory-users', budgetUse: 'writing' },
      operationId: 'confirmDirectoryUser',
      tags: ['identities'],
      summary: 'Confirm that a name is this person’s now',
      description:
        'Needs the role admin. For a person whose name was somebody else’s before (`reuse`). From the answer on they may ' +
        'ask for certificates, although those of the other person may still work; a block of the other person’s leaving ends.',
      params: DirectoryUserParamsSchema,
      response: {
        200: json(DirectoryUserDetailsSchema, { description: 'The person is confirmed.' }),
      },
      problems: ['not-found'],
    }),
    async (request) =>
      directoryUserDetailsView(
        granted(await confirmDirectoryUser(context, callerOf(request), request.params.id)),
        clock(),
      ),
  );
}
