import { celLimits, cost } from './limits.js';
import { type CharacterSet, overlap, parsePattern, PatternError, type PatternNode } from './parse-pattern.js';

interface CompiledPattern {
  /** A pattern for `new RegExp` without flags that matches what RE2 matches. */
  readonly javascript: string;
  /** How often the engine looks at a character, at most, in a text of `length` UTF-16 code units. */
  readonly looks: (length: number) => number;
}

type PatternResult =
  | { readonly ok: true; readonly pattern: CompiledPattern }
  /** The offset counts UTF-16 code units of the pattern from 0. */
  | { readonly ok: false; readonly message: string; readonly offset: number };

/**
 * Compiles a pattern for JavaScript's engine, which backtracks and takes exponential time for some patterns. So only
 * patterns with a known bound on backtracking are admitted.
 *
 * If the next character always decides whether a repeat ends and which alternative is taken, the engine never
 * backtracks: the expression is "one-unambiguous" (Brüggemann-Klein and Wood, 1998). Outside of repeats a choice may be
 * open; the engine then runs the rest of the pattern once for each way. Inside of a repeat an open choice is refused.
 */
export function compilePattern(source: string): PatternResult {
  try {
    const pattern = parsePattern(source);
    const size = sizeOf(pattern.body);
    if (size > celLimits.pattern.size) {
      const message = `has ${size} characters with its counts written out, at most ${celLimits.pattern.size} are allowed`;
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

/** The characters that may come next. */
interface First extends Pick<CharacterSet, 'ascii' | 'beyond'> {
  /** How many characters and classes the engine tries there. */
  readonly tries: number;
}
const nothing: First = { ascii: new Set(), beyond: false, tries: 0 };

interface Text {
  /** UTF-16 code units that the engine can go through. */
  readonly length: number;
  /** The most characters and classes that the engine tries for one character. */
  readonly tries: number;
}

interface Way {
  /** The looks at characters for this node and the rest of the pattern. `rest` is the number for the rest alone. */
  readonly looks: (text: Text, rest: number) => number;
  /** The most characters and classes that the engine tries for one character in this node. */
  readonly tries: number;
}

/** `follow` may come after the node. Throws a `PatternError` if a repeat contains an open choice. */
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
      if (loops && mayBeEmpty(node.body)) throw new PatternError('repeats a part that may be empty', 0);
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
  `repeats ${what}, which takes exponential time: the next character must decide every choice`;

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

/** The characters that may come first in a sequence of these items and then `follow`. */
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

/** The number of characters and classes after every count is written out. */
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

/** The longest text that the node matches, in UTF-16 code units. */
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

/** The longest text that the engine may go through before the node fails, if nothing has to follow. */
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

/** A regular expression that a whole reason must match. */
export interface ReasonPattern {
  readonly text: string;
  matches(value: string): boolean;
}

/** UTF-16 code units of the longest reason that a request may give. */
const longestReason = 2048;

/**
 * Compiles a regular expression as `matches()` of expressions does, or refuses its error. It must match the whole
 * reason, with or without `^` and `$`. A pattern that could backtrack for long is refused.
 */
export function compileReasonPattern(text: string, refuse: (message: string) => void): ReasonPattern | null {
  const written = compilePattern(text);
  if (!written.ok) {
    refuse(written.offset === 0 ? written.message : `at character ${written.offset + 1}: ${written.message}`);
    return null;
  }
  const { javascript } = written.pattern;
  const inner = text.slice(javascript.startsWith('^') ? 1 : 0, javascript.endsWith('$') ? -1 : undefined);
  // `{1}` keeps the group: the parser treats a group of alternatives like alternatives without a group.
  const whole = compilePattern(`^(?:${inner}){1}$`);
  const tooLong = whole.ok && cost.matches(whole.pattern.looks(longestReason)) > celLimits.steps;
  if (!whole.ok || tooLong) {
    const advice = 'limit its repeats, or make the next character decide where each ends';
    refuse(whole.ok ? `could take too long on a long reason: ${advice}` : whole.message);
    return null;
  }
  const expression = new RegExp(whole.pattern.javascript);
  return { text, matches: (value) => value.length <= longestReason && expression.test(value) };
}
