import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { Signal } from '@preact/signals';

/** The attributes that tie an input to its label, its hint and what is wrong with it. */
interface Ties {
  readonly id: string;
  readonly 'aria-describedby'?: string;
  readonly 'aria-invalid'?: 'true';
}

/** A field with its label, a hint, and what is wrong with it, below it. */
export function Field({
  label,
  hint,
  wrong = [],
  children,
}: {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly wrong?: readonly string[] | undefined;
  readonly children: (ties: Ties) => ComponentChildren;
}) {
  const id = useId();
  const described = [hint && `${id}-hint`, wrong.length > 0 && `${id}-wrong`].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        ...(described !== '' && { 'aria-describedby': described }),
        ...(wrong.length > 0 && { 'aria-invalid': 'true' }),
      })}
      {hint && (
        <div class="hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      {wrong.length > 0 && (
        <div class="wrong" id={`${id}-wrong`}>
          {wrong.map((text) => (
            <p key={text}>
              <bdi>{text}</bdi>
            </p>
          ))}
        </div>
      )}
    </div>
  );
}

interface TextParts {
  readonly list?: string;
  readonly maxLength?: number;
  readonly placeholder?: string;
  readonly readOnly?: boolean;
  readonly required?: boolean;
  readonly type?: 'number';
  readonly label: string;
  readonly value: Signal<string>;
  readonly hint?: ComponentChildren;
  readonly wrong?: readonly string[] | undefined;
  /** A key was pressed. */
  readonly onTyped?: (() => void) | undefined;
  readonly onLeft?: (() => void) | undefined;
  /** As many lines as it has at first; absent: it is a single one. */
  readonly rows?: number;
}

/** A field for a text. */
export const TextField = ({ label, value, hint, wrong, onTyped, onLeft, rows, ...input }: TextParts) => (
  <Field label={label} hint={hint} wrong={wrong}>
    {(ties) => {
      const all = {
        ...ties,
        value: value.value,
        autocomplete: 'off' as const,
        spellcheck: false,
        onInput: ({ currentTarget }: { readonly currentTarget: { readonly value: string } }) => {
          value.value = currentTarget.value;
          onTyped?.();
        },
        onBlur: () => onLeft?.(),
      };
      const { list: _list, type: _type, ...area } = input;
      return rows === undefined ? <input {...input} {...all} /> : <textarea {...area} {...all} rows={rows} />;
    }}
  </Field>
);
