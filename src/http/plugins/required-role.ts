import { whyNotPermitted, type RoleAction } from '../../identity/permissions.js';
import { RefusalError } from '../problems/refusal-to-problem.js';
import type { App } from '../types.js';
import { callerOf } from './authentication.js';

/**
 * Refuses callers without a role for what their route does, before the body is read: nobody else has the service read and check
 * a large one. Comes behind the authentication. `ofAll`: the action of every route of the scope; else each says its own.
 */
export function requireRoles(app: App, ofAll?: RoleAction): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { action = ofAll } = request.route.config;
    const { name = null } = request.params as { readonly name?: string };
    const refused = action === undefined ? null : whyNotPermitted(callerOf(request), action, name);
    done(refused === null ? undefined : new RefusalError(refused.refusal));
  });
}
