/** Objects and arrays in each other; no event of the log has as many. */
const deepest = 200;

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/** RFC 8785 3.2.2.2: the characters that are escaped by a letter, and those that are escaped by themselves. */
const shortEscapes = new Set(Buffer.from('btnfr"\\'));
/** All other control characters, with lower-case digits. */
const longEscape = /^\\u00(?:0[0-7be-f]|1[0-9a-f])$/;
/** A number as ECMAScript writes it; longer ones there are none. */
const longestNumber = 32;

/**
 * Whether the octets are an object in the form of RFC 8785 with exactly these members, in their order. It finds out
 * without an allocation for each value, many times faster than reading the object and writing it again. The octets are
 * UTF-8.
 */
export function isCanonicalObject(octets: Buffer, members: readonly Buffer[]): boolean {
  const scanner = new Scanner(octets);
  return scanner.object(members, 0) && scanner.isAtEnd();
}

/** Moves along the octets; a method answers false where its value is not canonical, and nothing is read behind that. */
class Scanner {
  #at = 0;

  constructor(private readonly octets: Buffer) {}

  isAtEnd(): boolean {
    return this.#at === this.octets.length;
  }

  /** `members`: the only ones that there may be; null: any. */
  object(members: readonly Buffer[] | null, depth: number): boolean {
    if (depth > deepest || !this.#takes(openBrace)) return false;
    if (this.#takes(closeBrace)) return members === null || members.length === 0;
    let previous: readonly [number, number] | null = null;
    for (let i = 0; ; i += 1) {
      const begin = this.#at;
      if (!this.#string()) return false;
      const end = this.#at;
      if (members === null ? !this.#isBehind(previous, begin, end) : !this.#is(members[i], begin, end)) return false;
      previous = [begin, end];
      if (!this.#takes(colon) || !this.#value(depth + 1)) return false;
      if (this.#takes(closeBrace)) return members === null || i + 1 === members.length;
      if (!this.#takes(comma)) return false;
    }
  }

  #array(depth: number): boolean {
    if (depth > deepest || !this.#takes(openBracket)) return false;
    if (this.#takes(closeBracket)) return true;
    for (;;) {
      if (!this.#value(depth + 1)) return false;
      if (this.#takes(closeBracket)) return true;
      if (!this.#takes(comma)) return false;
    }
  }

  #value(depth: number): boolean {
    switch (this.octets[this.#at]) {
      case quote:
        return this.#string();
      case openBrace:
        return this.object(null, depth);
      case openBracket:
        return this.#array(depth);
      case 0x6e:
        return this.#word('null');
      case 0x74:
        return this.#word('true');
      case 0x66:
        return this.#word('false');
      default:
        return this.#number();
    }
  }

  #string(): boolean {
    const { octets } = this;
    if (!this.#takes(quote)) return false;
    for (let at = this.#at; at < octets.length; at += 1) {
      const octet = octets[at] ?? 0;
      if (octet === quote) {
        this.#at = at + 1;
        return true;
      }
      if (octet < 0x20) return false;
      if (octet !== backslash) continue;
      if (shortEscapes.has(octets[at + 1] ?? 0)) at += 1;
      else if (longEscape.test(octets.toString('latin1', at, at + 6))) at += 5;
      else return false;
    }
    return false;
  }

  /** RFC 8785 3.2.2.3: a number is as ECMAScript writes it. */
  #number(): boolean {
    return this.#smallInteger() || this.#otherNumber();
  }

  /** A number of up to 15 digits without zeros before it is written so. */
  #smallInteger(): boolean {
    const { octets } = this;
    let end = this.#at;
    while (isDigit(octets[end]) && end - this.#at < 15) end += 1;
    const isWhole =
      end > this.#at && !isNumberOctet(octets[end]) && (octets[this.#at] !== 0x30 || end - this.#at === 1);
    if (isWhole) this.#at = end;
    return isWhole;
  }

  #otherNumber(): boolean {
    let end = this.#at;
    while (end - this.#at <= longestNumber && isNumberOctet(this.octets[end])) end += 1;
    const text = this.octets.toString('latin1', this.#at, end);
    if (text === '' || String(Number(text)) !== text) return false;
    this.#at = end;
    return true;
  }

  #word(word: string): boolean {
    const end = this.#at + word.length;
    if (this.octets.toString('latin1', this.#at, end) !== word) return false;
    this.#at = end;
    return true;
  }

  #takes(octet: number): boolean {
    if (this.octets[this.#at] !== octet) return false;
    this.#at += 1;
    return true;
  }

  #is(member: Buffer | undefined, begin: number, end: number): boolean {
    return member?.length === end - begin - 2 && standsAt(this.octets, begin + 1, member);
  }

  /** RFC 8785 3.2.3: members stand in the order of their UTF-16 code units, so no two have one name. */
  #isBehind(previous: readonly [number, number] | null, begin: number, end: number): boolean {
    if (previous === null) return true;
    const { octets } = this;
    const shorter = Math.min(previous[1] - previous[0], end - begin) - 1;
    for (let i = 1; i < shorter; i += 1) {
      const [one, other] = [octets[previous[0] + i] ?? 0, octets[begin + i] ?? 0];
      // Escapes and characters that UTF-8 orders in another way than UTF-16.
      if (one >= 0x80 || other >= 0x80 || one === backslash || other === backslash)
        return this.#names(previous, begin, end);
      if (one !== other) return one < other;
    }
    return previous[1] - previous[0] < end - begin;
  }

  #names(previous: readonly [number, number], begin: number, end: number): boolean {
    const nameOf = (from: number, to: number) => JSON.parse(this.octets.toString('utf8', from, to)) as string;
    return nameOf(...previous) < nameOf(begin, end);
  }
}

/** Whether these octets stand at this place. For a few octets it is faster than `compare`. */
export function standsAt(octets: Buffer, place: number, expected: Buffer): boolean {
  for (let i = 0; i < expected.length; i += 1) if (octets[place + i] !== expected[i]) return false;
  return true;
}

const isDigit = (octet: number | undefined): boolean => octet !== undefined && octet >= 0x30 && octet <= 0x39;

/** `0123456789+-.e` are all that such a number has. */
const isNumberOctet = (octet: number | undefined): boolean =>
  isDigit(octet) || octet === 0x2b || octet === 0x2d || octet === 0x2e || octet === 0x65;
