import { celLimits } from './limits.js';

/**
 * A set of characters. Characters beyond ASCII count as one, because no class tells them apart. `javascript` is the set
 * as a regular expression without flags, where a class stands for a code unit and not for a character.
 */
export interface CharacterSet {
  readonly ascii: ReadonlySet<number>;
  /** Whether the set contains characters beyond ASCII. A single one counts as all of them. */
  readonly beyond: boolean;
  readonly javascript: string;
}

// One character beyond the basic plane, or a lone surrogate.
const beyondBasicPlane = String.raw`[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]`;

/** The set of one character. */
function literalSet(character: string): CharacterSet {
  const code = character.codePointAt(0) ?? 0;
  if (code < 128) return { ascii: new Set([code]), beyond: false, javascript: escaped(code) };
  const javascript = Array.from({ length: character.length }, (_, i) => escaped(character.charCodeAt(i))).join('');
  return { ascii: new Set(), beyond: true, javascript: `(?:${javascript})` };
}

/** The set of the ASCII characters with these codes. */
function asciiSet(codes: Iterable<number>): CharacterSet {
  const ascii = new Set(codes);
  return { ascii, beyond: false, javascript: `[${[...ascii].map(escaped).join('')}]` };
}

/** The set of all characters but these of ASCII. As in RE2, a negated class contains line feeds. */
function negatedSet(codes: Iterable<number>): CharacterSet {
  const excluded = new Set(codes);
  const ascii = new Set(Array.from({ length: 128 }, (_, code) => code).filter((code) => !excluded.has(code)));
  const javascript = `(?:[^${[...excluded].map(escaped).join('')}\\ud800-\\udfff]|${beyondBasicPlane})`;
  return { ascii, beyond: true, javascript };
}

export function overlap(a: Pick<CharacterSet, 'ascii' | 'beyond'>, b: Pick<CharacterSet, 'ascii' | 'beyond'>): boolean {
  return (a.beyond && b.beyond) || [...a.ascii].some((code) => b.ascii.has(code));
}

function escaped(unit: number): string {
  return /[A-Za-z0-9]/.test(String.fromCharCode(unit))
    ? String.fromCharCode(unit)
    : `\\u${unit.toString(16).padStart(4, '0')}`;
}

export type PatternNode =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly options: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly body: PatternNode; readonly min: number; readonly max: number };

/** A regular expression in the part of RE2 that means the same in every engine. */
interface Pattern {
  /** Whether it begins with `^`. */
  readonly fromStart: boolean;
  /** Whether it ends with `$`. */
  readonly toEnd: boolean;
  readonly body: PatternNode;
}

/** An error in a pattern. The offset counts UTF-16 code units from 0. */
export class PatternError extends Error {
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

const codes = (first: string, last: string) => {
  const from = first.charCodeAt(0);
  return Array.from({ length: last.charCodeAt(0) - from + 1 }, (_, i) => from + i);
};
const digits = codes('0', '9');
const wordCharacters = [...digits, ...codes('a', 'z'), ...codes('A', 'Z'), 0x5f];
// In RE2 \s is [\t\n\f\r ]. In JavaScript it also contains the spaces of Unicode.
const spaces = [0x09, 0x0a, 0x0c, 0x0d, 0x20];
const classes: Readonly<Record<string, readonly number[]>> = { d: digits, w: wordCharacters, s: spaces };
const controls: Readonly<Record<string, number>> = { t: 0x09, n: 0x0a, r: 0x0d, f: 0x0c, v: 0x0b };

/**
 * Parses characters, `.`, classes of ASCII, `\d \w \s`, groups, `|`, `? * + {n,m}`, `^` at the beginning and `$` at
 * the end. Throws a `PatternError` for anything else.
 */
export function parsePattern(source: string): Pattern {
  if (source.length > celLimits.pattern.text)
    throw new PatternError(`is ${source.length} characters long, at most ${celLimits.pattern.text} are allowed`, 0);
  return new PatternParser(source).parse();
}

class PatternParser {
  private position = 0;
  private depth = 0;

  constructor(private readonly source: string) {}

  parse(): Pattern {
    const fromStart = this.take('^');
    const body = this.choice();
    const toEnd = this.take('$');
    if (this.peek() === ')') this.fail('closes a group that is not open');
    if (this.position < this.source.length) this.fail('"$" is allowed only at the end of a pattern');
    if ((fromStart || toEnd) && body.kind === 'choice')
      throw new PatternError('put the alternatives into a group: otherwise ^ or $ belongs to one of them', 0);
    return { fromStart, toEnd, body };
  }

  private choice(): PatternNode {
    const options = [this.sequence()];
    while (this.take('|')) options.push(this.sequence());
    return options.length === 1 && options[0] ? options[0] : { kind: 'choice', options };
  }

  private sequence(): PatternNode {
    const items: PatternNode[] = [];
    for (;;) {
      const character = this.peek();
      if (character === '' || character === '|' || character === ')' || character === '$') break;
      items.push(this.repeated());
    }
    return items.length === 1 && items[0] ? items[0] : { kind: 'sequence', items };
  }

