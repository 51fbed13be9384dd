import { Type, type Static } from 'typebox';
import type { BindingReference, RoleReference } from '../model/blast-radius.js';
import type { IdentityDetails } from '../model/identity.js';
import { enforcementModes } from '../model/revocation-enforcement.js';
import { clip } from '@kubepass/inspect/formats';
import { longestPrincipalName } from '../model/name-grammar.js';
import { revocationReasons } from '@kubepass/x509';
import { clusterText, shownCharacters } from '../http/schemas/cluster-parts.js';
import { csvForm } from '../http/answers/exports.js';
import { CertificateSchema, continuesOf, shownListed } from './certificate-schemas.js';
import { certificateSha256 } from '../http/schemas/example-certificate.js';
import { pageOf, pageParameters, usernamePrefixParameter } from '../http/answers/page-schemas.js';
import {
  closed,
  dnsLabelOf,
  idOf,
  instantOf,
  integerOf,
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
  writtenTextOf,
  viewOf,
} from '../http/schemas/schema-parts.js';

const reason = oneOf(revocationReasons, 'RFC 5280, section 5.3.1. The certificates are revoked with it.');
const comment = writtenTextOf('Why, in words.', 'leaves the company');
const clusterNames = (description: string) =>
  Type.Array(dnsLabelOf('A cluster.', 'demo'), { minItems: 1, maxItems: 1000, uniqueItems: true, description });
const mode = oneOf(enforcementModes, 'How the cluster is made to refuse revoked certificates.');

/** A certificate of somebody who should have no access. */
export const ResidualExposureSchema = namedObject('ResidualExposure', 'A certificate that still works in some way.', {
  cluster: dnsLabelOf('The cluster.', 'demo'),
  fingerprintSha256: sha256Of('SHA-256 of the DER certificate', certificateSha256),
  notAfter: instantOf('When it ends by itself.'),
  enforcement: mode,
  continues: continuesOf('What its holder can go on to do.'),
});

export const IdentityBlockSchema = namedObject('IdentityBlock', 'A username that gets no certificate.', {
  username: principalNameOf(
    'The name as it was blocked. Names that differ in case alone are blocked with it.',
    'jane@corp.example',
  ),
  clusters: nullable(
    clusterNames('Clusters.'),
    'The clusters where it is blocked; null: every cluster, future ones too.',
  ),
  reason,
  comment: nullable(messageOf('A comment.', 'leaves the company'), 'Why, in words; null: nothing was said.'),
  until: nullable(instantOf('An instant.'), 'When the block ends; null: when it is unblocked.'),
  blockedAt: instantOf('When it was blocked, or its block last changed.'),
  blockedBy: principalNameOf('The principal who did.', 'hr-system'),
});

const identityProperties = {
  username: principalNameOf(
    'The username in Kubernetes, or the name of a principal that is blocked.',
    'jane@corp.example',
  ),
  clusters: Type.Array(
    objectOf('The access on one cluster.', {
      cluster: dnsLabelOf('The cluster.', 'demo'),
      groups: Type.Array(nameOf('One group.', 'team-a'), {
        maxItems: 3200,
        description: 'The groups of its live certificates, together.',
      }),
      liveCertificates: integerOf(
        'Certificates that are neither expired nor revoked. In a list, at most 100 of each identity are looked at: those ' +
          'that end last.',
        1,
        { minimum: 1, maximum: 500 },
      ),
      latestNotAfter: instantOf('When the last of them ends.'),
      enforcement: mode,
    }),
    { maxItems: 1000, description: 'The clusters where it has live certificates.' },
  ),
  blocked: nullable(ref(IdentityBlockSchema), 'Its block; null if it has none.'),
};

const exposedProperties = {
  residualExposure: Type.Array(ref(ResidualExposureSchema), {
    maxItems: 500,
    description:
      'The certificates that are revoked, or whose username is blocked, or that have a group which the directory gives ' +
      'no longer, and that still work in some way. Empty if none still works.',
  }),
  omitted: Type.Boolean({ description: 'True if one of the lists has more items than are shown.' }),
};

const IdentitySchema = namedObject('Identity', 'A username, and the access that its certificates give.', {
  ...identityProperties,
  leftAt: Type.Optional(
    nullable(
      instantOf('An instant.'),
      'Since when the directory says that nobody of this name is here; null: it does not say so. Only with ' +
        '`residualExposure=true`, like the next two.',
    ),
  ),
  residualExposure: Type.Optional(exposedProperties.residualExposure),
  omitted: Type.Optional(exposedProperties.omitted),
});
export type IdentityBody = Static<typeof IdentitySchema>;
export const IdentityListSchema = pageOf(IdentitySchema, 'Identities, by username.');

