import { Type } from 'typebox';
import type { Services } from '../server/services.js';
import { json, onlyProblems } from '../answers/responses.js';
import { closed, dnsLabelOf, namedObject, textOf } from '../schemas/schema-parts.js';
import type { App } from '../server/types.js';

const CallersSchema = namedObject('Callers', 'How programs sign in, besides API tokens.', {
  oidc: Type.Array(
    closed({
      name: dnsLabelOf('The issuer, as the configuration names it.', 'corp'),
      issuer: textOf('The identity provider (OpenID Connect Discovery 1.0).', 'https://idp.example.com/realms/corp', {
        maxLength: 2048,
      }),
      clientId: textOf('The public client of the command line. It has no secret.', 'kubepass-cli', { maxLength: 253 }),
      scopes: Type.Array(textOf('A scope.', 'openid', { maxLength: 253 }), {
        maxItems: 20,
        description: 'The scopes to ask for.',
        examples: [['openid', 'email', 'groups']],
      }),
      audiences: Type.Array(textOf('An audience.', 'https://kubepass.example', { maxLength: 253 }), {
        maxItems: 20,
        description: 'The token is for one of them: for the URL of kubepass if that is here (RFC 8707).',
        examples: [['https://kubepass.example']],
      }),
    }),
    { maxItems: 20, description: 'The identity providers that the command line may use.' },
  ),
  serviceAccounts: Type.Array(
    closed({
      cluster: dnsLabelOf('The cluster whose service accounts get in.', 'prod-eu'),
      audience: textOf('The audience that the token needs.', 'kubepass', { maxLength: 253 }),
    }),
    { maxItems: 1000, description: 'The clusters whose service accounts get in.' },
  ),
});

/** It is public: a caller reads it before they sign in. */
export function addCallers(app: App, { offeredSignIns }: Services): void {
  app.addSchema(CallersSchema);

  app.get(
    '/callers',
    {
      schema: {
        operationId: 'getCallers',
        tags: ['identity'],
        summary: 'Read how programs sign in',
        description: 'Needs no authentication. `kubectl kubepass login` reads it. API tokens are always accepted.',
        security: [],
        response: {
          200: json(CallersSchema, { description: 'The ways in that are configured.' }),
          ...onlyProblems('invalid-request', 'not-acceptable', 'internal-error', 'service-unavailable'),
        },
      },
    },
    async () => ({
      oidc: offeredSignIns.oidc.map((one) => ({
        ...one,
        scopes: [...one.scopes],
        audiences: [...one.audiences],
      })),
      serviceAccounts: [...offeredSignIns.serviceAccounts],
    }),
  );
}
