import { signal } from '@preact/signals';
import { sentence } from '../parts/words.js';
import { following } from '../service/changes.js';
import type { ProblemError } from '../service/problem.js';

/** The address that could not be opened, because the service has newer pages than this document. */
export const updated = signal<string | null>(null);
/** Why somebody is still signed in who wanted to sign out. */
export const notSignedOut = signal<ProblemError | null>(null);

/** Says what keeps the page from being as it should: nothing is followed, or the service has newer pages. */
export function Notices() {
  const address = updated.value;
  return (
    <div role="status">
      {address !== null && (
        <p class="notice warning">
          <span>kubepass was updated. Finish what you are typing, then reload.</span>
          <button type="button" onClick={() => location.assign(address)}>
            Reload
          </button>
        </p>
      )}
      {notSignedOut.value && (
        <p class="notice error">You are still signed in. {sentence(notSignedOut.value.problem.detail)}</p>
      )}
      {following.value === 'lost' && <p class="notice error">kubepass does not answer. Trying again …</p>}
      {following.value === 'idle' && (
        <p class="notice info">
          Nobody has used this page for ten minutes, so it has stopped updating. Press a key or move the pointer to go
          on.
        </p>
      )}
    </div>
  );
}
