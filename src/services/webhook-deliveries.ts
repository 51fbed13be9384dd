import type { Outcome } from '../model/outcome.js';
import type { Page, PageQuery } from '../model/page.js';
import type { Principal } from '../model/principal.js';
import type { WebhookDelivery, WebhookDeliveryFilter } from '../model/webhook-delivery.js';

export interface WebhookDeliveryService {
  /** Newest first. */
  list(principal: Principal, filter: WebhookDeliveryFilter, page: PageQuery): Promise<Outcome<Page<WebhookDelivery>>>;
  /** Makes a delivery due at once, however it ended. It keeps its `webhook-id`. */
  retry(principal: Principal, id: string): Promise<Outcome<WebhookDelivery>>;
}
