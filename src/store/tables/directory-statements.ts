import type {
  DirectoryGroup,
  DirectoryGroupAttributes,
  DirectoryLeaving,
  DirectoryStanding,
  DirectoryUser,
  GroupCondition,
  MembershipChange,
  UserCondition,
} from '../../model/directory.js';
import { foldedName } from '@kubepass/inspect/formats';
import { Prisma } from '../generated/sqlite/browser.js';
import {
  columnsFrom,
  insertUnique,
  jsonOctets,
  jsonRead,
  quoted,
  rowOf,
  type ColumnValue,
  type Columns,
  type Condition,
  type SqlDialect,
  type Statement,
} from '../steps/statement.js';
import type { Write } from '../steps/step.js';

type UserRow = Prisma.DirectoryUserGetPayload<object>;
type GroupRow = Prisma.DirectoryGroupGetPayload<object>;

export const userColumnsFrom = (as: string): string => columnsFrom(Prisma.DirectoryUserScalarFieldEnum, as);
export const groupColumnsFrom = (as: string): string => columnsFrom(Prisma.DirectoryGroupScalarFieldEnum, as);

/** The row without the number that the database gives it. */
function directoryUserRow(user: DirectoryUser): Columns<Omit<UserRow, 'n'>> {
  const nameKey = foldedName(user.userName);
  return rowOf(Prisma.DirectoryUserScalarFieldEnum, {
    ...user,
    nameKey,
    liveName: user.deletedAt === null ? nameKey : null,
    displayKey: user.displayName === null ? null : foldedName(user.displayName),
    principal: user.username,
    principalKey: user.username === null ? null : foldedName(user.username),
    predecessor: user.reuse?.predecessor ?? null,
    reusedSince: user.reuse?.since ?? null,
  });
}

const directoryGroupRow = (group: DirectoryGroup): Columns<Omit<GroupRow, 'n'>> =>
  rowOf(Prisma.DirectoryGroupScalarFieldEnum, { ...group, displayKey: foldedName(group.displayName) });

/** Conflicts where a listed user has a name that folds to the same. */
export const insertDirectoryUser = (user: DirectoryUser): Write => ({
  statements: () => [
    insertUnique('DirectoryUser', directoryUserRow(user), { kind: 'directoryName', name: user.userName }),
    ...insertEmails(user),
  ],
  octets: () => octetsOfUser(user),
  tells: { directoryUser: user },
});

interface UpdatedUser {
  readonly user: DirectoryUser;
  /** The version before. */
  readonly version: number;
}

/** Conflicts where the user has another version than this one, or the new name is taken. */
export const updateDirectoryUser = ({ user, version }: UpdatedUser): Write => ({
  statements() {
    const { id, createdAt: _, ...columns } = directoryUserRow(user);
    return [
      {
        sql: `UPDATE "DirectoryUser" SET ${assignments(columns)} WHERE "id" = ? AND "version" = ?`,
        parameters: [...Object.values<ColumnValue>(columns), id, version],
        unlessChanged: { kind: 'directoryUser', id: user.id },
        ifTaken: () => ({ kind: 'directoryName', name: user.userName }),
      },
      { sql: `DELETE FROM "DirectoryEmail" WHERE "userN" = ${userN}`, parameters: [user.id] },
      ...(user.deletedAt === null
        ? insertEmails(user)
        : [
            {
              sql: `UPDATE "DirectoryGroup" SET "version" = "version" + 1, "changedAt" = ?
                WHERE "n" IN (SELECT "groupN" FROM "DirectoryMembership" WHERE "userN" = ${userN})`,
              parameters: [user.changedAt, user.id],
            },
            { sql: `DELETE FROM "DirectoryMembership" WHERE "userN" = ${userN}`, parameters: [user.id] },
          ]),
    ];
  },
  octets: () => octetsOfUser(user),
  tells: { directoryUser: user },
});

/** Addresses stand in the row, and in a table of their own with its index. */
const octetsOfUser = (user: DirectoryUser): number => 3 * jsonOctets(user);

/** Conflicts where a group has a name that folds to the same. */
export const insertDirectoryGroup = (group: DirectoryGroup): Write => ({
  statements: () =>
    insertUnique('DirectoryGroup', directoryGroupRow(group), { kind: 'directoryName', name: group.displayName }),
  octets: () => octetsOfGroup(group),
});

interface UpdatedGroup {
  readonly id: string;
  /** Null: whichever version it has. */
  readonly version: number | null;
  /** Attributes that are left out stay. */
  readonly attributes: Partial<DirectoryGroupAttributes>;
  readonly at: Date;
}

/**
 * Counts the group's version on; conflicts where the group is gone, has another version, or the new name is taken.
 */
