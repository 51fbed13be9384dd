import type {
  DirectoryGroup,
  DirectoryMember,
  DirectoryPage,
  DirectoryRange,
  DirectoryUser,
  GroupCondition,
  UserCondition,
} from '../../model/directory.js';
import { foldedName } from '../../model/folded-name.js';
import type { Page, PageQuery } from '../../model/page.js';
import { quoted, type ColumnValue, type Condition } from '../statement.js';
import type { DirectoryLoss, DirectoryReader, DirectoryUserFilter, GroupsOfUser } from '../store.js';
import { directoryGroupOf, directoryUserOf, type GroupRead, type UserRead } from './directory-tables.js';
import type { ListOrder } from './list-order.js';
import type { KeyReads } from './list-part.js';
import { inBatches, readPage } from './read-page.js';

const oldestFirst: ListOrder = {
  name: 'directory-users/oldest',
  columns: [{ name: 'n', holds: 'numbers' }],
  direction: 'ascending',
};

/** Reads the tables of the directory. */
export class DirectoryTable implements DirectoryReader {
  constructor(private readonly reads: KeyReads) {}

  async user(id: string): Promise<DirectoryUser | null> {
    return this.#oneUser({ sql: '"u"."id" = ?', parameters: [id] });
  }

  async userNamed(folded: string): Promise<DirectoryUser | null> {
    return this.#oneUser({ sql: '"u"."liveName" = ?', parameters: [folded] });
  }

  async lastNamed(folded: string): Promise<DirectoryUser | null> {
    return this.#oneUser({ sql: '"u"."nameKey" = ? AND "u"."deletedAt" IS NOT NULL', parameters: [folded] }, ' DESC');
  }

  async users(conditions: readonly UserCondition[], range: DirectoryRange): Promise<DirectoryPage<DirectoryUser>> {
    const where = [{ sql: '"u"."deletedAt" IS NULL', parameters: [] }, ...conditions.map(userCondition)];
    return this.#positions('DirectoryUser', 'u', where, range, (row) => directoryUserOf(row as UserRead));
  }

  async group(id: string): Promise<DirectoryGroup | null> {
    const [row] = await this.reads.readRows({ sql: 'SELECT * FROM "DirectoryGroup" WHERE "id" = ?', parameters: [id] });
    return row === undefined ? null : directoryGroupOf(row as GroupRead);
  }

  async groups(conditions: readonly GroupCondition[], range: DirectoryRange): Promise<DirectoryPage<DirectoryGroup>> {
    const where = conditions.map(groupCondition);
    return this.#positions('DirectoryGroup', 'g', where, range, (row) => directoryGroupOf(row as GroupRead));
  }

  async members(groupId: string, limit: number): Promise<readonly DirectoryMember[]> {
    const rows = await this.reads.readRows({
      sql: `SELECT "u"."id" FROM "DirectoryMembership" AS "m" JOIN "DirectoryUser" AS "u" ON "u"."n" = "m"."userN"
        WHERE "m"."groupN" = (SELECT "n" FROM "DirectoryGroup" WHERE "id" = ?) ORDER BY "m"."groupN", "m"."userN" LIMIT ?`,
      parameters: [groupId, limit],
    });
    return rows as readonly DirectoryMember[];
  }

