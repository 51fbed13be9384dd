import helmet from '@fastify/helmet';
import type { App } from '../types.js';

/** Nothing that the API answers is a page; the documentation brings a policy of its own. */
export function setSecurityHeaders(app: App): void {
  app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    // Heeded over TLS alone; what else lives under the same domain is not for this service to say.
    strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: false },
    xFrameOptions: { action: 'deny' },
  });
}