export const updateDirectoryGroup = ({ id, version, attributes, at }: UpdatedGroup): Write => ({
  statements() {
    const { displayName, externalId } = attributes;
    const columns: Readonly<Record<string, ColumnValue>> = {
      ...(displayName !== undefined && { displayName, displayKey: foldedName(displayName) }),
      ...(externalId !== undefined && { externalId }),
      changedAt: at,
    };
    return {
      sql: `UPDATE "DirectoryGroup" SET ${assignments(columns)}, "version" = "version" + 1
        WHERE "id" = ?${version === null ? '' : ' AND "version" = ?'}`,
      parameters: [...Object.values(columns), id, ...(version === null ? [] : [version])],
      unlessChanged: { kind: 'directoryGroup', id },
      ifTaken: () => ({ kind: 'directoryName', name: displayName ?? '' }),
    };
  },
  octets: () => octetsOfGroup(attributes),
});

/** Names stand in the row in two spellings, and in an index. */
const octetsOfGroup = (attributes: Partial<DirectoryGroupAttributes>): number => 3 * jsonOctets(attributes);

/** A group that its members lose, because this principal says so. */
interface LostGroup {
  readonly id: string;
  readonly by: string;
}

interface DeletedGroup extends LostGroup {
  /** Null: whichever version it has. */
  readonly version: number | null;
}

/** Records the loss of each member. */
export const deleteDirectoryGroup = ({ id, version, by }: DeletedGroup): Write => ({
  statements: (dialect) => [
    noteLosses(id, by, dialect),
    { sql: `DELETE FROM "DirectoryMembership" WHERE "groupN" = ${groupN}`, parameters: [id] },
    {
      sql: `DELETE FROM "DirectoryGroup" WHERE "id" = ?${version === null ? '' : ' AND "version" = ?'}`,
      parameters: [id, ...(version === null ? [] : [version])],
      unlessChanged: { kind: 'directoryGroup', id },
    },
  ],
});

interface ChangedMembers extends LostGroup {
  readonly change: MembershipChange;
}

/**
 * Leaves out whoever is not listed, and records the loss of each who is taken out. Rows come and go one by one, so
 * changes of others at the same time are never undone.
 */
export const changeDirectoryMembers = ({ id, change: { kind, ids }, by }: ChangedMembers): Write => ({
  statements(dialect) {
    const given = dialect.jsonTexts();
    const add: Statement = {
      sql: `INSERT INTO "DirectoryMembership" ("groupN", "userN") SELECT "g"."n", "u"."n"
        FROM ${given} AS "given" CROSS JOIN "DirectoryGroup" AS "g" JOIN "DirectoryUser" AS "u" ON "u"."id" = "given"."value"
        WHERE "g"."id" = ? AND "u"."deletedAt" IS NULL ON CONFLICT DO NOTHING`,
      parameters: [ids, id],
    };
    const takeOut = (whom: string, who: Statement['parameters']): readonly Statement[] => [
      noteLosses(id, by, dialect, whom, who),
      { sql: `DELETE FROM "DirectoryMembership" WHERE "groupN" = ${groupN} ${whom}`, parameters: [id, ...who] },
    ];
    switch (kind) {
      case 'add':
        return ids.length === 0 ? [] : [add];
      case 'remove':
        return takeOut(`AND "userN" ${dialect.isAmong(numbersOf(given))}`, [ids]);
      case 'replace':
        return ids.length === 0
          ? takeOut('', [])
          : [...takeOut(`AND "userN" NOT IN (${numbersOf(given)})`, [ids]), add];
    }
  },
});

/** Records the loss of each member: policies know the group by another name from now on. */
export const loseDirectoryGroup = ({ id, by }: LostGroup): Write => ({
  statements: (dialect) => noteLosses(id, by, dialect),
});

/** Forgets losses of which everything that follows is done, by their numbers. */
export const forgetDirectoryLosses = (ns: readonly bigint[]): Write => ({
  statements: (dialect) => ({
    sql: `DELETE FROM "DirectoryLoss" WHERE "n" ${dialect.isAmong(`SELECT CAST("given"."value" AS BIGINT) FROM ${dialect.jsonTexts()} AS "given"`)}`,
    parameters: [ns.map(String)],
  }),
});

const assignments = (columns: object): string =>
  Object.keys(columns)
    .map((name) => `${quoted(name)} = ?`)
    .join(', ');

const userN = '(SELECT "n" FROM "DirectoryUser" WHERE "id" = ?)';
const groupN = '(SELECT "n" FROM "DirectoryGroup" WHERE "id" = ?)';

