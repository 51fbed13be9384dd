import type {
  DirectoryGroup,
  DirectoryMember,
  DirectoryPage,
  DirectoryPerson,
  DirectoryRange,
  DirectoryStanding,
  DirectoryUser,
  GroupCondition,
  UserCondition,
} from '../../model/directory.js';
import { foldedName } from '@kubepass/inspect/formats';
import type { Page, PageQuery } from '../../model/outcome.js';
import { quoted, type Condition } from '../steps/statement.js';
import {
  directoryGroupOf,
  directoryUserOf,
  groupColumnsFrom,
  standingOf,
  standingRead,
  type GroupRead,
  type StandingRead,
  type UserRead,
  groupCondition,
  userColumnsFrom,
  userCondition,
} from './directory-statements.js';
import { beforeAll, keyOfRow, type KeyReads, type ListOrder } from '../lists/list.js';
import { inBatches, readPage } from '../lists/read-page.js';
import { SharedReads } from './shared-reads.js';

/** Selects users for a list; a field that is left out selects all. */
export interface DirectoryUserFilter {
  readonly active?: boolean;
  readonly directoryName?: string;
  readonly username?: string;
  /** Users that are deleted, or whose name its person gave up; default: false, listed ones. */
  readonly deleted?: boolean;
}

/** Groups by the id of a user; a user without groups is not in it. */
type GroupsOfUser = ReadonlyMap<string, readonly DirectoryGroup[]>;

/** People who were in a group that is not theirs any more. */
export interface DirectoryLoss {
  readonly n: bigint;
  /** At most a hundred. */
  readonly users: readonly DirectoryPerson[];
  /** The principal who changed the group. */
  readonly lostBy: string;
}

/** Somebody with a name that was somebody else's. */
interface ReusedName {
  readonly n: bigint;
  readonly user: DirectoryUser;
}

const oldestFirst: ListOrder = {
  name: 'directory-users/oldest',
  columns: [{ name: 'n', holds: 'numbers' }],
  direction: 'ascending',
};

const lastDeletedFirst: ListOrder = {
  name: 'directory-users/deleted',
  columns: [
    { name: 'deletedAt', holds: 'instants' },
    { name: 'n', holds: 'numbers' },
  ],
  direction: 'descending',
};

/** The triggers of the table count users by so many numbers. */
const numbersCounted = 1_000;
const byPrincipal = 'DirectoryUser_principalKey_n_idx';
/**
 * The first column is unique, and the index of the second has the order of the list: both databases look no further.
 */
const named = (folded: string): Condition => ({
  sql: '"u"."nameKey" = ? AND "u"."liveName" = ?',
  parameters: [folded, folded],
});
/** A deleted user lets others have the name. */
const wasNamed = (folded: string): Condition => ({ sql: '"u"."nameKey" = ?', parameters: [folded] });
const plain = (sql: string): Condition => ({ sql, parameters: [] });
/** They are few, and a database would go through all users to have them in order. */
const inOrder = <Row extends Pick<UserRead, 'n'>>(rows: readonly Row[]): readonly Row[] =>
  rows.length < 2 ? rows : rows.toSorted((a, b) => Number(a.n) - Number(b.n));
const standingColumns = ['n', 'principalKey', ...standingRead].map((column) => `"u"."${column}"`).join(', ');
const personColumns = '"u"."id", "u"."userName", "u"."principal" AS "username"';

/** Reads the tables of the directory. */
export class DirectoryTable {
  readonly #standings: SharedReads<StandingRead>;

  constructor(private readonly reads: KeyReads) {
    this.#standings = new SharedReads(
      async (folded) => (await this.#bearers(standingColumns, folded)) as readonly StandingRead[],
    );
  }

  /** A deleted one too. */
  async user(id: string): Promise<DirectoryUser | null> {
    return this.#oneUser('id', id);
  }

