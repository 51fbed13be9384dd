import { useId } from 'preact/hooks';
import { useAddress } from './address.js';

interface FilterParts {
  /** The parameter of the address. */
  readonly name: string;
  readonly label: string;
  /** Values to choose from and their words; `''` leaves the parameter out. Absent: it is typed. */
  readonly options?: readonly (readonly [value: string, words: string])[];
  readonly isInstant?: boolean;
}

/** A filter of the address. A typed one goes there on Enter and when the field is left. */
export function Filter({ name, label, options, isInstant = false }: FilterParts) {
  const id = useId();
  const { query, change } = useAddress();
  const value = query[name] ?? '';
  const set = (to: string) => change({ [name]: to });
  return (
    <div>
      <label for={id}>{label}</label>
      {options ? (
        <select id={id} value={value} onChange={({ currentTarget }) => set(currentTarget.value)}>
          {[...options, ...(options.some(([one]) => one === value) ? [] : [[value, value]])].map(([one, words]) => (
            <option key={one} value={one}>
              {words}
            </option>
          ))}
        </select>
      ) : isInstant ? (
        <input
          id={id}
          type="datetime-local"
          value={localTime(value)}
          onChange={({ currentTarget }) => set(instantOf(currentTarget.value))}
        />
      ) : (
        <input
          id={id}
          type="search"
          autocomplete="off"
          spellcheck={false}
          value={value}
          onChange={({ currentTarget }) => set(currentTarget.value.trim())}
        />
      )}
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
