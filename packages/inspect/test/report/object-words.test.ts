// Tests packages/inspect/src/report/object-words.ts
import { describe, expect, it } from 'vitest';
import { commandText, minuteText } from '../../src/report/object-words.js';

describe('words about an object', () => {
  it('shows where the arguments of a command end', () => {
    expect(commandText('sh', ['-c', 'rm -rf "$HOME"', ''])).toBe('sh -c "rm -rf \\"$HOME\\"" ""');
  });

  it('leaves an instant that it cannot read as it is', () => {
    expect(minuteText('2036-11-22T00:23:45Z')).toBe('2036-11-22 00:23 UTC');
    expect(minuteText('<b>')).toBe('<b>');
  });
});
