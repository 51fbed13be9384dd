import { Type } from 'typebox';
import type { Refusal } from '../model/outcome.js';
import type { RequestActions } from './request-actions.js';
import { refusalToProblem } from '../http/problems/refusal-to-problem.js';
import { messageOf, namedObject, nullable } from '../http/schemas/schema-parts.js';

export const ActionSchema = namedObject('RequestAction', 'Whether the caller may do something now.', {
  allowed: Type.Boolean(),
  why: nullable(
    messageOf('The reason in words.', 'the requester does not decide on their own request'),
    'Why not: the `detail` of the problem that the call would be answered; null if it is allowed.',
  ),
});

export function actionsView({ approve, deny, cancel, collect }: RequestActions) {
  return { approve: view(approve), deny: view(deny), cancel: view(cancel), collect: view(collect) };
}

const view = (refusal: Refusal | null) => ({
  allowed: refusal === null,
  why: refusal && refusalToProblem(refusal).detail,
});
