// Tests src/model/certificate-request.ts
import { describe, expect, it } from 'vitest';
import { labelIn, labelText, sortedLabels, whyNotLabelValue } from '../../../src/model/certificate-request.js';

describe('a label', () => {
  it.each([
    ['team=a', { key: 'team', value: 'a' }],
    ['team=', { key: 'team', value: '' }],
    ['team=a=b', { key: 'team', value: 'a=b' }],
  ])('is read from %j and written so again', (text, label) => {
    expect(labelIn(text)).toEqual(label);
    expect(labelText(label)).toBe(text);
  });

  it('of a text without = is none that a request can have', () => {
    expect(labelText(labelIn('team'))).not.toBe('team');
  });

  it.each(['a\u0000', 'a\nb', '\u0085', '\u202e', '\u200b', '\u2028', '\u2029', '\ufeff', '\ud800'])(
    'does not have the value %j',
    (value) => {
      expect(whyNotLabelValue(value)).not.toBeNull();
    },
  );

  it.each(['', 'Jane Doe', 'jane@corp.example', 'Köln', '日本', '#1/2;"x"', '😀'])('may have the value %j', (value) => {
    expect(whyNotLabelValue(value)).toBeNull();
  });
});

it('labels come in the order of their keys, and none is lost', () => {
  expect(JSON.stringify(sortedLabels({ b: '1', constructor: '2', a: '3' }))).toBe(
    '{"a":"3","b":"1","constructor":"2"}',
  );
});
