import type { ComponentChildren } from 'preact';

/** A name and its value, in a list with the class `facts`. */
export const Fact = ({ name, children }: { readonly name: string; readonly children: ComponentChildren }) => (
  <>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </>
);
