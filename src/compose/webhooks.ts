import { readFile } from 'node:fs/promises';
import { describeCertificateAuthority } from '../cluster/certificate-authorities.js';
import { ConfigError, type Config } from '../config/config.js';
import type { WebhookConfig } from '../config/webhook-config.js';
import { readSecretFile } from '../config/secrets.js';
import type { Log } from '../issuance/context.js';
import type { AuditEventDraft } from '../model/audit-event.js';
import type { Operation, Writer } from '../store/step.js';
import type { WebhookDeliveryReader } from '../store/store.js';
import { httpsSender } from '../webhooks/https-sender.js';
import { readWebhookSecrets } from '../webhooks/sign-webhook.js';
import type { DeliveryRecords } from '../webhooks/webhook-delivery-service.js';
import { type Outbox, attemptMilliseconds, attemptsAtOnce } from '../webhooks/webhook-dispatcher.js';
import type { Webhook } from '../webhooks/webhook.js';

/**
 * The configured webhooks, with the content of their files, read once. Throws `ConfigError` with everything that is
 * wrong.
 */
export async function openWebhooks({ configFile, webhooks }: Config, log: Log): Promise<readonly Webhook[]> {
  const errors: string[] = [];
  const opened: Webhook[] = [];
  for (const [i, webhook] of webhooks.entries()) {
    const at = `${configFile ?? ''}:/webhooks/${i}`;
    const secrets = await secretsOf(webhook, log).catch((error: unknown) => wrong(`${at}/secretFile`, error));
    const authority = await authorityOf(webhook).catch((error: unknown) => wrong(`${at}/certificateAuthority`, error));
    if (secrets === undefined || authority === undefined) continue;
    opened.push({
      name: webhook.name,
      events: webhook.events,
      clusters: webhook.clusters,
      secrets,
      sender: httpsSender({
        url: webhook.url,
        certificateAuthority: authority,
        timeoutMilliseconds: attemptMilliseconds,
        connections: attemptsAtOnce,
      }),
    });
  }
  if (errors.length > 0) throw new ConfigError(errors);
  return opened;

  function wrong(place: string, error: unknown): undefined {
    errors.push(`${place}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function secretsOf({ secretFile }: WebhookConfig, log: Log) {
  const file = await readSecretFile(secretFile);
  if (file.warning !== null) log.warn({}, file.warning);
  const read = readWebhookSecrets(file.content.toString('utf8'));
  if (!read.ok) throw new Error(`${secretFile}: ${read.message}`);
  return read.secrets;
}

async function authorityOf({ certificateAuthorityFile }: WebhookConfig): Promise<string | null> {
  if (certificateAuthorityFile === null) return null;
  const { pem, certificates } = describeCertificateAuthority(await readFile(certificateAuthorityFile, 'utf8'));
  if (certificates.length === 0) throw new Error(`${certificateAuthorityFile} holds no certificate`);
  return pem;
}

/** The outbox as the store keeps it; each change is one commit with its audit events. */
export function storedOutbox(reader: WebhookDeliveryReader, writer: Writer): Outbox & DeliveryRecords {
  const commit = async (operation: Operation, events: readonly AuditEventDraft[] = []) =>
    (await writer.commit({ operations: [operation], events })).committed;
  return {
    due: (webhook, now, limit) => reader.due(webhook, now, limit),
    begin: ({ id, owner, attempt }, now, leaseUntil) =>
      commit({ op: 'beginWebhookAttempt', id, owner, attempt, now, leaseUntil }),
    end: ({ id, owner, attempt }, at, end, events) =>
      commit({ op: 'endWebhookAttempt', id, owner, attempt, at, end }, events),
    waitingForOthers: (webhooks, limit) => reader.waitingForOthers(webhooks, limit),
    abandon: (id, failure, at, event) => commit({ op: 'abandonWebhook', id, failure, at }, [event]),
    async forget(deliveredBefore, deadBefore) {
      await commit({ op: 'forgetWebhooks', deliveredBefore, deadBefore });
    },
    list: (filter, page) => reader.list(filter, page),
    find: (id) => reader.find(id),
    async retry(id, at, event) {
      await commit({ op: 'retryWebhook', id, at }, [event]);
    },
  };
}

/** A writer that calls `wake` after each commit that puts something into the outbox. */
export function wakingWriter(writer: Writer, wake: () => void): Writer {
  return {
    async commit(step) {
      const result = await writer.commit(step);
      if (result.committed && step.operations.some(({ op }) => op === 'enqueueWebhooks')) wake();
      return result;
    },
  };
}
