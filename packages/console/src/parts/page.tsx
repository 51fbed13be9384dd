import { signal } from '@preact/signals';
import type { ComponentChildren, RenderableProps } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { addressOf, useAddress } from './address.js';
import { mayOpen } from './permitted.js';

/** The number of requests that wait for the caller, as the title shows it: empty for none, `100+` beyond a page. */
export const waitingCount = signal('');

/** The path of the page that is shown. It is not yet that of the address while a script is awaited. */
export const shownPath = signal('');

/** Whether somebody has moved since the document was loaded: then the heading of the new page gets the focus. */
let isMoved = false;
export const moved = (): void => void (isMoved = true);
export const hasMoved = (): boolean => isMoved;

type PageParts = RenderableProps<{
  /** The text of the heading and of the document's title. */
  readonly title: string;
  /** The same text with marks. */
  readonly heading?: ComponentChildren;
  readonly above?: ComponentChildren;
  readonly aside?: ComponentChildren;
  /** Whether it takes the whole window and scrolls inside. */
  readonly wide?: boolean;
}>;

/** A page with the one `h1` of the document, and a title of its own. */
export function Page({ title, heading, above, aside, wide, children }: PageParts) {
  const h1 = useRef<HTMLHeadingElement>(null);
  const count = waitingCount.value;
  useEffect(() => {
    document.title = `${count === '' ? '' : `(${count}) `}${title} – kubepass`;
  }, [title, count]);
  useEffect(() => {
    if (isMoved) h1.current?.focus();
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

/** The page to which this one belongs. */
export const Crumb = ({ href, name }: { readonly href: string; readonly name: string }) => (
  <nav class="crumbs" aria-label="Breadcrumb">
    <a href={href}>{name}</a>
  </nav>
);

type LinkedParts = RenderableProps<{ readonly href: string; readonly when?: boolean }>;
/** A link for whoever may open its page, and its text for everybody else. `when`: what is known beside the role. */
export const Linked = ({ href, when = mayOpen(href), children }: LinkedParts) =>
  when ? <a href={href}>{children}</a> : <>{children}</>;

/** A link to what can be done next; nothing for whoever may not do it. */
export const Next = ({ href, children }: RenderableProps<{ readonly href: string }>) =>
  mayOpen(href) ? <a href={href}>{children}</a> : null;

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
          aria-current={value === chosen ? 'page' : undefined}
        >
          {words}
        </a>
      ))}
    </nav>
  );
}