  /** The listed user of this name, in the form in which names are compared. */
  async userNamed(folded: string): Promise<DirectoryUser | null> {
    return this.#oneUser('liveName', folded);
  }

  /** Listed users for whom all conditions hold, by position. */
  async users(conditions: readonly UserCondition[], range: DirectoryRange): Promise<DirectoryPage<DirectoryUser>> {
    const states = new Set(conditions.map(({ attribute, value }) => (attribute === 'active' ? value : null)));
    if (!states.has(null)) return this.#countedUsers([...states] as readonly boolean[], range);
    const attributes = conditions.map(({ attribute }) => attribute);
    return this.#matching(
      {
        table: 'DirectoryUser',
        index: this.#indexOf(attributes),
        conditions: [{ sql: '"u"."deletedAt" IS NULL', parameters: [] }, ...conditions.map(userCondition)],
        matchesOne: attributes.includes('id') || attributes.includes('userName'),
      },
      range,
      (row) => directoryUserOf(row as UserRead),
    );
  }

  /** Listed users, or those of them who are active or not, by the counts of each thousand. */
  async #countedUsers(
    [active, ...others]: readonly boolean[],
    { startIndex, count }: DirectoryRange,
  ): Promise<DirectoryPage<DirectoryUser>> {
    if (others.length > 0) return { items: [], total: 0 };
    const counts = await this.reads.readRows({
      sql: 'SELECT "thousand", "listed", "active" FROM "DirectoryCount" ORDER BY "thousand"',
      parameters: [],
    });
    let total = 0;
    let begin: { readonly thousand: number; readonly before: number } | null = null;
    for (const row of counts as readonly Readonly<Record<'thousand' | 'listed' | 'active', number | string>>[]) {
      const [listed, here] = [Number(row.listed), Number(row.active)];
      const found = active === undefined ? listed : active ? here : listed - here;
      if (begin === null && startIndex <= total + found) begin = { thousand: Number(row.thousand), before: total };
      total += found;
    }
    if (count === 0 || begin === null) return { items: [], total };
    const state = active === undefined ? '' : ` AND "u"."active" = ${active ? 'TRUE' : 'FALSE'}`;
    const rows = await this.reads.readRows({
      sql: pageOf(
        'DirectoryUser',
        `FROM "DirectoryUser" AS "u" WHERE "u"."deletedAt" IS NULL${state} AND "u"."n" >= ?`,
      ),
      parameters: [begin.thousand * numbersCounted, count, startIndex - 1 - begin.before],
    });
    return { items: rows.map((row) => directoryUserOf(row as UserRead)), total };
  }

  /** SQLite has no statistics, and may go along the states of all users although another attribute names one. */
  #indexOf(attributes: readonly UserCondition['attribute'][]): string {
    if (attributes.some((one) => one === 'id' || one === 'userName' || one === 'email')) return '';
    const index = attributes.includes('externalId') ? 'externalId' : 'displayKey';
    return this.reads.dialect.indexedBy(`DirectoryUser_${index}_n_idx`);
  }

  async group(id: string): Promise<DirectoryGroup | null> {
    const [row] = await this.reads.readRows({
      sql: `SELECT ${groupColumns} FROM "DirectoryGroup" AS "g" WHERE "id" = ?`,
      parameters: [id],
    });
    return row === undefined ? null : directoryGroupOf(row as GroupRead);
  }

  async groups(conditions: readonly GroupCondition[], range: DirectoryRange): Promise<DirectoryPage<DirectoryGroup>> {
    const attributes = conditions.map(({ attribute }) => attribute);
    return this.#matching(
      {
        table: 'DirectoryGroup',
        index: '',
        conditions: conditions.map(groupCondition),
        matchesOne: attributes.includes('id') || attributes.includes('displayName'),
      },
      range,
      (row) => directoryGroupOf(row as GroupRead),
    );
  }

  /** The first members of a group. */
  async members(groupId: string, limit: number): Promise<readonly DirectoryMember[]> {
    // One text of ten thousand ids is read in a fraction of the time of as many rows. No id has a comma.
    const [row] = await this.reads.readRows({
      sql: `SELECT ${this.reads.dialect.commaSeparated('"id"')} AS "ids" FROM (SELECT "u"."id"
        FROM "DirectoryMembership" AS "m" JOIN "DirectoryUser" AS "u" ON "u"."n" = "m"."userN"
        WHERE "m"."groupN" = (SELECT "n" FROM "DirectoryGroup" WHERE "id" = ?)
        ORDER BY "m"."groupN", "m"."userN" LIMIT ?) AS "members"`,
      parameters: [groupId, limit],
    });
    const { ids } = row as { readonly ids: string | null };
    return ids === null ? [] : ids.split(',').map((id) => ({ id }));
  }

  /** The same, with their names. */
  async peopleIn(groupId: string, limit: number): Promise<readonly DirectoryPerson[]> {
    const rows = await this.reads.readRows({
      sql: `SELECT ${personColumns} FROM "DirectoryMembership" AS "m" JOIN "DirectoryUser" AS "u" ON "u"."n" = "m"."userN"
        WHERE "m"."groupN" = (SELECT "n" FROM "DirectoryGroup" WHERE "id" = ?) ORDER BY "m"."groupN", "m"."userN" LIMIT ?`,
      parameters: [groupId, limit],
    });
    return rows as readonly DirectoryPerson[];
  }

  /** The people with these ids who are listed, and in this group; null: in any group or none. */
  async peopleAmong(ids: readonly string[], groupId: string | null): Promise<readonly DirectoryPerson[]> {
    if (ids.length === 0) return [];
    const isMember = ` AND EXISTS (SELECT 1 FROM "DirectoryMembership" AS "m" WHERE "m"."userN" = "u"."n"
      AND "m"."groupN" = (SELECT "n" FROM "DirectoryGroup" WHERE "id" = ?))`;
    const rows = await this.reads.readRows({
      sql: `SELECT ${personColumns} FROM ${this.reads.dialect.jsonTexts()} AS "given" CROSS JOIN "DirectoryUser" AS "u"
        WHERE "u"."id" = "given"."value" AND "u"."deletedAt" IS NULL${groupId === null ? '' : isMember}`,
      parameters: [ids, ...(groupId === null ? [] : [groupId])],
    });
    return rows as readonly DirectoryPerson[];
  }

  /** As `bearersOf`, with what decisions need of them. */
  async standingsOf(folded: readonly string[]): Promise<readonly DirectoryStanding[]> {
    const found = await this.#standings.rowsOf(folded);
    return inOrder(found.filter(({ principalKey }) => folded.includes(principalKey as string))).map(standingOf);
  }

  /** Everybody who is or was the bearer of a username that folds to one of these, oldest first; deleted ones too. */
  async bearersOf(folded: readonly string[]): Promise<readonly DirectoryUser[]> {
    return inOrder((await this.#bearers(userColumns, folded)) as readonly UserRead[]).map(directoryUserOf);
  }

  #bearers(columns: string, folded: readonly string[]): Promise<readonly unknown[]> {
    return this.reads.readRows({
      sql: `SELECT ${columns} FROM ${this.reads.dialect.jsonTexts()} AS "given" CROSS JOIN "DirectoryUser" AS "u"
        WHERE "u"."principalKey" = "given"."value"`,
      parameters: [folded],
    });
  }

  async groupsOf(userIds: readonly string[]): Promise<GroupsOfUser> {
    const rows = await inBatches(userIds, (batch) =>
      this.reads.readRows({
        sql: `SELECT "u"."id" AS "userId", ${groupColumns} FROM "DirectoryUser" AS "u"
          JOIN "DirectoryMembership" AS "m" ON "m"."userN" = "u"."n" JOIN "DirectoryGroup" AS "g" ON "g"."n" = "m"."groupN"
          WHERE "u"."id" IN (${batch.map(() => '?').join(', ')})`,
        parameters: batch,
      }),
    );
    const byUser = Map.groupBy(rows as readonly (GroupRead & { readonly userId: string })[], ({ userId }) => userId);
    return new Map([...byUser].map(([userId, own]) => [userId, own.map(directoryGroupOf)]));
  }

  /** Losses that may not be worked off yet, oldest first, behind the loss of this number. */
  async losses(behind: bigint, limit: number): Promise<readonly DirectoryLoss[]> {
    const rows = await this.reads.readRows({
      // The few notes first, so that no plan goes through everybody.
      sql: `SELECT "l"."n" AS "lossN", "l"."lostBy", "u"."n", ${personColumns} FROM
        (SELECT "n", "userNs", "lostBy" FROM "DirectoryLoss" WHERE "n" > ? ORDER BY "n" LIMIT ?) AS "l"
        CROSS JOIN ${this.reads.dialect.numbersIn('"l"."userNs"')} CROSS JOIN "DirectoryUser" AS "u"
        WHERE "u"."n" = "given"."value"`,
      parameters: [behind, limit],
    });
    const found = new Map<bigint, DirectoryLoss & { readonly users: DirectoryPerson[] }>();
    for (const { lossN, lostBy, id, userName, username } of inOrder(rows as readonly LossRead[])) {
      const n = BigInt(lossN);
      const loss = found.get(n) ?? { n, lostBy, users: [] };
      loss.users.push({ id, userName, username });
      found.set(n, loss);
    }
    return [...found.values()].sort((one, other) => (one.n < other.n ? -1 : 1));
  }

  /** Whether there is or was a user. */
  async isInUse(): Promise<boolean> {
    return (await this.reads.readRows({ sql: 'SELECT 1 FROM "DirectoryUser" LIMIT 1', parameters: [] })).length > 0;
  }

  /** People who are here under a name that was somebody else's, oldest first, behind the person of this number. */
  async reused(behind: bigint, limit: number): Promise<readonly ReusedName[]> {
    const index = this.reads.dialect.indexedBy('DirectoryUser_reusedSince_n_idx');
    const rows = await this.reads.readRows({
      sql: `SELECT ${userColumns} FROM "DirectoryUser" AS "u"${index} WHERE "u"."reusedSince" IS NOT NULL AND "u"."deletedAt" IS NULL
        AND "u"."active" = TRUE AND "u"."principal" IS NOT NULL AND "u"."n" > ? ORDER BY "u"."n" LIMIT ?`,
      parameters: [behind, limit],
    });
    return (rows as readonly UserRead[]).map((row) => ({
      n: BigInt(row.n as number | string),
      user: directoryUserOf(row),
    }));
  }

  /** Listed users, oldest first; or else those that are deleted, the last one first. */
  list(filter: DirectoryUserFilter, page: PageQuery): Promise<Page<DirectoryUser>> {
    const { active, deleted = false, directoryName, username } = filter;
    const order = deleted ? lastDeletedFirst : oldestFirst;
    const { dialect } = this.reads;
    const byName = directoryName === undefined ? [] : [(deleted ? wasNamed : named)(foldedName(directoryName))];
    const conditions: readonly Condition[] = [
      // Nobody who is deleted is active, whatever the provider said of them last.
      ...(active === undefined || deleted ? [] : [plain(`"u"."active" = ${active ? 'TRUE' : 'FALSE'}`)]),
      ...byName,
      ...(username === undefined
        ? []
        : [{ sql: '"u"."principalKey" = ? AND "u"."principal" = ?', parameters: [foldedName(username), username] }]),
    ];
    const isNamed = directoryName !== undefined || username !== undefined;
    const index = username === undefined || directoryName !== undefined ? '' : dialect.indexedBy(byPrincipal);
    // The few users of one name are found by it, and not along the order.
    const columns = order.columns.map(({ name }) => `"u"."${name}"`);
    const ordered = deleted && isNamed ? columns.map((column) => `COALESCE(${column}, ${column})`) : columns;
    return readPage(page, order, async (after, take) => {
      if (deleted && active === true) return { records: [] };
      const behind = dialect.indexRange(null, ordered, deleted ? '<' : '>', after ?? beforeAll(order));
      const where = [plain(`"u"."deletedAt" IS ${deleted ? 'NOT NULL' : 'NULL'}`), behind, ...conditions];
      const rows = await this.reads.readRows({
        sql: `SELECT ${userColumns} FROM "DirectoryUser" AS "u"${index} WHERE ${where.map(({ sql }) => sql).join(' AND ')}
          ORDER BY ${ordered.map((column) => `${column} ${deleted ? 'DESC' : 'ASC'}`).join(', ')} LIMIT ?`,
        parameters: [...where.flatMap(({ parameters }) => parameters), take],
      });
      return {
        records: rows.map((row) => ({ key: keyOfRow(order, row as UserRead), item: directoryUserOf(row as UserRead) })),
      };
    });
  }

  /** The user by a column that is unique. */
  async #oneUser(column: 'id' | 'liveName', value: string): Promise<DirectoryUser | null> {
    const [row] = await this.reads.readRows({
      sql: `SELECT ${userColumns} FROM "DirectoryUser" AS "u" WHERE "u".${quoted(column)} = ?`,
      parameters: [value],
    });
    return row === undefined ? null : directoryUserOf(row as UserRead);
  }

  async #matching<T>(
    { table, index, conditions, matchesOne }: Matching,
    { startIndex, count }: DirectoryRange,
    itemOf: (row: unknown) => T,
  ): Promise<DirectoryPage<T>> {
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`;
    const parameters = conditions.flatMap((condition) => condition.parameters);
    const { as, columns } = selected[table];
    const from = `FROM ${quoted(table)} AS ${quoted(as)}${index}${where}`;
    // PostgreSQL would go through all rows to have one in order.
    if (matchesOne) {
      const found = await this.reads.readRows({ sql: `SELECT ${columns(as)} ${from}`, parameters });
      return { items: found.slice(startIndex - 1, startIndex - 1 + count).map(itemOf), total: found.length };
    }
    const [counted] = await this.reads.readRows({ sql: `SELECT COUNT(*) AS "total" ${from}`, parameters });
    const total = Number((counted as { readonly total: number | string }).total);
    if (count === 0 || startIndex > total) return { items: [], total };
    const rows = await this.reads.readRows({
      sql: pageOf(table, from),
      parameters: [...parameters, count, startIndex - 1],
    });
    return { items: rows.map(itemOf), total };
  }
}

/** The tables under the names that conditions have for them. */
const selected = {
  DirectoryUser: { as: 'u', columns: userColumnsFrom },
  DirectoryGroup: { as: 'g', columns: groupColumnsFrom },
} as const;
const [userColumns, groupColumns] = [userColumnsFrom('u'), groupColumnsFrom('g')];

/** Positions are counted on an index, so that whole rows are read for the page alone. */
const pageOf = (table: keyof typeof selected, from: string): string =>
  `SELECT ${selected[table].columns('r')} FROM ${quoted(table)} AS "r" JOIN
    (SELECT "${selected[table].as}"."n" ${from} ORDER BY "${selected[table].as}"."n" LIMIT ? OFFSET ?) AS "page" ON "page"."n" = "r"."n" ORDER BY "page"."n"`;

interface LossRead extends DirectoryPerson, Pick<UserRead, 'n'> {
  readonly lossN: number | string;
  readonly lostBy: string;
}

/** The rows for which all conditions hold. */
interface Matching {
  readonly table: keyof typeof selected;
  /** The end of the table's name, where it says which index finds the rows. */
  readonly index: string;
  readonly conditions: readonly Condition[];
  /** No two rows can match. */
  readonly matchesOne: boolean;
}
