import type { IdempotencyEntry, IdempotentAnswer, NewIdempotencyEntry } from '../../model/idempotency.js';
import { type Columns, storedJson } from '../columns.js';
import type { Prisma } from '../generated/sqlite/client.js';

export const idempotencyKeyColumns = {
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

export function idempotencyEntryOf(row: IdempotencyKeyRow): IdempotencyEntry {
  const { answerStatus, answerHeaders, answerBody, ...entry } = row;
  if (answerStatus === null) return { ...entry, answer: null };
  const headers = storedJson<Record<string, string>>(answerHeaders);
  return { ...entry, answer: { status: answerStatus, headers, body: answerBody } };
}
