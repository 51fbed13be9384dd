import type { ComponentChildren } from 'preact';
import { Shown } from './shown.js';
import type { Pages } from './use-pages.js';

/**
 * A list as far as it was read, and a button for more. `noun`: of several. `empty`: stands in the place of an empty
 * list, and says what to do next.
 */
export function Paged<T>({
  pages,
  noun,
  empty,
  children,
}: {
  readonly pages: Pages<T>;
  readonly noun: string;
  readonly empty: ComponentChildren;
  readonly children: (items: readonly T[]) => ComponentChildren;
}) {
  return (
    <Shown data={pages} awaited={noun}>
      {({ items, nextCursor }) => (
        <>
          {items.length === 0 ? empty : children(items)}
          {nextCursor !== null && (
            <p class="buttons">
              <button type="button" onClick={pages.readMore}>
                More {noun}
              </button>
            </p>
          )}
        </>
      )}
    </Shown>
  );
}
