import type { ComponentChildren } from 'preact';

/** A name and its value, in a list with the class `facts`; nothing where there is no value. */
export const Fact = ({ name, children }: { readonly name: string; readonly children: ComponentChildren }) =>
  children ? (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  ) : null;