  async membersAmong(groupId: string, ids: readonly string[]): Promise<readonly DirectoryUser[]> {
    return this.#usersAmong(
      ids,
      ` AND EXISTS (SELECT 1 FROM "DirectoryMembership" AS "m" WHERE "m"."userN" = "u"."n"
        AND "m"."groupN" = (SELECT "n" FROM "DirectoryGroup" WHERE "id" = ?))`,
      [groupId],
    );
  }

  async usersAmong(ids: readonly string[]): Promise<readonly DirectoryUser[]> {
    return this.#usersAmong(ids, ' AND "u"."deletedAt" IS NULL', []);
  }

  async memberUsers(groupId: string): Promise<readonly DirectoryUser[]> {
    const rows = await this.reads.readRows({
      sql: `SELECT "u".* FROM "DirectoryMembership" AS "m" JOIN "DirectoryUser" AS "u" ON "u"."n" = "m"."userN"
        WHERE "m"."groupN" = (SELECT "n" FROM "DirectoryGroup" WHERE "id" = ?) ORDER BY "m"."groupN", "m"."userN"`,
      parameters: [groupId],
    });
    return rows.map((row) => directoryUserOf(row as UserRead));
  }

  async bearersOf(folded: readonly string[]): Promise<readonly DirectoryUser[]> {
    const rows = await this.reads.readRows({
      sql: `SELECT "u".* FROM "DirectoryUser" AS "u" WHERE "u"."principalKey" IN (${folded.map(() => '?').join(', ')})
        ORDER BY "u"."n"`,
      parameters: folded,
    });
    return rows.map((row) => directoryUserOf(row as UserRead));
  }

  async groupsOf(userIds: readonly string[]): Promise<GroupsOfUser> {
    const rows = await inBatches(userIds, (batch) =>
      this.reads.readRows({
        sql: `SELECT "u"."id" AS "userId", "g".* FROM "DirectoryUser" AS "u"
          JOIN "DirectoryMembership" AS "m" ON "m"."userN" = "u"."n" JOIN "DirectoryGroup" AS "g" ON "g"."n" = "m"."groupN"
          WHERE "u"."id" IN (${batch.map(() => '?').join(', ')})`,
        parameters: batch,
      }),
    );
    const found = new Map<string, DirectoryGroup[]>();
    for (const row of rows as readonly (GroupRead & { readonly userId: string })[]) {
      const own = found.get(row.userId) ?? [];
      own.push(directoryGroupOf(row));
      found.set(row.userId, own);
    }
    return found;
  }

  async losses(behind: bigint, limit: number): Promise<readonly DirectoryLoss[]> {
    const rows = await this.reads.readRows({
      sql: `SELECT "l"."n" AS "lossN", "l"."lostBy", "u".* FROM "DirectoryLoss" AS "l" JOIN "DirectoryUser" AS "u" ON "u"."n" = "l"."userN"
        WHERE "l"."n" > ? ORDER BY "l"."n" LIMIT ?`,
      parameters: [behind, limit],
    });
    return (rows as readonly (UserRead & { readonly lossN: number | string; readonly lostBy: string })[]).map(
      ({ lossN, lostBy, ...row }) => ({ n: BigInt(lossN), lostBy, user: directoryUserOf(row) }),
    );
  }

  async isInUse(): Promise<boolean> {
    return (await this.reads.readRows({ sql: 'SELECT 1 FROM "DirectoryUser" LIMIT 1', parameters: [] })).length > 0;
  }

  async reused(limit: number): Promise<readonly DirectoryUser[]> {
    const rows = await this.reads.readRows({
      sql: `SELECT "u".* FROM "DirectoryUser" AS "u" WHERE "u"."reusedSince" IS NOT NULL ORDER BY "u"."reusedSince" LIMIT ?`,
      parameters: [limit],
    });
    return rows.map((row) => directoryUserOf(row as UserRead));
  }

  list(filter: DirectoryUserFilter, page: PageQuery): Promise<Page<DirectoryUser>> {
    const { active, userName, username } = filter;
    const conditions: readonly Condition[] = [
      ...(active === undefined ? [] : [{ sql: `"u"."active" = ${active ? 'TRUE' : 'FALSE'}`, parameters: [] }]),
      ...(userName === undefined ? [] : [{ sql: '"u"."nameKey" = ?', parameters: [foldedName(userName)] }]),
      ...(username === undefined
        ? []
        : [{ sql: '"u"."principalKey" = ? AND "u"."principal" = ?', parameters: [foldedName(username), username] }]),
    ];
    return readPage(page, oldestFirst, async (after, take) => {
      const behind = after === null ? -1n : (after[0] as bigint);
      const rows = await this.reads.readRows({
        sql: `SELECT "u".* FROM "DirectoryUser" AS "u" WHERE "u"."deletedAt" IS NULL AND "u"."n" > ?${conditions.map(({ sql }) => ` AND ${sql}`).join('')}
          ORDER BY "u"."n" LIMIT ?`,
        parameters: [behind, ...conditions.flatMap(({ parameters }) => parameters), take],
      });
      const records = rows.map((row) => ({
        key: [BigInt((row as { readonly n: number | string }).n)],
        item: directoryUserOf(row as UserRead),
      }));
      return { records, goesOnBehind: null };
    });
  }

  async #oneUser({ sql, parameters }: Condition, order = ''): Promise<DirectoryUser | null> {
    const [row] = await this.reads.readRows({
      sql: `SELECT "u".* FROM "DirectoryUser" AS "u" WHERE ${sql}${order === '' ? '' : ` ORDER BY "u"."n"${order} LIMIT 1`}`,
      parameters,
    });
    return row === undefined ? null : directoryUserOf(row as UserRead);
  }

  async #usersAmong(
    ids: readonly string[],
    condition: string,
    parameters: readonly ColumnValue[],
  ): Promise<readonly DirectoryUser[]> {
    if (ids.length === 0) return [];
    const rows = await this.reads.readRows({
      sql: `SELECT "u".* FROM ${this.reads.dialect.jsonTexts()} AS "given" CROSS JOIN "DirectoryUser" AS "u"
        WHERE "u"."id" = "given"."value"${condition}`,
      parameters: [ids, ...parameters],
    });
    return rows.map((row) => directoryUserOf(row as UserRead));
  }

  /** Positions are counted on an index, so that whole rows are read for the page alone. */
  async #positions<T>(
    table: 'DirectoryUser' | 'DirectoryGroup',
    as: string,
    conditions: readonly Condition[],
    { startIndex, count }: DirectoryRange,
    itemOf: (row: unknown) => T,
  ): Promise<DirectoryPage<T>> {
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`;
    const parameters = conditions.flatMap((condition) => condition.parameters);
    const from = `FROM ${quoted(table)} AS ${quoted(as)}${where}`;
    const [counted] = await this.reads.readRows({ sql: `SELECT COUNT(*) AS "total" ${from}`, parameters });
    const total = Number((counted as { readonly total: number | string }).total);
    if (count === 0 || startIndex > total) return { items: [], total };
    const rows = await this.reads.readRows({
      sql: `SELECT "r".* FROM ${quoted(table)} AS "r" JOIN (SELECT "${as}"."n" ${from} ORDER BY "${as}"."n" LIMIT ? OFFSET ?) AS "page"
        ON "page"."n" = "r"."n" ORDER BY "page"."n"`,
      parameters: [...parameters, count, startIndex - 1],
    });
    return { items: rows.map(itemOf), total };
  }
}

function userCondition(condition: UserCondition): Condition {
  switch (condition.attribute) {
    case 'id':
      return { sql: '"u"."id" = ?', parameters: [condition.value] };
    case 'userName':
      return { sql: '"u"."liveName" = ?', parameters: [foldedName(condition.value)] };
    case 'externalId':
      return { sql: '"u"."externalId" = ?', parameters: [condition.value] };
    case 'displayName':
      return { sql: '"u"."displayKey" = ?', parameters: [foldedName(condition.value)] };
    case 'notKept':
      return { sql: 'FALSE', parameters: [] };
    case 'active':
      return { sql: `"u"."active" = ${condition.value ? 'TRUE' : 'FALSE'}`, parameters: [] };
    case 'email': {
      const { value, type } = condition;
      return {
        sql: `"u"."n" IN (SELECT "e"."userN" FROM "DirectoryEmail" AS "e" WHERE "e"."key" = ?${type === null ? '' : ' AND "e"."type" = ?'})`,
        parameters: [foldedName(value), ...(type === null ? [] : [foldedName(type)])],
      };
    }
  }
}

function groupCondition({ attribute, value }: GroupCondition): Condition {
  switch (attribute) {
    case 'id':
      return { sql: '"g"."id" = ?', parameters: [value] };
    case 'displayName':
      return { sql: '"g"."displayKey" = ?', parameters: [foldedName(value)] };
    case 'externalId':
      return { sql: '"g"."externalId" = ?', parameters: [value] };
    case 'member':
      return {
        sql: `"g"."n" IN (SELECT "m"."groupN" FROM "DirectoryMembership" AS "m"
          WHERE "m"."userN" = (SELECT "n" FROM "DirectoryUser" WHERE "id" = ?))`,
        parameters: [value],
      };
  }
}