const insertEmails = ({ id, emails }: DirectoryUser): readonly Statement[] =>
  emails.map(({ value, type }) => ({
    sql: `INSERT INTO "DirectoryEmail" ("key", "type", "userN") SELECT ?, ?, "n" FROM "DirectoryUser" WHERE "id" = ? ON CONFLICT DO NOTHING`,
    parameters: [foldedName(value), foldedName(type ?? ''), id],
  }));

/** How many people lose a group by one row: few enough to be looked at in one step. */
const lostTogether = 100;

/** It is the database that knows who is in the group at this moment. */
const noteLosses = (
  id: string,
  by: string,
  dialect: SqlDialect,
  whom = '',
  who: Statement['parameters'] = [],
): Statement => ({
  sql: `INSERT INTO "DirectoryLoss" ("userNs", "lostBy") SELECT ${dialect.commaSeparated('CAST("userN" AS TEXT)')}, ? FROM
    (SELECT "userN", (ROW_NUMBER() OVER (ORDER BY "userN") - 1) / ${String(lostTogether)} AS "part"
      FROM "DirectoryMembership" WHERE "groupN" = ${groupN} ${whom}) AS "lost" GROUP BY "part" ORDER BY "part"`,
  parameters: [by, id, ...who],
});

const numbersOf = (given: string): string =>
  `SELECT "u"."n" FROM ${given} AS "given" CROSS JOIN "DirectoryUser" AS "u" WHERE "u"."id" = "given"."value"`;

/** A row as `ReadRows` answers it: each database has its own forms of numbers, booleans, instants and JSON. */
export type UserRead = Record<keyof UserRow, unknown>;
export type GroupRead = Record<keyof GroupRow, unknown>;

const instant = (value: unknown): Date => new Date(value as number | Date);
const instantOrNull = (value: unknown): Date | null => (value === null ? null : instant(value));

/** The columns that `standingOf` reads. */
export const standingRead = [
  ...(['id', 'principal', 'active', 'deletedAt'] as const),
  ...(['predecessor', 'reusedSince', 'succeededAt'] as const),
] as const;
export type StandingRead = Pick<UserRead, (typeof standingRead)[number] | 'n' | 'principalKey'>;

export function standingOf(row: Pick<UserRead, (typeof standingRead)[number]>): DirectoryStanding {
  const since = instantOrNull(row.reusedSince);
  return {
    id: row.id as string,
    username: row.principal as string | null,
    active: Boolean(row.active),
    deletedAt: instantOrNull(row.deletedAt),
    reuse: since === null ? null : { predecessor: row.predecessor as string, since },
    succeededAt: instantOrNull(row.succeededAt),
  };
}

export function directoryUserOf(row: UserRead): DirectoryUser {
  return {
    ...standingOf(row),
    person: row.person as string,
    userName: row.userName as string,
    externalId: row.externalId as string | null,
    displayName: row.displayName as string | null,
    name: jsonRead(row.name) as DirectoryUser['name'],
    emails: jsonRead(row.emails) as DirectoryUser['emails'],
    version: Number(row.version),
    createdAt: instant(row.createdAt),
    changedAt: instant(row.changedAt),
    inactiveSince: instantOrNull(row.inactiveSince),
    blockedAt: instantOrNull(row.blockedAt),
    left: row.left === null ? null : (jsonRead(row.left) as DirectoryLeaving),
  };
}

export const directoryGroupOf = (row: GroupRead): DirectoryGroup => ({
  id: row.id as string,
  displayName: row.displayName as string,
  externalId: row.externalId as string | null,
  version: Number(row.version),
  createdAt: instant(row.createdAt),
  changedAt: instant(row.changedAt),
});

/** The columns of attributes that are compared as names are. */
const asNames = { userName: 'liveName', displayName: 'displayKey' } as const;

/** Whether a user `"u"` has this value. */
export function userCondition(condition: UserCondition): Condition {
  switch (condition.attribute) {
    case 'id':
    case 'externalId':
      return { sql: `"u".${quoted(condition.attribute)} = ?`, parameters: [condition.value] };
    case 'userName':
    case 'displayName':
      return { sql: `"u".${quoted(asNames[condition.attribute])} = ?`, parameters: [foldedName(condition.value)] };
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

/** Whether a group `"g"` has this value. */
export function groupCondition({ attribute, value }: GroupCondition): Condition {
  switch (attribute) {
    case 'id':
    case 'externalId':
      return { sql: `"g".${quoted(attribute)} = ?`, parameters: [value] };
    case 'displayName':
      return { sql: '"g"."displayKey" = ?', parameters: [foldedName(value)] };
    case 'member':
      return {
        sql: `"g"."n" IN (SELECT "m"."groupN" FROM "DirectoryMembership" AS "m"
          WHERE "m"."userN" = (SELECT "n" FROM "DirectoryUser" WHERE "id" = ?))`,
        parameters: [value],
      };
  }
}
