import type { CertificateRequest } from '../../model/certificate-request.js';
import type {
  IdempotencyEntry,
  IdempotencyScope,
  IdempotentAnswer,
  NewIdempotencyEntry,
} from '../../model/idempotency.js';
import { Prisma } from '../generated/sqlite/browser.js';
import type { PrismaClient } from '../generated/sqlite/client.js';
import { insertUnique, jsonOctets, rowOf, storedJson } from '../steps/statement.js';
import type { Write } from '../steps/step.js';

/** `request`: it stands once more in the answer that is kept with the key. */
export const insertIdempotencyKey = (
  entry: NewIdempotencyEntry,
  request: Pick<CertificateRequest, 'reason' | 'labels' | 'groups'>,
): Write => ({
  statements() {
    const row = { ...entry, answerStatus: null, answerHeaders: null, answerBody: null };
    return insertUnique('IdempotencyKey', rowOf(Prisma.IdempotencyKeyScalarFieldEnum, row), { kind: 'idempotencyKey' });
  },
  octets: () => jsonOctets([request.reason, request.labels, request.groups]),
});

interface AnsweredKey {
  readonly scope: IdempotencyScope;
  readonly answer: IdempotentAnswer;
}

/** The first answer stays. */
export const answerIdempotencyKey = ({
  scope: { principal, method, path, key },
  answer: { status, headers, body },
}: AnsweredKey): Write => ({
  statements: () => ({
    sql: `UPDATE "IdempotencyKey" SET "answerStatus" = ?, "answerHeaders" = ?, "answerBody" = ?
      WHERE "principal" = ? AND "method" = ? AND "path" = ? AND "key" = ? AND "answerStatus" IS NULL`,
    parameters: [status, headers, body, principal, method, path, key],
    unlessChanged: { kind: 'idempotencyKey' },
  }),
});

/**
 * Forgets keys by their age. A key without an answer stays while its request goes on, and then until
 * `unansweredBefore`: whoever renews by a proof has no other way to the certificate.
 */
export const forgetIdempotencyKeys = (createdBefore: Date, unansweredBefore: Date): Write => ({
  statements: (dialect) => ({
    sql: `DELETE FROM "IdempotencyKey" WHERE "createdAt" < ? AND ("answerStatus" IS NOT NULL
      OR ("createdAt" < ? AND replace("requestId", '-', '') NOT IN
        (SELECT ${dialect.hexText('"id"')} FROM "RequestRecord" WHERE "state" IN ('pending', 'approved', 'issuing'))))`,
    parameters: [createdBefore, unansweredBefore],
  }),
});

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
