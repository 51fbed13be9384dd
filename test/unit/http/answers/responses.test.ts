// Tests src/http/answers/responses.ts
import { expect, it } from 'vitest';
import { namesEntityTag } from '../../../../src/http/answers/responses.js';

it.each([
  [undefined, false],
  ['"abc"', true],
  ['W/"abc"', true],
  ['"x", "abc"', true],
  [' * ', true],
  ['"abc-json"', false],
  ['abc', false],
  ['"x*"', false],
])('If-None-Match: %s names "abc": %s', (header, named) => expect(namesEntityTag(header, '"abc"')).toBe(named));
