import { useId } from 'preact/hooks';
import { useAddress } from './address.js';

/** A filter that is typed. It goes into the address on Enter and when the field is left. */
export function TextFilter({ name, label }: { readonly name: string; readonly label: string }) {
  const id = useId();
  const { query, change } = useAddress();
  return (
    <div>
      <label for={id}>{label}</label>
      <input
        id={id}
        type="search"
        autocomplete="off"
        spellcheck={false}
        value={query[name] ?? ''}
        onChange={({ currentTarget }) => change({ [name]: currentTarget.value.trim() })}
      />
    </div>
  );
}

/** A filter by an instant, in the reader's zone. */
export function InstantFilter({ name, label }: { readonly name: string; readonly label: string }) {
  const id = useId();
  const { query, change } = useAddress();
  return (
    <div>
      <label for={id}>{label}</label>
      <input
        id={id}
        type="datetime-local"
        value={localTime(query[name] ?? '')}
        onChange={({ currentTarget }) => change({ [name]: instantOf(currentTarget.value) })}
      />
    </div>
  );
}

/** A filter that is chosen. `options`: values of the address and their words; `''` leaves it out. */
export function ChoiceFilter({
  name,
  label,
  options,
}: {
  readonly name: string;
  readonly label: string;
  readonly options: readonly (readonly [value: string, words: string])[];
}) {
  const id = useId();
  const { query, change } = useAddress();
  const value = query[name] ?? '';
  return (
    <div>
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => change({ [name]: currentTarget.value })}>
        {options.map(([one, words]) => (
          <option key={one} value={one}>
            {words}
          </option>
        ))}
        {options.every(([one]) => one !== value) && <option value={value}>{value}</option>}
      </select>
    </div>
  );
}

/** The value of a field for local time; empty where the instant cannot be read. */
export function localTime(instant: string): string {
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The instant of a field for local time; empty where it has none. */
export const instantOf = (local: string): string => (local === '' ? '' : new Date(local).toISOString());
