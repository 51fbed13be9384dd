import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** The attributes that tie an input to its label, its hint and what is wrong with it. */
interface Ties {
  readonly id: string;
  readonly 'aria-describedby'?: string;
  readonly 'aria-invalid'?: 'true';
}

interface Labelled {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly wrong?: readonly string[] | undefined;
}
interface FieldParts extends Labelled {
  readonly children: (ties: Ties) => ComponentChildren;
}

/** A field with its label, a hint, and what is wrong with it, below it. */
export function Field({ label, hint, wrong = [], children }: FieldParts) {
  const id = useId();
  const isWrong = wrong.length > 0;
  const described = [hint && `${id}-hint`, isWrong && `${id}-wrong`].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        ...(described !== '' && { 'aria-describedby': described }),
        ...(isWrong && { 'aria-invalid': 'true' }),
      })}
      {hint && (
        <div class="hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      {isWrong && (
        <div class="wrong" id={`${id}-wrong`}>
          {[...new Set(wrong)].map((text) => (
            <bdi key={text}>{text}</bdi>
          ))}
        </div>
      )}
    </div>
  );
}

interface TextFieldParts extends Labelled {
  readonly value: Signal<string>;
  /** A key was pressed. */
  readonly onTyped?: () => void;
  readonly onLeft?: () => void;
  /** As many lines as it has at first; absent: it is a single one. */
  readonly rows?: number;
  /** Texts to choose from. `isChoice`: others cannot be typed. */
  readonly options?: readonly string[];
  readonly isChoice?: boolean;
  readonly maxLength?: number;
  readonly placeholder?: string;
  readonly readOnly?: boolean;
  readonly required?: boolean;
}

/** A field for a text. */
export const TextField = ({
  label,
  hint,
  wrong,
  value,
  onTyped,
  onLeft,
  rows,
  options,
  isChoice,
  ...others
}: TextFieldParts) => (
  <Field label={label} hint={hint} wrong={wrong}>
    {(ties) => {
      const list = `${ties.id}-list`;
      const input = {
        ...{ ...others, ...ties, value: value.value, autocomplete: 'off' as const, spellcheck: false },
        onInput: ({ currentTarget }: { readonly currentTarget: { readonly value: string } }) => {
          value.value = currentTarget.value;
          onTyped?.();
        },
        onBlur: () => onLeft?.(),
      };
      if (rows !== undefined) return <textarea {...input} rows={rows} />;
      if (options === undefined) return <input {...input} />;
      if (isChoice)
        return (
          <select {...input} onChange={() => onLeft?.()}>
            {[...new Set(['', value.value, ...options])].map((one) => (
              <option key={one} value={one}>
                {one || 'choose'}
              </option>
            ))}
          </select>
        );
      return (
        <>
          <input {...input} list={list} />
          <datalist id={list}>
            {options.map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
        </>
      );
    }}
  </Field>
);
