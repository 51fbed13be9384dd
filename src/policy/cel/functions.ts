import { compilePattern } from './compile-pattern.js';
import { cost, celLimits } from './limits.js';
import { whyNotDuration, whyNotTimestamp } from './literals.js';
import type { Node, ExpressionPlace } from './syntax.js';
import * as shapes from './shape.js';
import { charactersOf, type ValueShape } from './shape.js';

export interface Argument {
  readonly node: Node;
  readonly shape: ValueShape;
}

/** A part of the text that is replaced before the library evaluates it. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

type Applied =
  | { readonly shape: ValueShape; readonly steps: number; readonly replacement?: Replacement }
  | { readonly problem: string; readonly place: ExpressionPlace };

/** One way to call a function. `takes` lists the argument types, with the receiver of a method first. */
interface Signature {
  readonly takes: readonly ValueShape['kind'][];
  readonly apply: (args: readonly Argument[]) => Applied;
}

type Functions = Readonly<Record<string, readonly Signature[]>>;

const takes = (kinds: readonly ValueShape['kind'][], apply: Signature['apply']): Signature => ({ takes: kinds, apply });
const gives = (kinds: readonly ValueShape['kind'][], shape: ValueShape, steps: number) =>
  takes(kinds, () => ({ shape, steps }));

const lengthOf = (argument: Argument | undefined) => (argument?.shape.kind === 'string' ? argument.shape.length : 0);

/** The text of an argument that is a string literal. Otherwise null. */
const writtenOut = (argument: Argument | undefined) =>
  argument?.node.op === 'value' && typeof argument.node.args === 'string' ? argument.node.args : null;

const size: readonly Signature[] = [
  takes(['string'], ([text]) => ({
    shape: shapes.int(celLimits.stringLength),
    steps: cost.countCharacters(lengthOf(text)),
  })),
  gives(['list'], shapes.int(celLimits.listSize), cost.call),
  gives(['map'], shapes.int(celLimits.listSize), cost.call),
];

/** A time must be a literal, so that it can be checked when the policy is loaded. */
const time = (shape: ValueShape, whyNot: (text: string) => string | null, name: string) =>
  takes(['string'], ([argument]) => {
    const text = writtenOut(argument);
    const place = argument?.node ?? { start: 0 };
    if (text === null) return { problem: `${name}() needs a string literal`, place };
    const why = whyNot(text);
    return why === null ? { shape, steps: cost.readTime } : { problem: `"${text}" ${why}`, place };
  });

export const calls: Functions = {
  size,
  string: [
    gives(['bool'], shapes.string(5), cost.print),
    gives(['int'], shapes.string(20), cost.print),
    takes(['string'], ([text]) => ({ shape: shapes.string(lengthOf(text)), steps: cost.call })),
    gives(['timestamp'], shapes.string(27), cost.print),
  ],
  timestamp: [time(shapes.timestamp, whyNotTimestamp, 'timestamp')],
  duration: [time(shapes.duration, whyNotDuration, 'duration')],
};

const prefix = takes(['string', 'string'], ([text]) => ({
  shape: shapes.bool,
  steps: cost.prefix(lengthOf(text)),
}));
/** More seconds than lie between any two instants. */
const mostSeconds = 1e13;
const part = (...kinds: readonly ValueShape['kind'][]) =>
  kinds.map((kind) => gives([kind], shapes.int(mostSeconds), cost.call));