  private repeated(): PatternNode {
    const body = this.atom();
    const count = this.count();
    if (count === null) return body;
    const next = this.peek();
    if (next === '?' || next === '+') this.fail(`"${next}" after a repeat does not change the matches: leave it out`);
    if (next === '*' || next === '{') this.fail('repeats a repeat: put it into a group');
    return { kind: 'repeat', body, ...count };
  }

  private count(): { min: number; max: number } | null {
    if (this.take('?')) return { min: 0, max: 1 };
    if (this.take('*')) return { min: 0, max: Infinity };
    if (this.take('+')) return { min: 1, max: Infinity };
    if (this.peek() !== '{') return null;
    const [written, least = '', comma, most = ''] = /^\{(\d+)(,?)(\d*)\}/.exec(this.source.slice(this.position)) ?? [];
    if (written === undefined || (comma === '' && most !== ''))
      this.fail('"{" begins a count such as {2} or {2,5}: write \\{ for the character');
    const min = Number(least);
    const max = comma === '' ? min : most === '' ? Infinity : Number(most);
    if (min > celLimits.pattern.count || (max > celLimits.pattern.count && max !== Infinity))
      this.fail(`counts to more than ${celLimits.pattern.count}`);
    if (max < min || max === 0) this.fail('is an impossible count');
    this.position += written.length;
    return { min, max };
  }

  private atom(): PatternNode {
    const character = this.peek();
    switch (character) {
      case '(':
        return this.group();
      case '[':
        return { kind: 'set', set: this.characterClass() };
      case '.':
        this.position++;
        return { kind: 'set', set: negatedSet([0x0a]) };
      case '\\':
        return { kind: 'set', set: this.escape() };
      case '^':
        return this.fail('"^" is allowed only at the beginning of a pattern');
      case '*':
      case '+':
      case '?':
      case '{':
        return this.fail(`"${character}" has nothing to repeat`);
      case ']':
      case '}':
        return this.fail(`write \\${character} for the character`);
      default:
        this.position += character.length;
        return { kind: 'set', set: literalSet(character) };
    }
  }

  private group(): PatternNode {
    const start = this.position;
    this.position++;
    if (this.take('?') && !this.take(':'))
      this.fail('only ( ) and (?: ) groups are supported: no flags, names or look-around', start);
    if (++this.depth > celLimits.pattern.depth) this.fail(`nests deeper than ${celLimits.pattern.depth} groups`, start);
    const body = this.choice();
    this.depth--;
    if (this.peek() === '$') this.fail('"$" is allowed only at the end of a pattern');
    if (!this.take(')')) this.fail('opens a group that is not closed', start);
    return body;
  }

  private escape(): CharacterSet {
    const letter = this.source[this.position + 1] ?? '';
    const named = classes[letter.toLowerCase()];
    if (letter !== '' && named) {
      this.position += 2;
      return letter === letter.toLowerCase() ? asciiSet(named) : negatedSet(named);
    }
    return literalSet(String.fromCharCode(this.escapedCharacter()));
  }

  private escapedCharacter(): number {
    const letter = this.source[this.position + 1] ?? '';
    const code = controls[letter] ?? (/^[!-/:-@[-`{-~]$/.test(letter) ? letter.charCodeAt(0) : undefined);
    if (code === undefined) this.fail(`"\\${letter}" is not supported`);
    this.position += 2;
    return code;
  }

  private characterClass(): CharacterSet {
    const start = this.position;
    this.position++;
    const negated = this.take('^');
    const members: number[] = [];
    while (this.peek() !== ']') {
      if (this.peek() === '') this.fail('opens a class that is not closed', start);
      members.push(...this.classMembers());
    }
    this.position++;
    if (members.length === 0) this.fail('is an empty class', start);
    return negated ? negatedSet(members) : asciiSet(members);
  }

  private classMembers(): readonly number[] {
    const letter = this.source[this.position + 1] ?? '';
    const named = this.peek() === '\\' && letter !== '' ? classes[letter] : undefined;
    if (named) {
      this.position += 2;
      return named;
    }
    const first = this.classCharacter();
    if (this.peek() !== '-' || this.source[this.position + 1] === ']') return [first];
    this.position++;
    const last = this.classCharacter();
    if (last < first) this.fail('is a range whose end comes before its beginning');
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  }

  private classCharacter(): number {
    const character = this.peek();
    if (character === '\\') return this.escapedCharacter();
    if (character === '[') this.fail('write \\[ for the character: named classes are not supported');
    if (character === '') this.fail('opens a class that is not closed');
    if (character > '\u007f') this.fail('a class holds characters of ASCII only');
    this.position++;
    return character.charCodeAt(0);
  }

  /** The next character, with both surrogates. '' at the end. */
  private peek(): string {
    const code = this.source.codePointAt(this.position);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  private take(character: string): boolean {
    if (this.source[this.position] !== character) return false;
    this.position++;
    return true;
  }

  private fail(message: string, offset = this.position): never {
    throw new PatternError(message, offset);
  }
}
