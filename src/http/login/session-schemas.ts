import { Type, type Static } from 'typebox';
import type { Session } from '../../model/session.js';
import { pageOf } from '../answers/page-schemas.js';
import {
  closed,
  dnsLabelOf,
  exampleId,
  idOf,
  instantOf,
  namedObject,
  principalGroupsOf,
  principalNameOf,
  textOf,
} from '../schemas/schema-parts.js';
import { viewOf } from '../schemas/view-of.js';

export const SessionSchema = namedObject('Session', 'A browser that signed in.', {
  id: idOf('UUID.'),
  name: principalNameOf('The principal’s name.', 'jane@example.com'),
  groups: principalGroupsOf('The principal’s groups, as the identity provider told them at the sign-in.'),
  issuer: dnsLabelOf('The issuer by which the person signed in, as the configuration names it.', 'corp'),
  createdAt: instantOf('When the person signed in.'),
  usedAt: instantOf('When it was last used, to the minute. It ends an hour after that.'),
  expiresAt: instantOf('When it ends even if it is used.'),
  current: Type.Boolean({ description: 'Whether this call came by it.' }),
});
export type SessionBody = Static<typeof SessionSchema>;

export const SessionListSchema = pageOf(SessionSchema, 'Sessions that are live, newest first.');

export const SessionParamsSchema = closed({
  id: textOf('The session’s id, or `current` for the one by which the call comes.', exampleId, {
    minLength: 1,
    maxLength: 64,
  }),
});

const shown = viewOf(SessionSchema);

/** `currentId`: the session by which the call came; null where it came by something else. */
export const sessionView = (session: Session, currentId: string | null) =>
  shown({ ...session, current: session.id === currentId });
