import type { ComponentChildren } from 'preact';
import { addressOf, useAddress } from './address.js';

/** A link for whoever may open its page, and its text for everybody else. */
export const Linked = (link: {
  readonly href: string;
  readonly when: boolean;
  readonly children: ComponentChildren;
}) => (link.when ? <a href={link.href}>{link.children}</a> : <>{link.children}</>);

/** The page to which this one belongs. */
export const Crumb = ({ href, name }: { readonly href: string; readonly name: string }) => (
  <nav class="crumbs" aria-label="Breadcrumb">
    <a href={href}>{name}</a>
  </nav>
);

interface ViewsParts {
  readonly path: string;
  /** The parameter of the address that chooses the view. */
  readonly name: string;
  /** Values and their words; `''` leaves the parameter out. */
  readonly views: readonly (readonly [value: string, words: string])[];
  /** The value where the address has none of them. */
  readonly usual?: string;
}

/** Links to other views of the same page. Filters stay. */
export function Views({ path, name, views, usual = '' }: ViewsParts) {
  const { query } = useAddress();
  const chosen = views.some(([value]) => value === query[name]) ? query[name] : usual;
  return (
    <nav class="views" aria-label="View">
      {views.map(([value, words]) => (
        <a
          key={value}
          href={addressOf(path, { ...query, [name]: value })}
          {...(value === chosen && { 'aria-current': 'page' })}
        >
          {words}
        </a>
      ))}
    </nav>
  );
}
