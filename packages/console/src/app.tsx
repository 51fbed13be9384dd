import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import lazy, { ErrorBoundary } from 'preact-iso/lazy';
import { LocationProvider, Route, Router, useLocation } from 'preact-iso/router';
import { Navigation } from './frame/navigation.js';
import { Notices, updated } from './frame/notices.js';
import { SessionDialog } from './frame/session-dialog.js';
import { Announcements } from './parts/announce.js';
import { moved } from './parts/page.js';
import { Trouble } from './parts/trouble.js';
import { addressOf } from './parts/address.js';
import { caller, learnCaller, may } from './service/session.js';
import { ProblemError } from './service/problem.js';
import { SignIn } from './pages/sign-in/sign-in.js';
import { Beyond } from './pages/beyond.js';
import { NotFound } from './pages/not-found.js';

/**
 * A page whose script comes when it is first opened. A newer version of the service has other scripts: then this
 * document stays as it is and says so.
 */
const page = <T,>(load: () => Promise<T>): T =>
  lazy(() =>
    load().catch(() => {
      updated.value = location.pathname + location.search;
      return new Promise<T>(() => undefined);
    }),
  );

/** The pages by their addresses, the more special one first. `takes`: the permission without which it says why not. */
const pages = [
  {
    path: '/console/requests',
    component: page(() => import('./pages/requests/requests.js').then((all) => all.Requests)),
  },
  {
    path: '/console/requests/:id',
    component: page(() => import('./pages/requests/request.js').then((all) => all.RequestPage)),
  },
  {
    path: '/console/ask',
    takes: 'request-certificates',
    component: page(() => import('./pages/ask/ask.js').then((all) => all.Ask)),
  },
  {
    path: '/console/identities',
    takes: 'read-identities',
    component: page(() => import('./pages/identities/identities.js').then((all) => all.Identities)),
  },
  {
    path: '/console/identities/:username',
    takes: 'read-identities',
    component: page(() => import('./pages/identities/identity.js').then((all) => all.IdentityPage)),
  },
  {
    path: '/console/certificates',
    component: page(() => import('./pages/certificates/certificates.js').then((all) => all.Certificates)),
  },
  {
    path: '/console/certificates/:fingerprint',
    component: page(() => import('./pages/certificates/certificate.js').then((all) => all.CertificatePage)),
  },
  {
    path: '/console/inspect',
    takes: 'inspect-uploads',
    component: page(() => import('./pages/inspect/inspect.js').then((all) => all.Inspect)),
  },
  {
    path: '/console/policies',
    takes: 'evaluate-policies',
    component: page(() => import('./pages/policies/policies.js').then((all) => all.Policies)),
  },
  {
    path: '/console/policies/draft',
    takes: 'draft-policies',
    component: page(() => import('./pages/policies/draft.js').then((all) => all.PolicyDraft)),
  },
  {
    path: '/console/policies/:name',
    takes: 'evaluate-policies',
    component: page(() => import('./pages/policies/policy.js').then((all) => all.PolicyPage)),
  },
  {
    path: '/console/clusters',
    takes: 'evaluate-policies',
    component: page(() => import('./pages/clusters/clusters.js').then((all) => all.Clusters)),
  },
  {
    path: '/console/clusters/:name',
    takes: 'evaluate-policies',
    component: page(() => import('./pages/clusters/cluster.js').then((all) => all.ClusterPage)),
  },
  {
    path: '/console/audit',
    takes: 'read-audit-events',
    component: page(() => import('./pages/audit/audit.js').then((all) => all.Audit)),
  },
  {
    path: '/console/directory',
    takes: 'read-directory',
    component: page(() => import('./pages/directory/directory.js').then((all) => all.Directory)),
  },
  {
    path: '/console/directory/:id',
    takes: 'read-directory',
    component: page(() => import('./pages/directory/directory-user.js').then((all) => all.DirectoryUserPage)),
  },
  {
    path: '/console/webhooks',
    takes: 'read-webhook-deliveries',
    component: page(() => import('./pages/webhooks/webhooks.js').then((all) => all.Webhooks)),
  },
  { path: '/console/me', component: page(() => import('./pages/me/me.js').then((all) => all.Me)) },
  {
    path: '/console/tokens',
    takes: 'manage-api-tokens',
    component: page(() => import('./pages/tokens/tokens.js').then((all) => all.Tokens)),
  },
  {
    path: '/console/sessions',
    takes: 'manage-sessions',
    component: page(() => import('./pages/sessions/sessions.js').then((all) => all.Sessions)),
  },
  {
    path: '/console/signed-in',
    component: page(() => import('./pages/sign-in/signed-in.js').then((all) => all.SignedIn)),
  },
] as const;

/** Where somebody without an address in mind begins. */
function Home() {
  const { route } = useLocation();
  useEffect(() => {
    const to = may('approve-requests')
      ? '/console/requests'
      : may('read-identities')
        ? '/console/identities'
        : '/console/requests?view=mine';
    route(to, true);
  }, []);
  return null;
}

export function App() {
  return (
    <LocationProvider scope="/console">
      <SignedInOrNot />
    </LocationProvider>
  );
}

/** The sign-in for whoever is not signed in, with the way back to the address that was asked for. */
function SignedInOrNot() {
  const { path, url, route } = useLocation();
  const problem = useSignal<ProblemError | null>(null);
  const learn = () => {
    problem.value = null;
    learnCaller().catch((error: unknown) => {
      if (!(error instanceof ProblemError)) throw error;
      problem.value = error;
    });
  };
  useEffect(learn, []);
  const isSignIn = path === '/console/sign-in';
  const isKnown = caller.value !== undefined;
  useEffect(() => {
    if (caller.value === null && !isSignIn) route(addressOf('/console/sign-in', { returnTo: url }), true);
  }, [caller.value, isSignIn]);
  if (problem.value)
    return (
      <main class="page">
        <h1>kubepass</h1>
        <Trouble error={problem.value} again={learn} />
      </main>
    );
  if (!isKnown) return null;
  if (caller.value === null || isSignIn) return isSignIn ? <SignIn /> : null;
  return <Frame />;
}

function Frame() {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <div class="shell">
        <Navigation />
        <div>
          <Notices />
          <ErrorBoundary>
            <Router onRouteChange={moved}>
              <Route path="/console" component={Home} />
              {pages.map((one) => (
                <Route
                  key={one.path}
                  path={one.path}
                  component={
                    'takes' in one && !may(one.takes) ? () => <Beyond permission={one.takes} /> : one.component
                  }
                />
              ))}
              <Route default component={NotFound} />
            </Router>
          </ErrorBoundary>
        </div>
      </div>
      <SessionDialog />
      <Announcements />
    </>
  );
}
