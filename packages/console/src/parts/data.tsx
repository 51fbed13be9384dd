import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { cursorTaken, follow, type Kind } from '../service/changes.js';
import { type Answer, type Given, read, type Readable } from '../service/client.js';
import { ProblemError } from '../service/problem.js';
import { renewals } from '../service/session.js';
import { addressOf, useAddress } from './address.js';
import { Empty } from './bits.js';
import { Trouble } from './trouble.js';

/** A part of the service as the page last read it. */
export interface Data<T> {
  readonly value: Signal<T | undefined>;
  /** Why the last read failed; null where it did not. The value of the read before stays. */
  readonly error: Signal<ProblemError | null>;
  /** Reads it again. */
  readonly reload: () => void;
}

/**
 * Reads when the page opens, when one of `inputs` differs, when one of these kinds has changed, and after a new
 * sign-in. Only the answer of the last read counts; until it is here, the one before stays. A change while it reads
 * lets it read once more afterwards, so that frequent changes do not keep a long read from ending.
 */
export function useData<T>(
  read: (signal: AbortSignal) => Promise<T>,
  inputs: readonly unknown[],
  kinds: readonly Kind[] = [],
): Data<T> {
  const value = useSignal<T | undefined>(undefined);
  const error = useSignal<ProblemError | null>(null);
  const latest = useRef(read);
  latest.current = read;
  const running = useRef<AbortController | null>(null);
  const changes = useRef(0);
  const start = useRef(async (isOther: boolean): Promise<void> => {
    running.current?.abort();
    const before = changes.current;
    const controller = (running.current = new AbortController());
    if (kinds.length > 0) await cursorTaken();
    try {
      const found = await latest.current(controller.signal);
      if (controller.signal.aborted) return;
      value.value = found;
      error.value = null;
    } catch (reason) {
      if (controller.signal.aborted) return;
      if (!(reason instanceof ProblemError)) throw reason;
      // A value of other inputs must not stand below the reason why there is none.
      if (isOther) value.value = undefined;
      error.value = reason;
    }
    running.current = null;
    if (changes.current !== before) await start.current(false);
  });
  const reload = useRef(() => void start.current(false));
  useEffect(() => {
    const onChange = () => (running.current === null ? reload.current() : void (changes.current += 1));
    void start.current(true);
    const stopFollowing = kinds.length > 0 ? follow(kinds, onChange) : () => undefined;
    return () => {
      stopFollowing();
      running.current?.abort();
      running.current = null;
    };
  }, [...inputs, renewals.value]);
  return { value, error, reload: reload.current };
}

/** Reads an address of the API with these parameters, and again as `useData` does. */
export const useRead = <P extends Readable>(path: P, given: Given<P>, kinds: readonly Kind[] = []): Data<Answer<P>> =>
  useData((signal) => read(path, given, signal), [JSON.stringify(given)], kinds);

/** A page of a list, as the API answers it. */
export interface ListPage<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** A list as far as it was read. */
export interface Pages<T> extends Data<ListPage<T>> {
  /** Reads the page that follows. */
  readonly readMore: () => void;
}

/** Reads a list page by page. When something has changed, all pages that were read are read again. */
export function usePages<T>(
  read: (cursor: string | undefined, signal: AbortSignal) => Promise<ListPage<T>>,
  inputs: readonly unknown[],
  kinds: readonly Kind[] = [],
): Pages<T> {
  const wanted = useRef({ of: inputs, pages: 1 });
  if (wanted.current.of.some((input, i) => input !== inputs[i])) wanted.current = { of: inputs, pages: 1 };
  const readAll = async (signal: AbortSignal): Promise<ListPage<T>> => {
    const items: T[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < wanted.current.pages; page += 1) {
      const { items: some, nextCursor } = await read(cursor, signal);
      items.push(...some);
      if (nextCursor === null) return { items, nextCursor };
      cursor = nextCursor;
    }
    return { items, nextCursor: cursor ?? null };
  };
  const data = useData(readAll, inputs, kinds);
  const readMore = () => {
    wanted.current.pages += 1;
    data.reload();
  };
  return { ...data, readMore };
}

type ListPath = { [P in Readable]: Answer<P> extends ListPage<unknown> ? P : never }[Readable];
type Item<P extends ListPath> = Answer<P> extends ListPage<infer T> ? T : never;

/** Reads a list of the API with these filters, as `usePages` does. */
export const useList = <P extends ListPath>(path: P, filter: Given<P>, kinds: readonly Kind[] = []): Pages<Item<P>> =>
  usePages<Item<P>>(
    (cursor, signal) => read(path, { ...filter, cursor }, signal) as Promise<ListPage<Item<P>>>,
    [JSON.stringify(filter)],
    kinds,
  );

interface ShownParts<T> {
  readonly data: Data<T>;
  /** The end of the sentence "Reading …". */
  readonly awaited: string;
  readonly children: (value: T) => ComponentChildren;
}

/** Shows in one piece what was read. Before that it shows nothing, and after a moment what is awaited. */
export const Shown = <T,>({ data: { value, error, reload }, awaited, children }: ShownParts<T>) => (
  <>
    {error.value && <Trouble error={error.value} again={reload} />}
    {value.value !== undefined ? children(value.value) : error.value === null && <Awaiting what={awaited} />}
  </>
);

function Awaiting({ what }: { readonly what: string }) {
  const isLate = useSignal(false);
  useEffect(() => {
    const timer = setTimeout(() => (isLate.value = true), 400);
    return () => clearTimeout(timer);
  }, []);
  return (
    <p class="quiet" role="status">
      {isLate.value && `Loading ${what} …`}
    </p>
  );
}

interface PagedParts<T> {
  readonly pages: Pages<T>;
  /** For several. */
  readonly noun: string;
  /** Stands in the place of an empty list, and says what to do next. */
  readonly empty: ComponentChildren;
  /** The filters of the page: where one is set, an empty list says so instead. */
  readonly filters?: object;
  readonly children: (items: readonly T[]) => ComponentChildren;
}

/** A list as far as it was read, and a button for more. */
export const Paged = <T,>({ pages, noun, empty, filters = {}, children }: PagedParts<T>) => (
  <Shown data={pages} awaited={noun}>
    {({ items, nextCursor }) => (
      <>
        {items.length > 0 && children(items)}
        {items.length === 0 && (Object.values(filters).some(Boolean) ? <NoneMatches noun={noun} /> : empty)}
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

const NoneMatches = ({ noun }: { readonly noun: string }) => (
  <Empty>
    Nothing matches these filters.{' '}
    <a href={addressOf(location.pathname, { view: useAddress().query['view'] })}>Show all {noun}</a>
  </Empty>
);
