import type { KeyObject } from 'node:crypto';
import { readSecretFile } from '../config/secrets.js';
import type { WebhookConfig } from '../config/webhook-config.js';
import { httpsSender } from '../webhooks/https-sender.js';
import { readWebhookSecrets } from '../webhooks/sign-webhook.js';
import { attemptMilliseconds, attemptsAtOnce } from '../webhooks/webhook-dispatcher.js';
import type { Webhook, WebhookSender } from '../webhooks/webhook.js';
import type { FilesInForce, InForce, Remarks } from './in-force.js';

/** Opens the way to each webhook, and keeps it equal to the files of its secrets and its CAs. */
export async function openWebhooks(
  configs: readonly WebhookConfig[],
  files: FilesInForce,
): Promise<readonly Webhook[]> {
  const webhooks: Webhook[] = [];
  for (const config of configs) {
    const { name, events, clusters, certificateAuthorityFile } = config;
    const secrets = await secretsInForce(config, files);
    const authority = await files.authority('webhooks', certificateAuthorityFile, { webhook: name });
    webhooks.push({
      name,
      events,
      clusters,
      sender: senderOf(config, authority),
      get secrets() {
        return secrets.current();
      },
    });
  }
  return webhooks;
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
