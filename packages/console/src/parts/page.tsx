import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { addressOf, useAddress } from './address.js';

/** The number of requests that wait for the caller, as the title shows it: empty for none, `100+` beyond a page. */
export const waitingCount = signal('');

/** Whether somebody has moved since the document was loaded: then the heading of the new page gets the focus. */
let moves = 0;
export const moved = (): void => void (moves += 1);
export const hasMoved = (): boolean => moves > 0;

/**
 * A page with the one `h1` of the document, and a title of its own. `title` is the text of both unless `heading` has
 * the same with marks. `wide`: the page takes the whole window and scrolls inside.
 */
export function Page({
  title,
  heading,
  above,
  aside,
  wide = false,
  children,
}: {
  readonly title: string;
  readonly heading?: ComponentChildren;
  readonly above?: ComponentChildren;
  readonly aside?: ComponentChildren;
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}) {
  const h1 = useRef<HTMLHeadingElement>(null);
  const count = waitingCount.value;
  useEffect(() => {
    document.title = `${count === '' ? '' : `(${count}) `}${title} – kubepass`;
  }, [title, count]);
  useEffect(() => {
    if (hasMoved()) h1.current?.focus();
  }, []);
  return (
    <main id="main" tabIndex={-1} class={wide ? 'page wide' : 'page'}>
      {above}
      <div class="head">
        <h1 ref={h1} tabIndex={-1}>
          {heading ?? <bdi>{title}</bdi>}
        </h1>
        {aside}
      </div>
      {children}
    </main>
  );
}

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
