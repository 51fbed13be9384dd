import { sessionEnded } from '../service/session-end.js';
import { Dialog } from '../parts/dialog.js';

/**
 * Stands over the page as it is once its session has ended. Signing in happens in another tab, which tells this one.
 */
export function SessionDialog() {
  if (!sessionEnded.value) return null;
  return (
    <Dialog title="Your session has ended">
      <p>Sign in again in another tab. This page stays as it is: what you typed is still here, and can be sent then.</p>
      <p class="buttons">
        <a class="button primary" href="/console/sign-in?returnTo=/console/signed-in" target="_blank">
          Sign in in another tab
        </a>
      </p>
    </Dialog>
  );
}
