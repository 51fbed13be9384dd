import { limits } from '../limits.js';
import { overlap, type CharacterSet } from './character-set.js';
import { parsePattern, PatternError, type PatternNode } from './parse-pattern.js';

export interface CompiledPattern {
  /** For `new RegExp` without flags: matches what RE2 matches. */
  readonly javascript: string;
  /** How often the engine looks at a character, at most, in a text of so many UTF-16 code units. */
  readonly looks: (length: number) => number;
}

export type PatternResult =
  | { readonly ok: true; readonly pattern: CompiledPattern }
  /** The offset counts UTF-16 code units of the pattern, from 0. */
  | { readonly ok: false; readonly message: string; readonly offset: number };

/**
 * JavaScript's engine goes back and tries again, which for some patterns takes exponential time. So it only gets
 * patterns of which it is known here how often it can go back.
 *
 * Where the character that comes next decides whether a repeat goes on or ends, and which alternative is taken, there
 * is nothing to go back to: as in a "one-unambiguous" expression (Brüggemann-Klein and Wood, 1998). Outside of
 * repeats a decision may be left open; what follows is then gone through once for each way. Inside of a repeat none may.
 */
export function compilePattern(source: string): PatternResult {
  try {
    const pattern = parsePattern(source);
    const size = sizeOf(pattern.body);
    if (size > limits.pattern.size) {
      const message = `has ${size} characters with its counts written out, at most ${limits.pattern.size} are allowed`;
      throw new PatternError(message, 0);
    }
    const way = wayThrough(pattern.body, nothing, false);
    const tries = Math.max(way.tries, firstOf(pattern.body).tries);
    const beforeCertain = pattern.toEnd ? longest(pattern.body) : longestInVain(pattern.body);
    return {
      ok: true,
      pattern: {
        javascript: `${pattern.fromStart ? '^' : ''}${javascriptOf(pattern.body)}${pattern.toEnd ? '$' : ''}`,
        looks: (length) => {
          const starts = pattern.fromStart ? 1 : length + 1;
          const inVain = way.looks({ length: Math.min(length, beforeCertain), tries }, 1);
          return starts * inVain + length * tries + size;
        },
      },
    };
  } catch (error) {
    if (error instanceof PatternError) return { ok: false, message: error.message, offset: error.offset };
    throw error;
  }
}

/** What may come next. */
interface First extends Pick<CharacterSet, 'ascii' | 'beyond'> {
  /** How many characters and classes are tried for it. */
  readonly tries: number;
}
const nothing: First = { ascii: new Set(), beyond: false, tries: 0 };

interface Text {
  /** UTF-16 code units that can be gone through. */
  readonly length: number;
  /** How much is tried for one character, at most. */
  readonly tries: number;
}

interface Way {
  /** How many characters are looked at to go through this and what follows; `rest` is what follows takes by itself. */
  readonly looks: (text: Text, rest: number) => number;
  /** How much it tries for one character on the way, at most. */
  readonly tries: number;
}

/** `follow` is what may come after the node. Throws a `PatternError` where a repeat leaves a decision open. */
function wayThrough(node: PatternNode, follow: First, repeated: boolean): Way {
  switch (node.kind) {
    case 'set':
      return { looks: ({ tries }, rest) => tries + rest, tries: follow.tries };
    case 'sequence': {
      const ways = node.items.map((item, i) => wayThrough(item, firstOfAll(node.items.slice(i + 1), follow), repeated));
      return {
        looks: (text, rest) => ways.reduceRight((after, way) => way.looks(text, after), rest),
        tries: mostTries(ways),
      };
    }
    case 'choice': {
      const ways = node.options.map((option) => wayThrough(option, follow, repeated));
      const firsts = node.options.map((option) => firstOfAll([option], follow));
      const open =
        node.options.filter(mayBeEmpty).length > 1 ||
        firsts.some((first, i) => firsts.slice(i + 1).some((other) => overlap(first, other)));
      if (open && repeated) throw new PatternError(exponential('alternatives that can begin alike'), 0);
      return {
        looks: (text, rest) => {
          const looks = ways.map((way) => way.looks(text, rest));
          return open ? looks.reduce((sum, each) => sum + each, 0) : Math.max(...looks) + text.tries;
        },
        tries: mostTries(ways),
      };
    }
    case 'repeat': {
      const loops = node.max > 1;
      if (loops && mayBeEmpty(node.body)) throw new PatternError('repeats what may be empty', 0);
      const first = firstOf(node.body);
      const body = wayThrough(node.body, loops ? anyOf([first, follow]) : follow, repeated || loops);
      const open = node.min < node.max && overlap(first, follow);
      if (open && repeated) throw new PatternError(exponential('a repeat that can end in several places'), 0);
      const once = (text: Text, rest: number) => body.looks(text, rest) + (open ? rest : text.tries);
      const often = (text: Text, rest: number) => {
        const ends = open ? Math.min(text.length, node.max) - Math.min(text.length, node.min) + 1 : 1;
        return Math.min(text.length, longest(node)) * text.tries + text.tries + ends * rest;
      };
      return { looks: loops ? often : once, tries: body.tries };
    }
  }
}

