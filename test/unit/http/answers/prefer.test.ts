// Tests src/http/answers/idempotency.ts
import { expect, it } from 'vitest';
import { preferredWait } from '../../../../src/http/answers/idempotency.js';

it.each([
  [undefined, null],
  ['', null],
  ['wait=10', 10],
  ['WAIT = 10', 10],
  ['wait="5"', 5],
  ['wait=0', 0],
  ['wait=31', 30],
  ['wait=999999999', 30],
  ['respond-async, wait=7', 7],
  ['wait=7; foo=bar, handling=lenient', 7],
  ['wait=3, wait=9', 3],
  ['wait=-1', null],
  ['wait=1.5', null],
  ['wait=ten', null],
  ['wait', null],
  ['wait=9999999999', null],
  ['await=5', null],
  [`${'x'.repeat(8000)}, wait=5`, 5],
])('reads Prefer: %s as %s', (prefer, seconds) => expect(preferredWait(prefer)).toBe(seconds));
