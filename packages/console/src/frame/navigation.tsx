import { useLocation } from 'preact-iso/router';
import { api, answerOf } from '../service/client.js';
import { caller, may, type Permission, signOut } from '../service/session.js';
import { problemFrom } from '../service/client.js';
import { Icon, type IconName } from '../parts/icon.js';
import { useData } from '../parts/use-data.js';
import { useKeys, rememberFirst } from '../parts/use-keys.js';
import { waitingCount } from './waiting.js';

/** A page of the navigation. `takes`: one of these permissions; absent: everybody's. `key`: after `g`. */
interface Place {
  readonly path: string;
  readonly name: string;
  readonly icon: IconName;
  readonly key?: string;
  readonly takes?: readonly Permission[];
}

export const places: readonly Place[] = [
  { path: '/console/requests', name: 'Requests', icon: 'requests', key: 'r' },
  { path: '/console/ask', name: 'Ask', icon: 'ask', takes: ['request-certificates'] },
  { path: '/console/identities', name: 'Identities', icon: 'identities', key: 'i', takes: ['read-identities'] },
  { path: '/console/certificates', name: 'Certificates', icon: 'certificates', key: 'c' },
  { path: '/console/policies', name: 'Policies', icon: 'policies', key: 'p', takes: ['evaluate-policies'] },
  { path: '/console/clusters', name: 'Clusters', icon: 'clusters', key: 'l', takes: ['evaluate-policies'] },
  { path: '/console/audit', name: 'Audit', icon: 'audit', key: 'a', takes: ['read-audit-events'] },
  { path: '/console/inspect', name: 'Inspect', icon: 'inspect', takes: ['inspect-uploads'] },
  { path: '/console/directory', name: 'Directory', icon: 'directory', takes: ['read-directory'] },
  { path: '/console/webhooks', name: 'Webhooks', icon: 'webhooks', takes: ['read-webhook-deliveries'] },
  { path: '/console/tokens', name: 'API tokens', icon: 'tokens', takes: ['manage-api-tokens'] },
  { path: '/console/sessions', name: 'Sessions', icon: 'sessions', takes: ['manage-sessions'] },
];

export const offered = (): readonly Place[] => places.filter(({ takes }) => takes?.some(may) ?? true);

/** The pages that the caller may open, and who they are. */
export function Navigation() {
  const { path, route } = useLocation();
  const who = caller.value;
  const approves = may('approve-requests');
  useData(() => (approves ? countWaiting() : Promise.resolve()), [approves], ['certificate-requests']);
  useKeys({
    g: () => rememberFirst('g'),
    ...Object.fromEntries(offered().flatMap(({ key, path }) => (key ? [[`g ${key}`, () => route(path)]] : []))),
  });
  if (!who) return null;
  return (
    <nav class="rail" aria-label="Console">
      <a class="brand" href="/console/">
        kubepass
      </a>
      {offered().map(({ path: to, name, icon }) => (
        <a key={to} href={to} title={name} {...(path.startsWith(to) && { 'aria-current': 'page' })}>
          <Icon name={icon} />
          <span>{name}</span>
          {name === 'Requests' && waitingCount.value !== '' && (
            <span class="count">
              {waitingCount}
              <span class="hidden"> waiting for you</span>
            </span>
          )}
        </a>
      ))}
      <div class="me">
        <a href="/console/me" title={who.name} {...(path === '/console/me' && { 'aria-current': 'page' })}>
          <Icon name="me" />
          <span>
            <b>
              <bdi>{who.name}</bdi>
            </b>
            <span class="muted">{who.roles.join(', ') || 'no role'}</span>
          </span>
        </a>
        <button type="button" class="quiet" onClick={() => void problemFrom(signOut)}>
          Sign out
        </button>
      </div>
    </nav>
  );
}

/** As many as one page of the API has. */
const most = 100;

async function countWaiting(): Promise<void> {
  const { items, nextCursor } = await answerOf(
    api.GET('/v1/certificate-requests', { params: { query: { awaiting: 'me', limit: most } } }),
  );
  const isMore = nextCursor !== null;
  waitingCount.value = items.length === 0 && !isMore ? '' : isMore ? `${most}+` : String(items.length);
}
