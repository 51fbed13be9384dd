import { readFile } from 'node:fs/promises';
import { describeCertificateAuthority } from '../cluster/certificate-authorities.js';
import { ConfigError, type Config } from '../config/config.js';
import type { WebhookConfig } from '../config/webhook-config.js';
import { readSecretFile } from '../config/secrets.js';
import type { Log } from '../issuance/context.js';
import { httpsSender } from '../webhooks/https-sender.js';
import { readWebhookSecrets } from '../webhooks/sign-webhook.js';
import { attemptMilliseconds, attemptsAtOnce } from '../webhooks/webhook-dispatcher.js';
import type { Webhook } from '../webhooks/webhook.js';

/** The configured webhooks with what is in their files, read once. Throws `ConfigError` with everything that is wrong. */
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
