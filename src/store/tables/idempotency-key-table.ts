import type { IdempotencyEntry, IdempotencyScope } from '../../model/idempotency.js';
import { Prisma } from '../generated/sqlite/browser.js';
import type { PrismaClient } from '../generated/sqlite/client.js';
import { insertUnique, rowOf, storedJson, type StatementsBy } from '../steps/statement.js';

export const idempotencyKeyStatements = {
  insertIdempotencyKey({ entry }) {
    const row = { ...entry, answerStatus: null, answerHeaders: null, answerBody: null };
    return insertUnique('IdempotencyKey', rowOf(Prisma.IdempotencyKeyScalarFieldEnum, row), { kind: 'idempotencyKey' });
  },

  /** The first answer stays. */
  answerIdempotencyKey: ({ scope: { principal, method, path, key }, answer: { status, headers, body } }) => ({
    sql: `UPDATE "IdempotencyKey" SET "answerStatus" = ?, "answerHeaders" = ?, "answerBody" = ?
      WHERE "principal" = ? AND "method" = ? AND "path" = ? AND "key" = ? AND "answerStatus" IS NULL`,
    parameters: [status, headers, body, principal, method, path, key],
    unlessChanged: { kind: 'idempotencyKey' },
  }),

  /** Recovery settles the key of a request that is not finished; its age does not. */
  forgetIdempotencyKeys: ({ createdBefore }, dialect) => ({
    sql: `DELETE FROM "IdempotencyKey" WHERE "createdAt" < ? AND ("answerStatus" IS NOT NULL
      OR replace("requestId", '-', '') NOT IN
        (SELECT ${dialect.hexText('"id"')} FROM "RequestRecord" WHERE "state" IN ('approved', 'issuing')))`,
    parameters: [createdBefore],
  }),
} satisfies Partial<StatementsBy>;

/** Reads the table of Idempotency-Keys. */
export class IdempotencyKeyTable {
  constructor(private readonly prisma: PrismaClient) {}

  async find({ principal, method, path, key }: IdempotencyScope): Promise<IdempotencyEntry | null> {
    const row = await this.prisma.idempotencyKey.findUnique({
      where: { principal_method_path_key: { principal, method, path, key } },
    });
    if (row === null) return null;
    const { answerStatus, answerHeaders, answerBody, ...entry } = row;
    if (answerStatus === null) return { ...entry, answer: null };
    const headers = storedJson<Record<string, string>>(answerHeaders);
    return { ...entry, answer: { status: answerStatus, headers, body: answerBody } };
  }
}
