/**
 * The first place at which a text is not JSON (RFC 8259), and the token that would be right there: `line 2, column 7: a
 * colon is expected`. Null if the text is JSON. Lines end with line feeds, columns are UTF-16 code units. Repeats
 * nothing of the text. `JSON.parse` does not tell the place for every text. Runs in linear time without recursion.
 */
export function jsonFault(text: string): string | null {
  /** The closing brackets of the open objects and lists. */
  const open: string[] = [];
  let expected: Expected = 'value';
  let position = 0;
  for (;;) {
    blanks.lastIndex = position;
    blanks.exec(text);
    position = blanks.lastIndex;
    const close = open.at(-1);
    if (expected === 'end' && close === undefined)
      return position === text.length ? null : faultAt(text, position, 'the end');
    const character = text[position] ?? '';
    if (character === close && (expected === 'end' || expected === 'nameOrClose' || expected === 'valueOrClose')) {
      open.pop();
      expected = 'end';
      position += 1;
      continue;
    }
    switch (expected) {
      case 'end':
        if (character !== ',') return faultAt(text, position, `a comma or "${close ?? ''}"`);
        expected = close === '}' ? 'name' : 'value';
        position += 1;
        break;
      case 'colon':
        if (character !== ':') return faultAt(text, position, 'a colon');
        expected = 'value';
        position += 1;
        break;
      case 'name':
      case 'nameOrClose':
        if (character !== '"')
          return faultAt(text, position, `a name in double quotes${expected === 'name' ? '' : ' or "}"'}`);
        position = endOfString(text, position);
        if (text[position] !== '"') return stringFault(text, position);
        expected = 'colon';
        position += 1;
        break;
      case 'value':
      case 'valueOrClose':
        if (character === '{' || character === '[') {
          open.push(character === '{' ? '}' : ']');
          expected = character === '{' ? 'nameOrClose' : 'valueOrClose';
          position += 1;
        } else if (character === '"') {
          position = endOfString(text, position);
          if (text[position] !== '"') return stringFault(text, position);
          expected = 'end';
          position += 1;
        } else {
          scalar.lastIndex = position;
          if (!scalar.test(text)) return faultAt(text, position, 'a value');
          expected = 'end';
          position = scalar.lastIndex;
        }
        break;
    }
  }
}

/** `end`: of a value, after which a comma or the end of what is open follows. */
type Expected = 'value' | 'valueOrClose' | 'name' | 'nameOrClose' | 'colon' | 'end';

const blanks = /[ \t\r\n]*/y;
// RFC 8259 7
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
// RFC 8259 3 and 6
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/**
 * Where the string that begins at `position` ends: its closing quote, what may not stand in it, or the end of the text.
 * A pattern would keep 16 octets for each character.
 */
function endOfString(text: string, position: number): number {
  for (let at = position + 1; ; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) {
      escape.lastIndex = at;
      if (!escape.test(text)) return at;
      at = escape.lastIndex - 1;
    } else if (!(code >= 0x20) || code === 0x22) return at;
  }
}

function stringFault(text: string, end: number): string {
  if (end === text.length) return faultAt(text, end, 'the closing double quote');
  return faultAt(text, end, text[end] === '\\' ? 'a valid escape' : 'an escape instead of a control character');
}

function faultAt(text: string, position: number, expected: string): string {
  const lines = text.slice(0, position).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}: ${expected} is expected`;
}
