import type { Page, PageQuery } from '../../model/page.js';
import type { WebhookDelivery, WebhookDeliveryFilter } from '../../model/webhook-delivery.js';
import type { Prisma, PrismaClient } from '../generated/sqlite/client.js';
import { webhookDeliveryColumns, webhookDeliveryOf } from '../tables/webhook-delivery-table.js';
import type { WebhookDeliveryReader as WebhookDeliveryReaderPort } from '../store.js';
import { invalidCursor, readPage } from '../tables/read-page.js';

export class WebhookDeliveryReader implements WebhookDeliveryReaderPort {
  constructor(private readonly prisma: PrismaClient) {}

  async find(id: string): Promise<WebhookDelivery | null> {
    const row = await this.prisma.webhookDelivery.findUnique({ where: { id }, select: webhookDeliveryColumns });
    return row && webhookDeliveryOf(row);
  }

  list(filter: WebhookDeliveryFilter, page: PageQuery): Promise<Page<WebhookDelivery>> {
    return readPage(
      page,
      { order: 'webhook-deliveries/newest', keyOf: (row: { id: string }) => [row.id] },
      (after, take) =>
        this.prisma.webhookDelivery.findMany({
          where: { AND: [where(filter), ...(after ? [olderThan(after)] : [])] },
          orderBy: { id: 'desc' },
          take,
          select: webhookDeliveryColumns,
        }),
      webhookDeliveryOf,
    );
  }

  async due(webhook: string, now: Date, limit: number): Promise<readonly WebhookDelivery[]> {
    const rows = await this.prisma.webhookDelivery.findMany({
      where: { state: 'waiting', webhook, nextAttemptAt: { lte: now } },
      orderBy: { nextAttemptAt: 'asc' },
      take: limit,
      select: webhookDeliveryColumns,
    });
    return rows.map(webhookDeliveryOf);
  }

  async waitingForOthers(webhooks: readonly string[], limit: number): Promise<readonly WebhookDelivery[]> {
    const rows = await this.prisma.webhookDelivery.findMany({
      where: { state: 'waiting', webhook: { notIn: [...webhooks] } },
      take: limit,
      select: webhookDeliveryColumns,
    });
    return rows.map(webhookDeliveryOf);
  }
}

function where(filter: WebhookDeliveryFilter): Prisma.WebhookDeliveryWhereInput {
  return {
    ...(filter.state !== undefined && { state: filter.state }),
    ...(filter.webhook !== undefined && { webhook: filter.webhook }),
    ...(filter.requestId !== undefined && { requestId: filter.requestId }),
  };
}

function olderThan([id]: readonly string[]): Prisma.WebhookDeliveryWhereInput {
  if (id === undefined) throw invalidCursor();
  return { id: { lt: id } };
}
