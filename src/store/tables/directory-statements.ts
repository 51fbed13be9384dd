import type {
  DirectoryGroup,
  DirectoryGroupAttributes,
  DirectoryLeaving,
  DirectoryStanding,
  DirectoryUser,
  MembershipChange,
} from '../../model/directory.js';
import { foldedName } from '@kubepass/inspect/formats';
import type { Prisma } from '../generated/sqlite/client.js';
import {
  insertUnique,
  jsonRead,
  quoted,
  type ColumnValue,
  type Columns,
  type SqlDialect,
  type Statement,
} from '../steps/statement.js';

type UserRow = Prisma.DirectoryUserGetPayload<object>;
type GroupRow = Prisma.DirectoryGroupGetPayload<object>;

/** The row without the number that the database gives it. */
export function directoryUserRow(user: DirectoryUser): Columns<Omit<UserRow, 'n'>> {
  const nameKey = foldedName(user.userName);
  return {
    id: user.id,
    person: user.person,
    userName: user.userName,
    nameKey,
    liveName: user.deletedAt === null ? nameKey : null,
    externalId: user.externalId,
    active: user.active,
    displayName: user.displayName,
    displayKey: user.displayName === null ? null : foldedName(user.displayName),
    name: user.name,
    emails: user.emails,
    principal: user.username,
    principalKey: user.username === null ? null : foldedName(user.username),
    version: user.version,
    createdAt: user.createdAt,
    changedAt: user.changedAt,
    deletedAt: user.deletedAt,
    inactiveSince: user.inactiveSince,
    blockedAt: user.blockedAt,
    predecessor: user.reuse?.predecessor ?? null,
    reusedSince: user.reuse?.since ?? null,
    succeededAt: user.succeededAt,
    left: user.left,
  };
}

export function directoryGroupRow(group: DirectoryGroup): Columns<Omit<GroupRow, 'n'>> {
  return {
    id: group.id,
    displayName: group.displayName,
    displayKey: foldedName(group.displayName),
    externalId: group.externalId,
    version: group.version,
    createdAt: group.createdAt,
    changedAt: group.changedAt,
  };
}

export const insertDirectoryUser = (user: DirectoryUser): readonly Statement[] => [
  insertUnique('DirectoryUser', directoryUserRow(user), { kind: 'directoryName', name: user.userName }),
  ...insertEmails(user),
];

