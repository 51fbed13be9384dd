import { sessionCookie } from '../plugins/session-cookies.js';

/** How callers prove who they are, for the OpenAPI document. */
export const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API token, as `POST /v1/api-tokens` gives it, or a token of a configured identity provider.',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: sessionCookie,
    description: 'The session of a browser that signed in at `/v1/login/{name}`.',
  },
} as const;

/**
 * A document without sessions, for Swagger UI: browsers add the cookie themselves, and nobody should look for its content to
 * paste it.
 */
export function withoutSessions<T extends { readonly components?: object }>(document: T): T {
  const { bearer } = securitySchemes;
  return {
    ...document,
    security: [{ bearer: [] }],
    components: { ...document.components, securitySchemes: { bearer } },
  };
}
