import { useSignal } from '@preact/signals';
import { useLocation } from 'preact-iso/router';
import { useEffect } from 'preact/hooks';
import { addresses, addressOf } from '../parts/address.js';
import { Dialog } from '../parts/dialog.js';
import { answerOf, api, problemFrom } from '../service/client.js';
import { may } from '../service/session.js';
import { destinationOf } from './destination.js';
import { offered } from './places.js';

interface Option {
  readonly name: string;
  readonly kind: string;
  readonly to: string;
}

/** Leads to a page, an identity by the beginning of its username, or to whatever has the pasted id. */
export function GoTo({ onClose }: { readonly onClose: () => void }) {
  const { route } = useLocation();
  const typed = useSignal('');
  const chosen = useSignal(0);
  const text = typed.value.trim();
  const identities = useIdentities(text);
  const pasted = destinationOf(text);
  const options: readonly Option[] = [
    ...(pasted === null ? [] : [{ name: text, kind: pasted.kind, to: addressOf(pasted.path, pasted.values) }]),
    ...offered()
      .filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()))
      .map(({ name, path }) => ({ name, kind: 'page', to: path })),
    ...identities,
  ];
  const at = Math.min(chosen.value, options.length - 1);
  const go = (option: Option | undefined) => {
    if (option === undefined) return;
    onClose();
    route(option.to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Enter') go(options[at]);
    else if (step === undefined || options.length === 0) return;
    else chosen.value = (at + step + options.length) % options.length;
    event.preventDefault();
  };
  return (
    <Dialog title="Go to" onClose={onClose}>
      <div class="go-to">
        <input
          type="text"
          role="combobox"
          aria-label="Page, username, request, fingerprint or serial number"
          aria-expanded={options.length > 0}
          aria-controls="go-to-options"
          aria-activedescendant={options.length > 0 ? `go-to-${at}` : undefined}
          aria-autocomplete="list"
          autocomplete="off"
          spellcheck={false}
          placeholder="Page, username, request id, fingerprint or serial number"
          onInput={({ currentTarget }) => {
            typed.value = currentTarget.value;
            chosen.value = 0;
          }}
          onKeyDown={onKeyDown}
        />
        <ul id="go-to-options" role="listbox" aria-label="Places">
          {options.map((option, i) => (
            <li
              key={option.kind + option.to}
              id={`go-to-${i}`}
              role="option"
              aria-selected={i === at}
              onClick={() => go(option)}
            >
              <bdi>{option.name}</bdi>
              <span class="muted">{option.kind}</span>
            </li>
          ))}
        </ul>
        {options.length === 0 && <p class="quiet">Nothing matches.</p>}
      </div>
    </Dialog>
  );
}

/** The identities whose username begins with this text. Nobody is asked before the typing rests. */
function useIdentities(text: string): readonly Option[] {
  const identities = useSignal<readonly Option[]>([]);
  useEffect(() => {
    identities.value = [];
    if (text === '' || !may('read-identities')) return;
    const left = new AbortController();
    // Not at each key.
    const timer = setTimeout(() => {
      void problemFrom(async () => {
        const { items } = await answerOf(
          api.GET('/v1/identities', { params: { query: { usernamePrefix: text, limit: 8 } }, signal: left.signal }),
        );
        identities.value = items.map(({ username }) => ({
          ...{ name: username, kind: 'identity', to: addresses.identity(username) },
        }));
      }).catch(() => undefined);
    }, 150);
    return () => {
      clearTimeout(timer);
      left.abort();
    };
  }, [text]);
  return identities.value;
}
