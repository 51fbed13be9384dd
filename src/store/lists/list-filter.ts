import { quoted, type ColumnValue, type Condition, type SqlDialect } from '../steps/statement.js';

/** A filter of a list: a row matches one of the alternatives, and never two. Without alternatives, no row matches. */
export type ListFilter = readonly Alternative[];

export type Alternative = IndexAlternative | PrefixAlternative;

/** An alternative whose index has the order of the list. */
export type IndexAlternative = ValueAlternative | MemberAlternative;

/** Rows with this value, which an index leads to: it has the column, followed by the columns of the order. */
interface ValueAlternative {
  readonly column: string;
  readonly value: ColumnValue;
  /** The condition of a partial index, or whatever else must hold. */
  readonly and?: Condition;
  /** Where the column is in another table: that table, and its columns in place of the list's own. */
  readonly through?: Through;
}

/** `key`: the number by which the list knows its rows; default: `n`. */
export interface Through {
  readonly table: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly key?: string;
}

/** Rows that another table names. An index of that table has the columns of the order. */
interface MemberAlternative {
  readonly of: Through;
  /** About that table `"t"`. */
  readonly and?: Condition;
}

/** Rows whose column begins with this text. An index leads to them, in the order of the texts. */
interface PrefixAlternative {
  readonly column: string;
  readonly prefix: string;
}

/** The filter on one column, which has one of several values; none where the value is undefined. */
export const equals = (column: string, value: string | readonly string[] | undefined): readonly ListFilter[] =>
  value === undefined ? [] : [[...new Set([value].flat())].map((one) => ({ column, value: one }))];

/** The filters on a username and on how it begins; where they contradict each other, one that no row matches. */
export function onUsername({ username, usernamePrefix: prefix }: UsernameFilter): readonly ListFilter[] {
  if (prefix === undefined) return equals('username', username);
  if (username === undefined) return [[{ column: 'username', prefix }]];
  return username.startsWith(prefix) ? equals('username', username) : [[]];
}

interface UsernameFilter {
  readonly username?: string;
  readonly usernamePrefix?: string;
}

/** The records that a principal requested or collects; all where it is undefined. */
export const isParty = (principal: string | undefined): readonly ListFilter[] =>
  principal === undefined
    ? []
    : [
        [
          { column: 'requesterName', value: principal },
          {
            column: 'collector',
            value: principal,
            and: { sql: '"r"."collector" <> "r"."requesterName"', parameters: [] },
          },
        ],
      ];

/** Whether a row `"t"` of the other table is about the row `"r"` of the list. */
export const sameRow = ({ columns, key = 'n' }: Through): string =>
  `"t".${quoted(columns[key] ?? key)} = "r".${quoted(key)}`;

/** Whether a row `"r"` matches the filter, in a form that no index serves. */
export function matches(filter: ListFilter): Condition {
  const ways = filter.map(matchesWay);
  return {
    sql: `(${ways.map(({ sql }) => sql).join(' OR ')})`,
    parameters: ways.flatMap(({ parameters }) => parameters),
  };
}

function matchesWay(way: Alternative): Condition {
  if ('of' in way)
    return {
      sql: `COALESCE((SELECT 1 FROM ${quoted(way.of.table)} AS "t" WHERE ${sameRow(way.of)}), 0) = 1`,
      parameters: [],
    };
  const own = `"r".${quoted(way.column)}`;
  // Both databases count code points.
  if ('prefix' in way)
    return { sql: `substr(${own}, 1, ?) = ?`, parameters: [Array.from(way.prefix).length, way.prefix] };
  const { column, value, and, through } = way;
  if (through)
    return {
      sql: `COALESCE((SELECT 1 FROM ${quoted(through.table)} AS "t" WHERE "t".${quoted(column)} = ?
          AND ${sameRow(through)}), 0) = 1`,
      parameters: [value],
    };
  return {
    sql: `COALESCE(${own}, ${own}) = ?${and ? ` AND ${and.sql}` : ''}`,
    parameters: [value, ...(and?.parameters ?? [])],
  };
}

/** The rows of an alternative in no particular order: where they are, and the condition that leads an index to them. */
export function rowsOf(table: string, way: Alternative, dialect: SqlDialect): { from: string; where: Condition } {
  const own = `${quoted(table)} AS "r"`;
  if ('of' in way)
    return {
      from: `${quoted(way.of.table)} AS "t" JOIN ${own} ON ${sameRow(way.of)}`,
      where: way.and ?? { sql: '1 = 1', parameters: [] },
    };
  if ('prefix' in way) {
    const column = [`"r".${quoted(way.column)}`];
    const end = behindPrefix(way.prefix);
    const begin = dialect.indexRange(null, column, '>=', [way.prefix]);
    return { from: own, where: end === undefined ? begin : both(begin, dialect.indexRange(null, column, '<', [end])) };
  }
  const { column, value, and, through } = way;
  const equal = { sql: `"${through ? 't' : 'r'}".${quoted(column)} = ?`, parameters: [value] };
  const from = through ? `${quoted(through.table)} AS "t" JOIN ${own} ON ${sameRow(through)}` : own;
  return { from, where: and ? both(equal, and) : equal };
}

export const both = (a: Condition, b: Condition): Condition => ({
  sql: `${a.sql} AND ${b.sql}`,
  parameters: [...a.parameters, ...b.parameters],
});

/**
 * The first text behind all those that begin with the prefix, in the order of their octets in UTF-8, which is that of
 * their code points; undefined where there is none.
 */
export function behindPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  while (points.at(-1) === 0x10ffff) points.pop();
  const last = points.pop();
  if (last === undefined) return undefined;
  // The code points of surrogates are no characters.
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
}
