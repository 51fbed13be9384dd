import { Dialog } from '../parts/dialog.js';
import { offered } from './places.js';

const keys: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Everywhere: { 'Ctrl K': 'go to something', '?': 'these keys', Esc: 'back' },
  Lists: { j: 'next', k: 'previous', Enter: 'open', '/': 'filter' },
  'A request': { a: 'approve', d: 'deny', 'Ctrl Enter': 'send the decision', 'j k': 'next, previous' },
  'The timeline': { '+ -': 'closer, further away', '← →': 'earlier, later', 0: 'all of it' },
};

/** Every key that does something. */
export function Help({ onClose }: { readonly onClose: () => void }) {
  const ofPages = Object.fromEntries(offered().flatMap(({ name, key }) => (key ? [[`g ${key}`, name]] : [])));
  return (
    <Dialog title="Keys" onClose={onClose}>
      <div class="keys">
        {Object.entries({ ...keys, Pages: ofPages }).map(([where, some]) => (
          <section key={where}>
            <h3>{where}</h3>
            <dl class="facts">
              {Object.entries(some).map(([key, does]) => (
                <div key={key}>
                  <dt>
                    {key.split(' ').map((one) => (
                      <kbd key={one}>{one}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p class="quiet">
        None of them acts while you type. <a href="/console/me">Switch them off</a>
      </p>
      <p class="buttons">
        <button type="button" autofocus onClick={onClose}>
          Close
        </button>
      </p>
    </Dialog>
  );
}