export const IdentityDetailsSchema = namedObject(
  'IdentityDetails',
  'An identity with everything that is known about it. Each list has at most 500 items.',
  {
    ...identityProperties,
    certificates: Type.Array(ref(CertificateSchema), { maxItems: 500, description: 'Its live certificates.' }),
    waitingRequests: Type.Array(
      objectOf('A request for it that is not decided, or not issued.', {
        id: idOf('The certificate request.'),
        state: oneOf(['pending', 'approved'], 'Its state.'),
        cluster: dnsLabelOf('The cluster.', 'demo'),
        groups: Type.Array(nameOf('One group.', 'team-a'), { maxItems: 32 }),
        requester: principalNameOf('Who asked.', 'hr-system'),
        collector: principalNameOf('Who collects the key.', 'hr-system'),
        createdAt: instantOf('When it was made.'),
      }),
      { maxItems: 500, description: 'Requests for it that are pending or approved.' },
    ),
    residualExposure: exposedProperties.residualExposure,
    requestedForOthers: Type.Array(ref(CertificateSchema), {
      maxItems: 500,
      description: 'Live certificates of other usernames that it asked for or collects. A block leaves them alone.',
    }),
    roleBindings: Type.Array(
      objectOf('The bindings of one cluster that name it.', {
        cluster: dnsLabelOf('The cluster.', 'demo'),
        bindings: nullable(
          Type.Array(
            objectOf('A binding with this username as a subject.', {
              kind: oneOf(['ClusterRoleBinding', 'RoleBinding'], 'The kind of binding.'),
              name: clusterText('Its name.', 'jane-edits'),
              namespace: nullable(clusterText('A namespace.', 'team-a'), 'Null: the whole cluster.'),
              role: objectOf('The role that it grants.', {
                kind: oneOf(['ClusterRole', 'Role'], 'The kind of role.'),
                name: clusterText('Its name.', 'edit'),
              }),
            }),
            { maxItems: 500 },
          ),
          'Null if they cannot be read now.',
        ),
      }),
      { maxItems: 1000, description: 'One for each cluster whose role bindings kubepass reads.' },
    ),
    omitted: exposedProperties.omitted,
  },
);

export const IdentityQuerySchema = closed({
  cluster: Type.Optional(
    dnsLabelOf('Only identities with a live certificate for this cluster, or blocked there.', 'demo'),
  ),
  username: Type.Optional(principalNameOf('Only this username.', 'jane@corp.example')),
  ...usernamePrefixParameter('identities', principalNameOf),
  group: Type.Optional(nameOf('Only identities with a live certificate with this group.', 'team-a')),
  blocked: Type.Optional(
    oneOf(['true', 'false'], '`true`: blocked ones alone, with or without certificates. `false`: all others.'),
  ),
  notAfterBefore: Type.Optional(instantOf('Only identities whose last certificate ends before this instant.')),
  residualExposure: Type.Optional(
    oneOf(
      ['true'],
      'Only identities with certificates that still work although they should not: who has left or is blocked, and still ' +
        'works where. `cluster`, `group` and `notAfterBefore` then select among those certificates.',
    ),
  ),
  ...pageParameters,
});

export const IdentityParamsSchema = closed({
  username: principalNameOf('The username, percent-encoded.', 'jane@corp.example'),
});

/** The name of a block is kept for good. */
export const BlockParamsSchema = closed({
  username: textOf('The username, percent-encoded, without control characters.', 'jane@corp.example', {
    minLength: 1,
    maxLength: longestPrincipalName,
    pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$',
  }),
});

export const BlockSchema = namedObject('Block', 'Why, where and how long a name is blocked.', {
  reason,
  comment: Type.Optional(comment),
  clusters: Type.Optional(clusterNames('The clusters where it is blocked. Default: every cluster, future ones too.')),
  until: Type.Optional(instantOf('When the block ends. By default when it is unblocked.')),
});

export const UnblockSchema = namedObject('Unblock', 'May be left out.', {
  comment: Type.Optional(comment),
  clusters: Type.Optional(
    clusterNames('The clusters where the block ends. Default: all. Only for a block that names clusters.'),
  ),
});

export const identityView = viewOf(IdentitySchema);

const details = viewOf(IdentityDetailsSchema);
export const identityDetailsView = (identity: IdentityDetails, now: Date) =>
  details({
    ...identity,
    certificates: identity.certificates.map((one) => shownListed(one, now)),
    waitingRequests: identity.waitingRequests.map((request) => ({
      ...request,
      state: request.state as 'pending' | 'approved',
      requester: request.requester.name,
    })),
    requestedForOthers: identity.requestedForOthers.map((one) => shownListed(one, now)),
    roleBindings: identity.roleBindings.map(({ cluster, bindings }) => ({
      cluster,
      bindings: bindings && bindings.slice(0, 500).map(clippedBinding),
    })),
  });

const clippedBinding = ({ kind, name, namespace, role }: BindingReference & { readonly role: RoleReference }) => ({
  kind,
  name: clip(name, shownCharacters),
  namespace: namespace && clip(namespace, shownCharacters),
  role: { kind: role.kind, name: clip(role.name, shownCharacters) },
});

type Exposure = NonNullable<IdentityBody['residualExposure']>[number];

const columnsOfExposed: Readonly<
  Record<string, (row: { readonly identity: IdentityBody; readonly exposure: Exposure }) => string>
> = {
  username: ({ identity }) => identity.username,
  leftAt: ({ identity }) => identity.leftAt ?? '',
  blockedAt: ({ identity }) => identity.blocked?.blockedAt ?? '',
  blockedBy: ({ identity }) => identity.blocked?.blockedBy ?? '',
  blockReason: ({ identity }) => identity.blocked?.reason ?? '',
  cluster: ({ exposure }) => exposure.cluster,
  fingerprintSha256: ({ exposure }) => exposure.fingerprintSha256,
  notAfter: ({ exposure }) => exposure.notAfter,
  enforcement: ({ exposure }) => exposure.enforcement,
  continues: ({ exposure }) => exposure.continues.join('; '),
  omitted: ({ identity }) => String(identity.omitted ?? false),
};

/** A record for each certificate that still works. */
export const exposedForm = csvForm(columnsOfExposed, (identity: IdentityBody) =>
  (identity.residualExposure ?? []).map((exposure) => ({ identity, exposure })),
);
