import { type ChangeKind } from '../../../../src/model/change.js';
import type { Answer } from '../../../http/support/call.js';
import type { Caller } from '../../../http/support/service.js';

export interface Changes {
  readonly cursor: string;
  readonly changed: readonly ChangeKind[];
}
const bodyOf = ({ body }: Answer) => body as Changes;
export const readBy = async (caller: Caller, after?: string) =>
  bodyOf(await caller('get', `/v1/changes${after === undefined ? '' : `?after=${after}`}`).expect(200));
export const standingOf = async (caller: Caller) => (await readBy(caller)).cursor;
/** Waits behind the cursor, and answers how long that took, in seconds. */
export async function wait(caller: Caller, after: string, seconds: number) {
  const began = performance.now();
  const answer = await caller('get', `/v1/changes?after=${after}`).set('prefer', `wait=${seconds}`);
  return { answer, ...bodyOf(answer), seconds: (performance.now() - began) / 1000 };
}
