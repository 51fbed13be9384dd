import { Dialog } from '../parts/dialog.js';
import { offered } from './places.js';

const keys = [
  [
    'Everywhere',
    [
      ['Ctrl K', 'go to something'],
      ['?', 'these keys'],
      ['Esc', 'back'],
    ],
  ],
  [
    'Lists',
    [
      ['j', 'next'],
      ['k', 'previous'],
      ['Enter', 'open'],
      ['/', 'filter'],
    ],
  ],
  [
    'A request',
    [
      ['a', 'approve'],
      ['d', 'deny'],
      ['Ctrl Enter', 'send the decision'],
      ['j k', 'next, previous'],
    ],
  ],
  [
    'The timeline',
    [
      ['+ -', 'closer, further away'],
      ['← →', 'earlier, later'],
      ['0', 'all of it'],
    ],
  ],
] as const;

/** Every key that does something. */
export function Help({ onClose }: { readonly onClose: () => void }) {
  const ofPages = offered().flatMap(({ name, key }) => (key === undefined ? [] : [[`g ${key}`, name] as const]));
  return (
    <Dialog title="Keys" onClose={onClose}>
      <div class="keys">
        {[...keys, ['Pages', ofPages] as const].map(([where, some]) => (
          <section key={where}>
            <h3>{where}</h3>
            <dl class="facts">
              {some.map(([key, does]) => (
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
