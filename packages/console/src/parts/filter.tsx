import { useSignal } from '@preact/signals';
import type { RenderableProps } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { useAddress } from './address.js';
import { useKeys } from './keys.js';

interface FilterParts {
  /** The parameter of the address. */
  readonly name: string;
  readonly label: string;
  /** Values to choose from and their words; `''` leaves the parameter out. Absent: it is typed. */
  readonly options?: readonly (readonly [value: string, words: string])[];
  readonly isInstant?: boolean;
}

/** A filter of the address. A typed one goes there on Enter and when the field is left. */
export function Filter({ name, label, options, isInstant }: FilterParts) {
  const id = useId();
  const { query, change } = useAddress();
  const value = query[name] ?? '';
  const onChange = ({ currentTarget }: { readonly currentTarget: { readonly value: string } }) =>
    change({ [name]: isInstant ? instantOf(currentTarget.value) : currentTarget.value.trim() });
  return (
    <div>
      <label for={id}>{label}</label>
      {options ? (
        <select {...{ id, value, onChange }}>
          {[...options, ...(options.some(([one]) => one === value) ? [] : [[value, value]])].map(([one, words]) => (
            <option key={one} value={one}>
              {words}
            </option>
          ))}
        </select>
      ) : isInstant ? (
        <input {...{ id, onChange }} type="datetime-local" value={localTime(value)} />
      ) : (
        <input {...{ id, value, onChange }} type="search" autocomplete="off" spellcheck={false} />
      )}
    </div>
  );
}

/** The filters above a list. On a phone they are behind a button. `/` goes to the first one. */
export function Filters({ of, children }: RenderableProps<{ readonly of: readonly FilterParts[] }>) {
  const { query } = useAddress();
  const isOpen = useSignal(false);
  const tools = useRef<HTMLDivElement>(null);
  const set = of.filter(({ name }) => query[name]).length;
  useKeys({
    '/': () => {
      isOpen.value = true;
      setTimeout(() => tools.current?.querySelector<HTMLElement>('input, select')?.focus());
    },
  });
  return (
    <div ref={tools} class={isOpen.value ? 'tools open' : 'tools'} role="search">
      <button type="button" class="fold" aria-expanded={isOpen.value} onClick={() => (isOpen.value = !isOpen.value)}>
        Filters{set > 0 && ` (${set})`}
      </button>
      {of.map((filter) => (
        <Filter key={filter.name} {...filter} />
      ))}
      {children}
    </div>
  );
}

/** The value of a field for local time; empty where the instant cannot be read. */
function localTime(instant: string): string {
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The instant of a field for local time; empty where it has none. */
export const instantOf = (local: string): string => (local === '' ? '' : new Date(local).toISOString());
