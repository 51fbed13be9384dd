import { useSignal } from '@preact/signals';
import type { RenderableProps } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { useAddress } from './address.js';
import { Icon } from './icon.js';
import { useKeys } from './keys.js';
import { at } from './words.js';

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

/** `rarer`: filters that few people need. */
type FiltersParts = RenderableProps<{ readonly of: readonly FilterParts[]; readonly rarer?: readonly FilterParts[] }>;

/**
 * The filters above a list in one row, and below it what is filtered. On a phone the row is behind a button. `/` goes
 * to the first one.
 */
export function Filters({ of, rarer = [], children }: FiltersParts) {
  const { query, change } = useAddress();
  const isOpen = useSignal(false);
  const tools = useRef<HTMLDivElement>(null);
  const isSet = ({ name }: FilterParts) => query[name];
  const set = [...of, ...rarer].filter(isSet);
  useKeys({
    '/': () => {
      isOpen.value = true;
      setTimeout(() => tools.current?.querySelector<HTMLElement>('input, select')?.focus());
    },
  });
  return (
    <>
      <div ref={tools} class={isOpen.value ? 'tools open' : 'tools'} role="search">
        <button type="button" class="fold" aria-expanded={isOpen.value} onClick={() => (isOpen.value = !isOpen.value)}>
          Filters
        </button>
        {of.map((filter) => (
          <Filter key={filter.name} {...filter} />
        ))}
        {children}
        {rarer.length > 0 && (
          <details class="more" open={rarer.some(isSet)}>
            <summary>More filters</summary>
            <div class="tools pairs">
              {rarer.map((filter) => (
                <Filter key={filter.name} {...filter} />
              ))}
            </div>
          </details>
        )}
      </div>
      {set.length > 0 && (
        <div class="chips set">
          {set.map(({ name, label, options, isInstant }) => {
            const value = query[name] ?? '';
            const words =
              isInstant && localTime(value) ? at(value) : (options?.find(([one]) => one === value)?.[1] ?? value);
            return (
              <button key={name} type="button" class="chip words" onClick={() => change({ [name]: null })}>
                <i>{label}</i> <bdi>{words}</bdi>
                <span class="hidden">, remove</span>
                <Icon name="cross" />
              </button>
            );
          })}
        </div>
      )}
    </>
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
