import { Type } from 'typebox';
import { changedKinds } from '../model/change.js';
import { preferenceApplied, preferHeader, preferredWait } from '../http/answers/idempotency.js';
import { json, operation } from '../http/answers/responses.js';
import { callerOf } from '../http/hooks/authentication.js';
import { whileWaiting } from '../http/hooks/waits.js';
import { closed, cursorPattern, namedObject, oneOf, textOf } from '../http/schemas/schema-parts.js';
import type { App } from '../http/server/types.js';
import type { Changes } from './changes.js';

const cursorOf = (description: string) =>
  textOf(description, 'q0Z7vW3kQ5mM1c8Y2xJr9g', { minLength: 1, maxLength: 64, pattern: cursorPattern });

const ChangesSchema = namedObject('Changes', 'What has changed.', {
  cursor: cursorOf('Where the service stood: pass it as `after`.'),
  changed: Type.Array(oneOf(changedKinds), { maxItems: 10, uniqueItems: true }),
});

export interface ChangesContext {
  readonly changes: Pick<Changes, 'read' | 'wait'>;
}

export function addChanges(app: App, { changes }: ChangesContext): void {
  app.get(
    '/changes',
    operation({
      config: { withoutRole: true, untraced: true, isIdle: true },
      operationId: 'readChanges',
      tags: ['operators'],
      summary: 'Read what has changed, or wait for it',
      description:
        'Names whatever has changed behind `after` and you may read: of requests, certificates and sessions your own, unless ' +
        'you read all. With `Prefer: wait=N` (RFC 7240) it answers once there is something, at most once a second, or after N ' +
        'seconds. A fifth call that waits with one credential ends the first, as do too many calls of one name. A cursor that is not known any more names ' +
        'everything. A call is no use of a session. A certificate or block that ends by itself is no change.',
      headers: Type.Object(preferHeader),
      querystring: closed({
        after: Type.Optional(cursorOf('The `cursor` of an answer; left out: nothing has changed.')),
      }),
      response: {
        200: json(ChangesSchema, {
          description: 'What has changed.',
          headers: { 'Preference-Applied': 'The `wait=N` that was applied.' },
        }),
      },
    }),
    async (request, reply) => {
      const { after = null } = request.query;
      const wait = after === null ? null : preferredWait(request.raw.headers['prefer']?.toString());
      if (after !== null && wait) {
        await whileWaiting(request, reply, (over) => changes.wait(callerOf(request), after, wait, over));
        await app.letIn(request, reply);
      }
      reply.headers(preferenceApplied(wait));
      return changes.read(callerOf(request), after);
    },
  );
}