export const methods: Functions = {
  size,
  startsWith: [prefix],
  endsWith: [prefix],
  contains: [
    takes(['string', 'string'], ([text, sought]) => ({
      shape: shapes.bool,
      steps: cost.contains(lengthOf(text), lengthOf(sought)),
    })),
  ],
  matches: [takes(['string', 'string'], matches)],
  split: [
    takes(['string', 'string'], ([text, separator]) => {
      const written = writtenOut(separator);
      // An empty separator would split between code units.
      if (written === null || written === '')
        return {
          problem: 'split() needs a separator that is a string literal and not empty',
          place: separator?.node ?? { start: 0 },
        };
      const length = lengthOf(text);
      const pieces = Math.floor(length / written.length) + 1;
      return {
        shape: { kind: 'list', size: pieces, element: shapes.string(length), characters: length },
        steps: cost.split(length),
      };
    }),
  ],
  join: [takes(['list'], join), takes(['list', 'string'], join)],
  getFullYear: part('timestamp'),
  getMonth: part('timestamp'),
  getDate: part('timestamp'),
  getDayOfMonth: part('timestamp'),
  getDayOfWeek: part('timestamp'),
  getHours: part('timestamp', 'duration'),
  getMinutes: part('timestamp', 'duration'),
  getSeconds: part('timestamp', 'duration'),
};

function join([list, separator]: readonly Argument[]): Applied {
  if (list?.shape.kind !== 'list' || list.shape.element?.kind !== 'string')
    return { problem: 'join() takes a list of strings', place: list?.node ?? { start: 0 } };
  const between = lengthOf(separator);
  return {
    shape: shapes.string(charactersOf(list.shape) + list.shape.size * between),
    steps: cost.join(list.shape, between),
  };
}

function matches([text, pattern]: readonly Argument[]): Applied {
  const written = writtenOut(pattern);
  const place = pattern?.node ?? { start: 0 };
  if (written === null || pattern === undefined)
    return { problem: 'matches() needs a pattern that is a string literal', place };
  const compiled = compilePattern(written);
  if (!compiled.ok) {
    const at = compiled.offset === 0 ? '' : `, at its character ${compiled.offset + 1}`;
    return { problem: `the pattern cannot be used${at}: ${compiled.message}`, place };
  }
  const { looks, javascript } = compiled.pattern;
  const { start, end } = pattern.node;
  return {
    shape: shapes.bool,
    steps: cost.matches(looks(lengthOf(text))),
    replacement: { start, end, text: JSON.stringify(javascript) },
  };
}

/** The macros that loop over a list. `bodies` lists how many expressions each may take after the variable. */
export const macros: Readonly<
  Record<
    string,
    { readonly usage: string; readonly bodies: readonly number[]; readonly result: 'bool' | 'same' | 'mapped' }
  >
> = {
  all: { usage: 'list.all(x, condition)', bodies: [1], result: 'bool' },
  exists: { usage: 'list.exists(x, condition)', bodies: [1], result: 'bool' },
  exists_one: { usage: 'list.exists_one(x, condition)', bodies: [1], result: 'bool' },
  filter: { usage: 'list.filter(x, condition)', bodies: [1], result: 'same' },
  map: { usage: 'list.map(x, value) or list.map(x, condition, value)', bodies: [1, 2], result: 'mapped' },
};

/** Functions of CEL and its extensions that the library lacks or implements differently, with advice what to write. */
export const refusedFunctions: ReadonlyMap<string, string> = new Map(
  Object.entries({
    has: 'every field exists, and is "" if it is absent; for a map write "key" in it',
    lowerAscii: 'write the pattern of matches() for both cases, as in [Aa]',
    upperAscii: 'write the pattern of matches() for both cases, as in [Aa]',
    trim: 'use matches()',
    substring: 'use split(), startsWith() or matches()',
    charAt: 'use split(), startsWith() or matches()',
    indexOf: 'use contains() or matches()',
    lastIndexOf: 'use contains() or matches()',
    replace: 'use split() and join()',
    format: 'put strings together with +',
    reverse: 'use the list as it is',
    int: 'numbers are ints already',
    uint: 'use an int',
    double: 'use an int',
    bytes: 'use a string',
    bool: 'compare with "true"',
    dyn: 'every type is known',
    type: 'every type is known',
    getDayOfYear: 'compare timestamps',
    getMilliseconds: 'compare timestamps or durations',
    bind: 'write the value where it is used',
    existsOne: 'write exists_one()',
  }),
);
