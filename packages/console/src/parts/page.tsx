import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { waitingCount } from './waiting.js';

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
