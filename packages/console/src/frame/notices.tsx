import { signal } from '@preact/signals';
import { following, goOn } from '../service/changes.js';

/** The address that could not be opened, because the service has newer pages than this document. */
export const updated = signal<string | null>(null);

/** Says what keeps the page from being as it should: nothing is followed, or the service has newer pages. */
export function Notices() {
  return (
    <div role="status">
      {updated.value !== null && (
        <p class="notice warning">
          kubepass was updated. Finish what you are typing, then{' '}
          <a href={updated.value} target="_self">
            reload
          </a>
          .
        </p>
      )}
      {following.value === 'lost' && <p class="notice error">kubepass does not answer. Trying again …</p>}
      {following.value === 'idle' && (
        <p class="notice info">
          Nothing has been read for a while, because nobody used this page.{' '}
          <button type="button" onClick={goOn}>
            Go on
          </button>
        </p>
      )}
    </div>
  );
}
