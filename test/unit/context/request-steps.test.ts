// Tests src/context/request-steps.ts
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canMove, moveRequest } from '../../../src/context/request-steps.js';
import { requestStates } from '../../../src/model/certificate-request.js';
import { newId } from '../../../src/model/new-id.js';
import { updateRequest } from '../../../src/store/tables/write-request.js';
import { sqlOf } from '../../helpers/operations.js';

const id = newId(new Date(0), randomBytes);

describe('the states of a request', () => {
  it('move in these ways and in no other', () => {
    const moves = requestStates.flatMap((from) =>
      requestStates.filter((to) => canMove(from, to)).map((to) => `${from} -> ${to}`),
    );
    expect(moves).toEqual([
      'pending -> approved',
      'pending -> denied',
      'pending -> cancelled',
      'pending -> expired',
      'approved -> denied',
      'approved -> cancelled',
      'approved -> expired',
      'approved -> issuing',
      'issuing -> approved',
      'issuing -> issued',
      'issuing -> failed',
    ]);
  });

  it('refuses a step with another move before it is stored', () => {
    expect(() => moveRequest('r', { state: 'issued' }, { state: 'approved' })).toThrow('from issued to approved');
    expect(() => moveRequest('r', { state: 'pending' }, { state: 'issuing' })).toThrow('from pending to issuing');
  });

  it('lets a request wait on after an approval, of which none is overwritten, and not otherwise', () => {
    const from = { state: 'pending', approvals: 1 } as const;
    const to = { state: 'pending' } as const;
    expect(sqlOf(moveRequest(id, from, to))).toEqual(sqlOf(updateRequest({ id, from, to })));
    expect(() => moveRequest('r', { state: 'pending' }, { state: 'pending' })).toThrow('from pending to pending');
  });

  it('lets an attempt be taken over', () => {
    const [from, to] = [{ state: 'issuing', owner: 'a' }, { state: 'issuing' }] as const;
    expect(sqlOf(moveRequest(id, from, to))).toEqual(sqlOf(updateRequest({ id, from, to })));
  });
});
