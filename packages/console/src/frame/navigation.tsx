import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { Icon } from '../parts/icon.js';
import { useData } from '../parts/data.js';
import { shownPath, waitingCount } from '../parts/page.js';
import { answerOf, api, problemFrom } from '../service/client.js';
import { caller, may, signOut } from '../service/session.js';
import { notSignedOut } from './notices.js';
import { offered } from './places.js';
import { open } from './shortcuts.js';

/** The pages that the caller may open, and who they are. */
export function Navigation() {
  // While the service is away, the page stays, and the address may be that of the next one.
  const path = shownPath.value;
  const who = caller.value;
  const approves = may('approve-requests');
  useData(() => (approves ? countWaiting() : Promise.resolve()), [approves], ['certificate-requests']);
  /** On a phone the places are behind a button. */
  const isOpen = useSignal(false);
  const button = useRef<HTMLButtonElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !isOpen.value) return;
    event.preventDefault();
    isOpen.value = false;
    button.current?.focus();
  };
  if (!who) return null;
  const isAt = (to: string) =>
    `${path}/`.startsWith(`${to.replace(/\/$/, '')}/`) && (to !== '/console/' || path === '/console');
  return (
    <nav class={isOpen.value ? 'rail open' : 'rail'} aria-label="Console" onKeyDown={onKeyDown}>
      <a class="brand" href="/console/">
        kubepass
      </a>
      <button type="button" aria-keyshortcuts="Control+K" onClick={() => (open.value = 'go-to')}>
        Go to … <kbd>Ctrl K</kbd>
      </button>
      <button
        type="button"
        ref={button}
        class="menu"
        aria-expanded={isOpen.value}
        aria-controls="places"
        onClick={() => (isOpen.value = !isOpen.value)}
      >
        Menu
        {waitingCount.value !== '' && (
          <span class="count" aria-hidden="true">
            {waitingCount}
          </span>
        )}
      </button>
      <div class="places" id="places" onClick={() => (isOpen.value = false)}>
        {offered().map(({ path: to, name, icon }) => (
          <a key={to} href={to} title={name} {...(isAt(to) && { 'aria-current': 'page' })}>
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
          <a href="/console/me" title={who.name} {...(isAt('/console/me') && { 'aria-current': 'page' })}>
            <Icon name="me" />
            <span>
              <b>
                <bdi>{who.name}</bdi>
              </b>
              <span class="muted">{who.roles.join(', ') || 'no role'}</span>
            </span>
          </a>
          <button type="button" onClick={() => void leave()}>
            Sign out
          </button>
          <button type="button" aria-keyshortcuts="?" onClick={() => (open.value = 'help')}>
            Keys <kbd>?</kbd>
          </button>
        </div>
      </div>
    </nav>
  );
}

const leave = async (): Promise<void> => void (notSignedOut.value = await problemFrom(signOut));

/** As many as one page of the API has. */
const most = 100;

async function countWaiting(): Promise<void> {
  const { items, nextCursor } = await answerOf(
    api.GET('/v1/certificate-requests', { params: { query: { awaiting: 'me', limit: most } } }),
  );
  const isMore = nextCursor !== null;
  waitingCount.value = items.length === 0 && !isMore ? '' : isMore ? `${most}+` : String(items.length);
}
