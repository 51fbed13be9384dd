import { randomBytes, type KeyObject } from 'node:crypto';
import { eventPayload } from '../http/webhook-deliveries/event-payload.js';
import type { Announcement, WebhookDelivery } from '../model/webhook-delivery.js';
import { type WebhookDeliveryService, webhookDeliveryService } from '../webhooks/webhook-delivery-service.js';
import type { Store } from '../store/store.js';
import { deliveriesOf, type Webhook, type WebhookSender } from '../webhooks/webhook.js';
import { WebhookDispatcher, attemptMilliseconds, attemptsAtOnce } from '../webhooks/webhook-dispatcher.js';
import type { Runtime } from './runtime.js';
import { storedOutbox } from '../webhooks/stored-outbox.js';
import { ConfigError, type Config } from '../config/config.js';
import type { WebhookConfig } from '../config/webhook-config.js';
import { readSecretFile } from '../config/secrets.js';
import type { Log } from '../context/context.js';
import { httpsSender } from '../webhooks/https-sender.js';
import { readWebhookSecrets } from '../webhooks/sign-webhook.js';
import { authorityInForce, AllInForce, keepInForce, type InForce } from './in-force.js';

export interface OpenedWebhooks extends WebhooksInForce {
  readonly dispatcher: WebhookDispatcher;
  readonly deliveries: WebhookDeliveryService;
  readonly configured: number;
  /** How many of them fail now. */
  readonly failing: number;
  /** The deliveries that tell the webhooks of a change, to be committed with it. */
  deliveriesOf(announcement: Announcement): readonly WebhookDelivery[];
  /** Makes the dispatcher look for due deliveries. */
  wake(): void;
}

/** Opens the configured webhooks. They are called once the dispatcher starts. Throws `ConfigError` as their files do. */
export async function openWebhooks(
  { config, overrides, clock, random, owner, log, tracing, intervalMilliseconds, closings }: Runtime,
  { webhookDeliveries, writer }: Pick<Store, 'webhookDeliveries' | 'writer'>,
): Promise<OpenedWebhooks> {
  const inForce = await keepWebhooksInForce(config, log, intervalMilliseconds);
  closings.push(() => {
    inForce.stop();
  });
  const { webhooks } = inForce;
  const outbox = storedOutbox(webhookDeliveries, writer);
  const dispatcher = new WebhookDispatcher({
    ...{ webhooks, outbox, clock, random: randomBytes, owner, log, tracing },
    ...(overrides.webhookRoundMilliseconds !== undefined && { roundMilliseconds: overrides.webhookRoundMilliseconds }),
  });
  const wake = () => {
    tracing.outside(() => {
      dispatcher.wake();
    });
  };
  return {
    ...inForce,
    ...{ dispatcher, wake },
    deliveries: webhookDeliveryService({
      ...{ records: outbox, clock, wake },
      webhooks: webhooks.map(({ name }) => name),
    }),
    configured: webhooks.length,
    get failing() {
      return dispatcher.failing;
    },
    deliveriesOf: (announcement) => deliveriesOf(webhooks, random, eventPayload, announcement),
  };
}

/** The configured webhooks, kept equal to the files of their secrets and of the CAs that they trust. */
export interface WebhooksInForce {
  readonly webhooks: readonly Webhook[];
  reload(): Promise<void>;
  /** Whether one of the files cannot be used as it is now. */
  isRefused(): boolean;
  stop(): void;
}

/** Opens the configured webhooks. Throws `ConfigError` with everything that is wrong. */
export async function keepWebhooksInForce(
  { configFile, webhooks }: Config,
  log: Log,
  intervalMilliseconds: number,
): Promise<WebhooksInForce> {
  const errors: string[] = [];
  const opened: Webhook[] = [];
  const files = new AllInForce();
  const times = { log, intervalMilliseconds };
  for (const [i, webhook] of webhooks.entries()) {
    const at = `${configFile ?? ''}:/webhooks/${i}`;
    const { name, events, clusters } = webhook;
    const secrets = await secretsInForce(webhook, times).catch((error: unknown) => wrong(`${at}/secretFile`, error));
    const authority = await authorityInForce(webhook.certificateAuthorityFile, { webhook: name }, times).catch(
      (error: unknown) => wrong(`${at}/certificateAuthority`, error),
    );
    if (secrets === undefined || authority === undefined) continue;
    files.add(secrets);
    files.add(authority);
    const sender = senderOf(webhook, authority);
    opened.push({
      ...{ name, events, clusters, sender },
      get secrets() {
        return secrets.current();
      },
    });
  }
  if (errors.length > 0) {
    files.stop();
    throw new ConfigError(errors);
  }
  return {
    webhooks: opened,
    reload: () => files.reload(),
    isRefused: () => files.isRefused(),
    stop: () => {
      files.stop();
    },
  };

  function wrong(place: string, error: unknown): undefined {
    errors.push(`${place}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The secrets in the webhook's file. They change while receivers know old and new ones, so each has to sign. */
function secretsInForce(
  { name, secretFile }: WebhookConfig,
  { log, intervalMilliseconds }: { readonly log: Log; readonly intervalMilliseconds: number },
): Promise<InForce<readonly KeyObject[]>> {
  return keepInForce({
    files: [secretFile],
    async load(warn) {
      const file = await readSecretFile(secretFile);
      if (file.warning !== null) warn({}, file.warning);
      const read = readWebhookSecrets(file.content.toString('utf8'));
      if (!read.ok) throw new Error(`${secretFile}: ${read.message}`);
      return read.secrets;
    },
    isSame: (one, other) =>
      one.length === other.length && one.every((secret, i) => other[i] !== undefined && secret.equals(other[i])),
    intervalMilliseconds,
    log,
    told: {
      fields: { webhook: name },
      replaced: 'other secrets sign the calls of a webhook',
      fieldsOf: (secrets) => ({ secrets: secrets.length }),
      refused: 'the secrets of a webhook were changed and cannot be used: those in force stay',
    },
  });
}

/** Calls the receiver, with new connections once other CAs are in force. Calls under way may still end. */
function senderOf({ url }: WebhookConfig, authority: InForce<string | null>): WebhookSender {
  const open = (certificateAuthority: string | null) =>
    httpsSender({
      ...{ url, certificateAuthority },
      timeoutMilliseconds: attemptMilliseconds,
      connections: attemptsAtOnce,
    });
  let sender = open(authority.current());
  authority.follow((next) => {
    const old = sender;
    sender = open(next);
    setTimeout(() => {
      old.close();
    }, attemptMilliseconds).unref();
  });
  return {
    send: (payload, headers, signal) => sender.send(payload, headers, signal),
    close: () => {
      sender.close();
    },
  };
}
