import type {
  IdempotencyEntry,
  IdempotencyScope,
  IdempotentAnswer,
  NewIdempotencyEntry,
} from '../../model/idempotency.js';
import type { Prisma, PrismaClient } from '../generated/sqlite/client.js';
import { insertUnique, storedJson, type Columns, type SqlDialect, type Statement } from '../steps/statement.js';

const idempotencyKeyColumns = {
  principal: true,
  method: true,
  path: true,
  key: true,
  bodySha256: true,
  requestId: true,
  createdAt: true,
  answerStatus: true,
  answerHeaders: true,
  answerBody: true,
} as const satisfies Prisma.IdempotencyKeySelect;

type IdempotencyKeyRow = Prisma.IdempotencyKeyGetPayload<{ select: typeof idempotencyKeyColumns }>;
type AnswerColumns = Columns<Pick<IdempotencyKeyRow, 'answerStatus' | 'answerHeaders' | 'answerBody'>>;

export function idempotencyKeyRow(entry: NewIdempotencyEntry): Columns<IdempotencyKeyRow> {
  return {
    principal: entry.principal,
    method: entry.method,
    path: entry.path,
    key: entry.key,
    bodySha256: entry.bodySha256,
    requestId: entry.requestId,
    createdAt: entry.createdAt,
    ...answerColumns(null),
  };
}

export function answerColumns(answer: IdempotentAnswer | null): AnswerColumns {
  return {
    answerStatus: answer?.status ?? null,
    answerHeaders: answer?.headers ?? null,
    answerBody: answer?.body ?? null,
  };
}

export const insertIdempotencyKey = (entry: NewIdempotencyEntry): Statement =>
  insertUnique('IdempotencyKey', idempotencyKeyRow(entry), { kind: 'idempotencyKey' });

export function answerIdempotencyKey(
  { principal, method, path, key }: IdempotencyScope,
  answer: IdempotentAnswer,
): Statement {
  const { answerStatus, answerHeaders, answerBody } = answerColumns(answer);
  return {
    // The first answer stays.
    sql: `UPDATE "IdempotencyKey" SET "answerStatus" = ?, "answerHeaders" = ?, "answerBody" = ?
      WHERE "principal" = ? AND "method" = ? AND "path" = ? AND "key" = ? AND "answerStatus" IS NULL`,
    parameters: [answerStatus, answerHeaders, answerBody, principal, method, path, key],
    unlessChanged: { kind: 'idempotencyKey' },
  };
}

export const forgetIdempotencyKeys = (createdBefore: Date, dialect: SqlDialect): Statement => ({
  // Recovery settles the key of a request that is not finished; its age does not.
  sql: `DELETE FROM "IdempotencyKey" WHERE "createdAt" < ? AND ("answerStatus" IS NOT NULL
    OR replace("requestId", '-', '') NOT IN
      (SELECT ${dialect.hexText('"id"')} FROM "RequestRecord" WHERE "state" IN ('approved', 'issuing')))`,
  parameters: [createdBefore],
});

/** Reads the table of Idempotency-Keys. */
export class IdempotencyKeyTable {
  constructor(private readonly prisma: PrismaClient) {}

  async find({ principal, method, path, key }: IdempotencyScope): Promise<IdempotencyEntry | null> {
    const row = await this.prisma.idempotencyKey.findUnique({
      where: { principal_method_path_key: { principal, method, path, key } },
      select: idempotencyKeyColumns,
    });
    return row && idempotencyEntryOf(row);
  }
}

function idempotencyEntryOf(row: IdempotencyKeyRow): IdempotencyEntry {
  const { answerStatus, answerHeaders, answerBody, ...entry } = row;
  if (answerStatus === null) return { ...entry, answer: null };
  const headers = storedJson<Record<string, string>>(answerHeaders);
  return { ...entry, answer: { status: answerStatus, headers, body: answerBody } };
}
