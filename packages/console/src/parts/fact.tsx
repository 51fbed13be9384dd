import type { ComponentChildren } from 'preact';

/** A name and its value, in a list with the class `facts`; nothing where the value is null. */
export const Fact = ({ name, children }: { readonly name: string; readonly children: ComponentChildren }) =>
  children === null ? null : (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
