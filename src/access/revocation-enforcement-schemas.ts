import { type TProperties, Type } from 'typebox';
import { closed, named, namedObject, oneOf, textOf } from '../http/schemas/schema-parts.js';
import { clusterName } from '../http/schemas/cluster-parts.js';

export const EnforcementParamsSchema = closed({ name: clusterName });

const attributes = <Members extends TProperties>(what: string, members: Members) =>
  Type.Optional(Type.Union([Type.Object(members), Type.Null()], { description: `The request, if it is ${what}.` }));

/** Kubernetes adds members to its types, so this is open, unlike the bodies of kubepass itself. */
export const SubjectAccessReviewSchema = named(
  'SubjectAccessReview',
  Type.Object(
    {
      apiVersion: oneOf(['authorization.k8s.io/v1']),
      kind: oneOf(['SubjectAccessReview']),
      spec: Type.Object(
        {
          user: Type.Optional(Type.String({ maxLength: 4096, description: 'The username.', examples: ['jane'] })),
          resourceAttributes: attributes('of a resource', {
            verb: Type.Optional(Type.String({ maxLength: 4096, examples: ['get'] })),
            resource: Type.Optional(Type.String({ maxLength: 4096, examples: ['pods'] })),
          }),
          nonResourceAttributes: attributes('of a path', {
            verb: Type.Optional(Type.String({ maxLength: 4096, examples: ['get'] })),
          }),
          extra: Type.Optional(
            Type.Unsafe<Readonly<Record<string, readonly string[]>> | null>({
              type: ['object', 'null'],
              description: 'The extras of the user; `authentication.kubernetes.io/credential-id` names a certificate.',
              additionalProperties: {
                type: 'array',
                maxItems: 1000,
                items: { type: 'string', maxLength: 4096 },
              },
              examples: [
                {
                  'authentication.kubernetes.io/credential-id': [
                    'X509SHA256=853a9c2bc1bdaecda184ba45aabae57f68b82a06234d78b103529ebdd3ba371e',
                  ],
                },
              ],
            }),
          ),
        },
        {
          description:
            'The request that the API server asks about. `user` and `extra` decide; the verb and the resource stand in the ' +
            'audit event about an unknown certificate; other members change nothing.',
        },
      ),
    },
    {
      description: 'A SubjectAccessReview of authorization.k8s.io/v1, as API servers send it.',
      examples: [
        {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SubjectAccessReview',
          spec: {
            user: 'jane',
            resourceAttributes: { verb: 'get', resource: 'pods' },
            extra: {
              'authentication.kubernetes.io/credential-id': [
                'X509SHA256=853a9c2bc1bdaecda184ba45aabae57f68b82a06234d78b103529ebdd3ba371e',
              ],
            },
          },
        },
      ],
    },
  ),
);

export const ReviewedAccessSchema = namedObject(
  'ReviewedAccess',
  'The review with its status. Neither `allowed` nor `denied`: the next authorizer of the cluster decides.',
  {
    apiVersion: oneOf(['authorization.k8s.io/v1']),
    kind: oneOf(['SubjectAccessReview']),
    status: closed({
      allowed: Type.Boolean({ description: 'Always false: kubepass allows nothing.', examples: [false] }),
      denied: Type.Boolean({ description: 'Whether the certificate is revoked.', examples: [true] }),
      reason: Type.Optional(
        textOf(
          'Why it is denied. The API server shows it to the user and in its audit log.',
          'this client certificate was revoked at 2026-03-01T09:30:00.000Z (keyCompromise)',
          { maxLength: 1024 },
        ),
      ),
    }),
  },
);

export const AccessReviewQuerySchema = closed({
  timeout: Type.Optional(textOf('API servers append it; it changes nothing.', '3s', { maxLength: 32 })),
});

/** Where the files are on the control-plane nodes. */
export const defaultDirectory = '/etc/kubernetes/kubepass';

const directory = Type.Optional(
  Type.String({
    maxLength: 1024,
    pattern: '^(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$',
    examples: [defaultDirectory],
    description: `The folder on the control-plane nodes that holds these files; by default \`${defaultDirectory}\`.`,
  }),
);

export const DirectoryQuerySchema = closed({ directory });

export const AuthorizationConfigurationQuerySchema = closed({
  mode: Type.Optional(oneOf(['webhook', 'listed'], 'By default the mode that is configured, or else `webhook`.')),
  directory,
});
