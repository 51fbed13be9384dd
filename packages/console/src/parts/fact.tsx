import type { ComponentChildren } from 'preact';

interface LinkedParts {
  readonly href: string;
  /** Whether the reader may open the page. */
  readonly when: boolean;
  readonly children: ComponentChildren;
}

/** A link for whoever may open its page, and its text for everybody else. */
export const Linked = ({ href, when, children }: LinkedParts) =>
  when ? <a href={href}>{children}</a> : <>{children}</>;

interface FactParts {
  readonly name: string;
  readonly children: ComponentChildren;
}

/** A name and its value, in a list with the class `facts`. */
export const Fact = ({ name, children }: FactParts) => (
  <>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </>
);
