import type { IdempotencyEntry, IdempotencyScope } from '../../model/idempotency.js';
import type { PrismaClient } from '../generated/sqlite/client.js';
import { idempotencyEntryOf, idempotencyKeyColumns } from '../tables/idempotency-key-table.js';
import type { IdempotencyReader } from '../store.js';

export class IdempotencyKeyReader implements IdempotencyReader {
  constructor(private readonly prisma: PrismaClient) {}

  async find({ principal, method, path, key }: IdempotencyScope): Promise<IdempotencyEntry | null> {
    const row = await this.prisma.idempotencyKey.findUnique({
      where: { principal_method_path_key: { principal, method, path, key } },
      select: idempotencyKeyColumns,
    });
    return row && idempotencyEntryOf(row);
  }
}
