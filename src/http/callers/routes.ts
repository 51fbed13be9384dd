import { Type } from 'typebox';
import type { Services } from '../../services/services.js';
import { json, onlyProblems } from '../responses.js';
import { closed, dnsLabelOf, namedObject } from '../schema-parts.js';
import type { App } from '../types.js';

const CallersSchema = namedObject('Callers', 'How programs sign in, besides API tokens.', {
  oidc: Type.Array(
    closed({
      name: dnsLabelOf('The issuer, as the configuration names it.', 'corp'),
      issuer: Type.String({
        maxLength: 2048,
        description: 'The identity provider (OpenID Connect Discovery 1.0).',
        examples: ['https://idp.example.com/realms/corp'],
      }),
      clientId: Type.String({
        maxLength: 253,
        description: 'The public client of the command line. It has no secret.',
        examples: ['kubepass-cli'],
      }),
      scopes: Type.Array(Type.String({ maxLength: 253, description: 'A scope.', examples: ['openid'] }), {
        maxItems: 20,
        description: 'The scopes to ask for.',
        examples: [['openid', 'email', 'groups']],
      }),
      audiences: Type.Array(
        Type.String({ maxLength: 253, description: 'An audience.', examples: ['https://kubepass.example'] }),
        {
          maxItems: 20,
          description: 'The token is for one of them: for the URL of kubepass if that is here (RFC 8707).',
          examples: [['https://kubepass.example']],
        },
      ),
    }),
    { maxItems: 20, description: 'The identity providers that the command line may use.' },
  ),
  serviceAccounts: Type.Array(
    closed({
      cluster: dnsLabelOf('The cluster whose service accounts get in.', 'prod-eu'),
      audience: Type.String({
        maxLength: 253,
        description: 'The audience that the token needs.',
        examples: ['kubepass'],
      }),
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
