// Tests src/http/answers/csv-record.ts
import { describe, expect, it } from 'vitest';
import { csvRecord } from '../../../../src/http/answers/csv-record.js';

const field = (value: string): string => csvRecord([value]).slice(0, -2);

describe('csvRecord', () => {
  it('writes records as RFC 4180 says', () => {
    expect(csvRecord(['a', '', 'b c', 'd,e', 'f"g', 'h\r\ni', 'jane@corp.example'])).toBe(
      'a,,"b c","d,e","f""g","h\r\ni",jane@corp.example\r\n',
    );
  });

  it.each([
    ['=1+1', `"'=1+1"`],
    ['+1', `"'+1"`],
    ['-0a', `"'-0a"`],
    ['@SUM(A1)', `"'@SUM(A1)"`],
    [' =1', `" '=1"`],
    ['\u00a0=1', `"\u00a0'=1"`],
    ['\t=1', `"\t'=1"`],
    ['\r\n=1', `"\r\n'=1"`],
    ['\uff1d1', `"'\uff1d1"`],
    ['\uff0b1', `"'\uff0b1"`],
    ['\uff0d1', `"'\uff0d1"`],
    ['\uff20a', `"'\uff20a"`],
    // Where the separator is a semicolon or a tab, a cell begins in the middle of a field.
    ['a;=1', `"a;'=1"`],
    ['a; =1', `"a; '=1"`],
    ['a\t@b', `"a\t'@b"`],
    ['a,,-b', `"a,,'-b"`],
    ['a\n+b', `"a\n'+b"`],
    ["=cmd|' /C calc'!A0", `"'=cmd|' /C calc'!A0"`],
  ])('keeps a spreadsheet from calculating %j', (value, written) => {
    expect(field(value)).toBe(written);
  });

  it('leaves what begins no cell as it is', () => {
    for (const value of ['a=b', 'a-b', '019ab3c4', 'CN=jane', 'team-a;team-b', "'quoted"])
      expect(field(value).replace(/^"|"$/g, '')).toBe(value);
  });
});
