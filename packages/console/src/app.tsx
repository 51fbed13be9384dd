import { useSignal } from '@preact/signals';
import { LocationProvider, useLocation } from 'preact-iso/router';
import { useEffect } from 'preact/hooks';
import { Navigation } from './frame/navigation.js';
import { Notices } from './frame/notices.js';
import { Printed } from './frame/printed.js';
import { SessionDialog } from './frame/session-dialog.js';
import { Shortcuts } from './frame/shortcuts.js';
import { ShownPage } from './frame/shown-page.js';
import { addressOf } from './parts/address.js';
import { Announcements } from './parts/announce.js';
import { Page } from './parts/page.js';
import { Results } from './parts/results.js';
import { Trouble } from './parts/trouble.js';
import { SignIn } from './pages/sign-in/sign-in.js';
import { ProblemError } from './service/problem.js';
import { caller, learnCaller } from './service/session.js';

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
    learnCaller().then(
      () => (problem.value = null),
      (error: unknown) => {
        if (!(error instanceof ProblemError)) throw error;
        problem.value = error;
      },
    );
  };
  useEffect(learn, []);
  const isSignIn = path === '/console/sign-in';
  const who = caller.value;
  useEffect(() => {
    if (who === null && !isSignIn) route(addressOf('/console/sign-in', { returnTo: url }), true);
  }, [who, isSignIn]);
  if (problem.value)
    return (
      <Page title="kubepass does not answer">
        <Trouble error={problem.value} again={learn} />
      </Page>
    );
  if (who === undefined || (who === null && !isSignIn))
    return (
      <div class="shell">
        <div class="rail">
          <span class="brand">kubepass</span>
        </div>
      </div>
    );
  return isSignIn ? <SignIn /> : <Frame />;
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
          <Printed />
          <Notices />
          <ShownPage />
        </div>
      </div>
      <Results />
      <Shortcuts />
      <SessionDialog />
      <Announcements />
    </>
  );
}
