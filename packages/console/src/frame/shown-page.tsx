import type { ComponentType } from 'preact';
import { LocationProvider, Route, Router, useLocation } from 'preact-iso/router';
import { useEffect, useErrorBoundary, useReducer, useRef } from 'preact/hooks';
import { Beyond } from '../pages/beyond.js';
import { NotFound } from '../pages/not-found.js';
import { moved, Page, shownPath } from '../parts/page.js';
import { permissionFor } from '../parts/permitted.js';
import { following, goOn } from '../service/changes.js';
import { may } from '../service/session.js';
import { pageAt, type AddressedPage } from './addresses.js';
import { updated } from './notices.js';

/** The pages whose scripts are here. */
const brought = new Map<AddressedPage, ComponentType>();

/** The component of a page; undefined while its script is not here. */
function componentOf(page: AddressedPage | undefined): ComponentType | undefined {
  if (page === undefined) return NotFound;
  const takes = permissionFor(page.path);
  return takes !== undefined && !may(takes) ? () => <Beyond permission={takes} /> : brought.get(page);
}

/**
 * Shows the page of the address. Until its script is here, the page before stays as it is; and also if it is gone
 * because the service has newer pages, with its address, so that nothing that was typed is lost.
 */
export function ShownPage() {
  const wanted = useLocation();
  const shown = useRef<typeof wanted | null>(null);
  const [, renderAgain] = useReducer((times: number) => times + 1, 0);
  const [error, forget] = useErrorBoundary(reportError) as readonly [unknown, () => void];
  const isHere = componentOf(pageAt(wanted.path)) !== undefined;
  if (isHere) shown.current = wanted;

  useEffect(() => {
    const page = pageAt(wanted.path);
    if (page === undefined || isHere) return;
    const left = new AbortController();
    void bring(page, left.signal).then((isBrought) => {
      if (left.signal.aborted) return;
      if (isBrought) renderAgain(null);
      else updated.value = wanted.url;
      if (!isBrought && shown.current) wanted.route(shown.current.url, true);
    });
    return () => left.abort();
  }, [wanted.url]);
  useEffect(() => {
    if (shown.current) shownPath.value = shown.current.path;
  });
  useEffect(() => {
    if (error !== undefined) forget();
  }, [wanted.path]);

  if (error !== undefined) return <Failed error={error} />;
  if (shown.current === null) return <main class="page" />;
  const { path } = shown.current;
  const page = pageAt(path);
  const component = componentOf(page) ?? NotFound;
  const route = page ? (
    <Route key={path} path={page.path} component={component} />
  ) : (
    <Route key={path} default component={component} />
  );
  return (
    <LocationProvider.ctx.Provider value={shown.current}>
      <Router onRouteChange={moved}>{[route]}</Router>
    </LocationProvider.ctx.Provider>
  );
}

/** Asks for the script of the page that the document was opened with, while it is not yet known who is signed in. */
export function bringAhead(): void {
  const page = pageAt(location.pathname);
  page?.load().then(
    (component) => brought.set(page, component),
    // The page itself says so.
    () => undefined,
  );
}

const pauseMilliseconds = 2_000;

/** Brings the script of a page, as soon as the service answers. Resolves to false if the service has other scripts. */
async function bring(page: AddressedPage, left: AbortSignal): Promise<boolean> {
  while (!left.aborted) {
    try {
      brought.set(page, await page.load());
      if (following.value === 'lost') goOn();
      return true;
    } catch {
      const answer = await fetch('/console/', { cache: 'no-store' }).catch(() => null);
      if (answer?.ok) return false;
      following.value = 'lost';
      await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
    }
  }
  return true;
}

const Failed = ({ error }: { readonly error: unknown }) => (
  <Page title="This page has failed">
    <p>
      This is a bug in kubepass: <bdi>{String(error)}</bdi>
    </p>
    <p class="buttons">
      <button type="button" onClick={() => location.reload()}>
        Reload
      </button>
    </p>
  </Page>
);
