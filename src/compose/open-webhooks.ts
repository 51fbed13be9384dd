import { randomBytes, type KeyObject } from 'node:crypto';
import { readSecretFile } from '../config/secrets.js';
import type { WebhookConfig } from '../config/webhook-config.js';
import { eventPayload } from '../http/webhook-deliveries/event-payload.js';
import type { Announcement, WebhookDelivery } from '../model/webhook-delivery.js';
import type { Store } from '../store/store.js';
import { httpsSender } from '../webhooks/https-sender.js';
import { readWebhookSecrets } from '../webhooks/sign-webhook.js';
import { WebhookDispatcher, attemptMilliseconds, attemptsAtOnce } from '../webhooks/webhook-dispatcher.js';
import { deliveriesOf, type Webhook, type WebhookSender } from '../webhooks/webhook.js';
import type { FilesInForce, InForce, Remarks } from './in-force.js';
import type { Runtime } from './runtime.js';

export interface OpenedWebhooks {
  readonly dispatcher: WebhookDispatcher;
  /** The names of the configured webhooks. */
  readonly names: readonly string[];
  /** How many of them fail now. */
  readonly failing: number;
  /** The deliveries that tell the webhooks of a change, to be committed with it. */
  readonly deliveriesOf: (announcement: Announcement) => readonly WebhookDelivery[];
  /** Makes the dispatcher look for due deliveries. */
  readonly wake: () => void;
}

/** Opens the webhooks, which the dispatcher calls once it starts. */
export async function openWebhooks(
  { config, overrides, clock, random, owner, log, tracing, files }: Runtime,
  store: Pick<Store, 'webhookDeliveries' | 'writer'>,
): Promise<OpenedWebhooks> {
  const webhooks: Webhook[] = [];
  for (const webhook of config.webhooks) {
    const { name, events, clusters, certificateAuthorityFile } = webhook;
    const secrets = await secretsInForce(webhook, files);
    const authority = await files.authority('webhooks', certificateAuthorityFile, { webhook: name });
    webhooks.push({
      name,
      events,
      clusters,
      sender: senderOf(webhook, authority),
      get secrets() {
        return secrets.current();
      },
    });
  }
  const dispatcher = new WebhookDispatcher({
    webhooks,
    store,
    clock,
    random: randomBytes,
    owner,
    log,
    tracing,
    ...(overrides.webhookRoundMilliseconds !== undefined && { roundMilliseconds: overrides.webhookRoundMilliseconds }),
  });
  const wake = () => tracing.outside(() => dispatcher.wake());
  return {
    dispatcher,
    names: webhooks.map(({ name }) => name),
    get failing() {
      return dispatcher.failing;
    },
    deliveriesOf: deliveriesOf(webhooks, random, eventPayload, tracing),
    wake,
  };
}

/** The secrets in the webhook's file. They change while receivers know old and new ones, so each has to sign. */
const secretsInForce = (
  { name, secretFile }: WebhookConfig,
  files: FilesInForce,
): Promise<InForce<readonly KeyObject[]>> =>
  files.keep('webhooks', {
    files: [secretFile],
    load: (remarks) => readSecretsOf(secretFile, remarks),
    isSame: (one, other) =>
      one.length === other.length && one.every((secret, i) => other[i] !== undefined && secret.equals(other[i])),
    told: {
      fields: { webhook: name },
      replaced: 'other secrets sign the calls of a webhook',
      fieldsOf: (secrets) => ({ secrets: secrets.length }),
      refused: 'the secrets of a webhook were changed and cannot be used: those in force stay',
    },
  });

/** The secrets in a file of a webhook. Throws where it holds none. */
export async function readSecretsOf(file: string, remarks: Remarks): Promise<readonly KeyObject[]> {
  const read = readWebhookSecrets((await readSecretFile(file, remarks)).toString('utf8'));
  if (!read.ok) throw new Error(`${file}: ${read.message}`);
  return read.secrets;
}

/** Calls the receiver, with new connections once other CAs are in force. Calls under way may still end. */
function senderOf({ url }: WebhookConfig, authority: InForce<string | null>): WebhookSender {
  const open = (certificateAuthority: string | null) =>
    httpsSender({
      url,
      certificateAuthority,
      timeoutMilliseconds: attemptMilliseconds,
      connections: attemptsAtOnce,
    });
  let sender = open(authority.current());
  authority.follow((next) => {
    const old = sender;
    sender = open(next);
    setTimeout(() => old.close(), attemptMilliseconds).unref();
  });
  return {
    send: (payload, headers, signal) => sender.send(payload, headers, signal),
    close: () => sender.close(),
  };
}
