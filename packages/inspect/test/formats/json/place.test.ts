// Tests packages/inspect/src/formats/json/place.ts
import { expect, it } from 'vitest';
import { placeText } from '../../../src/formats/json/place.js';

it.each<[(string | number)[], string]>([
  [[], ''],
  [['users', 0, 'user', 'client-certificate-data'], 'users[0].user.client-certificate-data'],
  [['data', 'tls.crt'], 'data["tls.crt"]'],
  [[0, 'a'], '[0].a'],
  [['a b', 'c"'], '["a b"]["c\\""]'],
  [['x'.repeat(300)], `["${'x'.repeat(253)}…"]`],
  [['\u202e'], '["\\u{202e}"]'],
])('a place %j is written %s', (place, text) => {
  expect(placeText(place)).toBe(text);
});