/** Changes a user who still has this version. */
export function updateDirectoryUser(user: DirectoryUser, version: number): readonly Statement[] {
  const { id, createdAt: _, ...columns } = directoryUserRow(user);
  const names = Object.keys(columns);
  return [
    {
      sql: `UPDATE "DirectoryUser" SET ${names.map((name) => `${quoted(name)} = ?`).join(', ')} WHERE "id" = ? AND "version" = ?`,
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
}

const userN = '(SELECT "n" FROM "DirectoryUser" WHERE "id" = ?)';
const groupN = '(SELECT "n" FROM "DirectoryGroup" WHERE "id" = ?)';

const insertEmails = ({ id, emails }: DirectoryUser): readonly Statement[] =>
  emails.map(({ value, type }) => ({
    sql: `INSERT INTO "DirectoryEmail" ("key", "type", "userN") SELECT ?, ?, "n" FROM "DirectoryUser" WHERE "id" = ? ON CONFLICT DO NOTHING`,
    parameters: [foldedName(value), foldedName(type ?? ''), id],
  }));

export const insertDirectoryGroup = (group: DirectoryGroup): Statement =>
  insertUnique('DirectoryGroup', directoryGroupRow(group), { kind: 'directoryName', name: group.displayName });

/** Changes a group, and counts its version on. `version` null: whichever version it has. */
export function updateDirectoryGroup(
  id: string,
  version: number | null,
  attributes: Partial<DirectoryGroupAttributes>,
  at: Date,
): Statement {
  const { displayName, externalId } = attributes;
  const columns: Readonly<Record<string, ColumnValue>> = {
    ...(displayName !== undefined && { displayName, displayKey: foldedName(displayName) }),
    ...(externalId !== undefined && { externalId }),
    changedAt: at,
  };
  const names = Object.keys(columns);
  return {
    sql: `UPDATE "DirectoryGroup" SET ${names.map((name) => `${quoted(name)} = ?`).join(', ')}, "version" = "version" + 1
      WHERE "id" = ?${version === null ? '' : ' AND "version" = ?'}`,
    parameters: [...Object.values(columns), id, ...(version === null ? [] : [version])],
    unlessChanged: { kind: 'directoryGroup', id },
    ifTaken: () => ({ kind: 'directoryName', name: displayName ?? '' }),
  };
}

export const deleteDirectoryGroup = (
  id: string,
  version: number | null,
  by: string,
  dialect: SqlDialect,
): readonly Statement[] => [
  loseDirectoryGroup(id, by, dialect),
  { sql: `DELETE FROM "DirectoryMembership" WHERE "groupN" = ${groupN}`, parameters: [id] },
  {
    sql: `DELETE FROM "DirectoryGroup" WHERE "id" = ?${version === null ? '' : ' AND "version" = ?'}`,
    parameters: [id, ...(version === null ? [] : [version])],
    unlessChanged: { kind: 'directoryGroup', id },
  },
];

/** How many people lose a group by one row: few enough to be looked at in one step. */
const lostTogether = 100;

/** It is the database that knows who is in the group at this moment. */
export const loseDirectoryGroup = (id: string, by: string, dialect: SqlDialect): Statement =>
  noteLosses(id, by, dialect, '', []);

const noteLosses = (
  id: string,
  by: string,
  dialect: SqlDialect,
  whom: string,
  ids: Statement['parameters'],
): Statement => ({
  sql: `INSERT INTO "DirectoryLoss" ("userNs", "lostBy") SELECT ${dialect.commaSeparated('CAST("userN" AS TEXT)')}, ? FROM
    (SELECT "userN", (ROW_NUMBER() OVER (ORDER BY "userN") - 1) / ${String(lostTogether)} AS "part"
      FROM "DirectoryMembership" WHERE "groupN" = ${groupN} ${whom}) AS "lost" GROUP BY "part" ORDER BY "part"`,
  parameters: [by, id, ...ids],
});

export const forgetDirectoryLosses = (ns: readonly bigint[], dialect: SqlDialect): Statement => ({
  sql: `DELETE FROM "DirectoryLoss" WHERE "n" ${dialect.isAmong(`SELECT CAST("given"."value" AS BIGINT) FROM ${dialect.jsonTexts()} AS "given"`)}`,
  parameters: [ns.map(String)],
});

/** Rows come and go one by one, so changes of others at the same time are never undone. */
export function changeDirectoryMembers(
  id: string,
  change: MembershipChange,
  by: string,
  dialect: SqlDialect,
): readonly Statement[] {
  const given = dialect.jsonTexts();
  const add: Statement = {
    sql: `INSERT INTO "DirectoryMembership" ("groupN", "userN") SELECT "g"."n", "u"."n"
      FROM ${given} AS "given" CROSS JOIN "DirectoryGroup" AS "g" JOIN "DirectoryUser" AS "u" ON "u"."id" = "given"."value"
      WHERE "g"."id" = ? AND "u"."deletedAt" IS NULL ON CONFLICT DO NOTHING`,
    parameters: [change.ids, id],
  };
  const takeOut = (whom: string, ids: Statement['parameters']): readonly Statement[] => [
    noteLosses(id, by, dialect, whom, ids),
    { sql: `DELETE FROM "DirectoryMembership" WHERE "groupN" = ${groupN} ${whom}`, parameters: [id, ...ids] },
  ];
  switch (change.kind) {
    case 'add':
      return change.ids.length === 0 ? [] : [add];
    case 'remove':
      return takeOut(`AND "userN" ${dialect.isAmong(numbersOf(given))}`, [change.ids]);
    case 'replace':
      return change.ids.length === 0
        ? takeOut('', [])
        : [...takeOut(`AND "userN" NOT IN (${numbersOf(given)})`, [change.ids]), add];
  }
}

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