const mostTries = (ways: readonly Way[]) => Math.max(0, ...ways.map(({ tries }) => tries));

const exponential = (what: string) =>
  `repeats ${what}, which takes exponential time: let what comes next always be told by its first character`;

function mayBeEmpty(node: PatternNode): boolean {
  switch (node.kind) {
    case 'set':
      return false;
    case 'sequence':
      return node.items.every(mayBeEmpty);
    case 'choice':
      return node.options.some(mayBeEmpty);
    case 'repeat':
      return node.min === 0 || mayBeEmpty(node.body);
  }
}

function firstOf(node: PatternNode): First {
  switch (node.kind) {
    case 'set':
      return { ...node.set, tries: 1 };
    case 'sequence':
      return firstOfAll(node.items, nothing);
    case 'choice':
      return anyOf(node.options.map(firstOf));
    case 'repeat':
      return firstOf(node.body);
  }
}

/** What may come first of the items one after the other, and then `follow`. */
function firstOfAll(items: readonly PatternNode[], follow: First): First {
  const end = items.findIndex((item) => !mayBeEmpty(item));
  return end === -1 ? anyOf([...items.map(firstOf), follow]) : anyOf(items.slice(0, end + 1).map(firstOf));
}

function anyOf(firsts: readonly First[]): First {
  return {
    ascii: new Set(firsts.flatMap(({ ascii }) => [...ascii])),
    beyond: firsts.some(({ beyond }) => beyond),
    tries: firsts.reduce((sum, { tries }) => sum + tries, 0),
  };
}

/** Characters and classes, with each count written out. */
function sizeOf(node: PatternNode): number {
  switch (node.kind) {
    case 'set':
      return 1;
    case 'sequence':
      return node.items.reduce((sum, item) => sum + sizeOf(item), 1);
    case 'choice':
      return node.options.reduce((sum, option) => sum + sizeOf(option), 1);
    case 'repeat':
      return sizeOf(node.body) * (node.max === Infinity ? Math.max(node.min, 1) : node.max) + 1;
  }
}

/** The longest text that it matches, in UTF-16 code units. */
function longest(node: PatternNode): number {
  switch (node.kind) {
    case 'set':
      return node.set.beyond ? 2 : 1;
    case 'sequence':
      return node.items.reduce((sum, item) => sum + longest(item), 0);
    case 'choice':
      return Math.max(...node.options.map(longest));
    case 'repeat':
      return longest(node.body) * node.max || 0;
  }
}

/** The longest text that it goes through and may still fail, where nothing has to come after it. */
function longestInVain(node: PatternNode): number {
  switch (node.kind) {
    case 'set':
      return longest(node);
    case 'sequence': {
      const needed = node.items.slice(0, node.items.findLastIndex((item) => !mayBeEmpty(item)) + 1);
      const last = needed.at(-1);
      if (last === undefined) return 0;
      return needed.slice(0, -1).reduce((sum, item) => sum + longest(item), 0) + longestInVain(last);
    }
    case 'choice':
      return Math.max(...node.options.map(longestInVain));
    case 'repeat':
      return node.min === 0 ? 0 : longest(node.body) * (node.min - 1) + longestInVain(node.body);
  }
}

function javascriptOf(node: PatternNode): string {
  switch (node.kind) {
    case 'set':
      return node.set.javascript;
    case 'sequence':
      return node.items
        .map((item) => (item.kind === 'choice' ? `(?:${javascriptOf(item)})` : javascriptOf(item)))
        .join('');
    case 'choice':
      return node.options.map(javascriptOf).join('|');
    case 'repeat':
      return `(?:${javascriptOf(node.body)})${countOf(node.min, node.max)}`;
  }
}

function countOf(min: number, max: number): string {
  if (max === Infinity) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`;
  return min === max ? `{${min}}` : `{${min},${max}}`;
}
