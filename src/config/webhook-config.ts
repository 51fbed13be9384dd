import { webhookEventAliases, type WebhookSettings } from './config-file.js';
import type { WebhookEventType } from '../model/webhook-delivery.js';
import {
  below,
  reportUnlessDnsLabel,
  listed,
  resolveOptional,
  shown,
  whyNotPlain,
  type ReportProblem,
  type Resolve,
} from './setting.js';

/** A configured receiver of events; every path is absolute. */
export interface WebhookConfig {
  /** A DNS label; deliveries name it. */
  readonly name: string;
  /**
   * https, or http to a loopback address; without credentials and fragment. Its path may hold a secret: never log it.
   */
  readonly url: string;
  /** Standard Webhooks secrets, one per line; each of them signs. */
  readonly secretFile: string;
  /** At least one. */
  readonly events: readonly WebhookEventType[];
  /** Names of configured clusters; null: all of them. */
  readonly clusters: readonly string[] | null;
  /** PEM: the CA of the receiver; null: the CAs that Node.js trusts. */
  readonly certificateAuthorityFile: string | null;
}

/** Reads the webhooks of the configuration file; `resolve` makes their paths absolute. `clusters` null: not known. */
export function readWebhooks(
  settings: readonly WebhookSettings[],
  clusters: readonly string[] | null,
  resolve: Resolve,
  report: ReportProblem,
): readonly WebhookConfig[] {
  const names = settings.map(({ name }) => name);
  return settings.map((webhook, i) => {
    const at = below(`/webhooks/${i}`, report);
    if (names.indexOf(webhook.name) !== i) at('/name', `${shown(webhook.name)} is the name of an earlier webhook`);
    return readWebhook(webhook, clusters, resolve, at);
  });
}

function readWebhook(
  { name, url, secretFile, events, clusters = ['*'], certificateAuthority }: WebhookSettings,
  known: readonly string[] | null,
  resolve: Resolve,
  report: ReportProblem,
): WebhookConfig {
  reportUnlessDnsLabel(name, '/name', report);
  const whyNot = whyNotAddress(url);
  if (whyNot !== null) report('/url', whyNot);
  else if (certificateAuthority !== undefined && new URL(url).protocol === 'http:')
    report('/certificateAuthority', 'is for https alone');
  const types = events.map(eventOf);
  for (const [i, type] of types.entries())
    if (types.indexOf(type) !== i) report(`/events/${i}`, `"${events[i] ?? type}" stands there already`);
  for (const [i, cluster] of clusters.entries())
    if (cluster !== '*' && known?.includes(cluster) === false)
      report(`/clusters/${i}`, `is neither "*" nor the name of a configured cluster; there are ${listed(known)}`);
  return {
    name,
    url,
    secretFile: resolve(secretFile),
    events: types,
    clusters: clusters.includes('*') ? null : clusters,
    certificateAuthorityFile: resolveOptional(certificateAuthority, resolve),
  };
}

const eventOf = (name: WebhookSettings['events'][number]): WebhookEventType =>
  name in webhookEventAliases
    ? webhookEventAliases[name as keyof typeof webhookEventAliases]
    : (name as WebhookEventType);

/** Why the URL is refused, or null. The message never repeats the URL, because its path or query may be a secret. */
function whyNotAddress(address: string): string | null {
  // Forms that the URL parser would repair (blanks, backslashes, a missing slash) are refused, so that the URL that is
  // written is the address that is called.
  if (!/^https?:\/\/[^\s\\"'<>/][^\s\\"'<>]*$/.test(address) || !URL.canParse(address)) return 'must be an https URL';
  const url = new URL(address);
  if (
    address
      .slice(address.indexOf('//') + 2)
      .split(/[/?#]/, 1)[0]
      ?.includes('@')
  )
    return 'must not hold credentials: the signature is what tells kubepass';
  if (address.includes('#')) return 'must not have a fragment';
  return whyNotPlain(url);
}
