import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { Kind } from '../service/changes.js';
import { type Answer, type Given, read, type Readable } from '../service/client.js';
import { type Data, useData } from './use-data.js';

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
  const wanted = useSignal(1);
  const before = useRef(inputs);
  if (before.current.some((input, i) => input !== inputs[i])) wanted.value = 1;
  before.current = inputs;
  const data = useData(
    async (signal): Promise<ListPage<T>> => {
      const items: T[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < wanted.peek(); page += 1) {
        const { items: some, nextCursor } = await read(cursor, signal);
        items.push(...some);
        if (nextCursor === null) return { items, nextCursor };
        cursor = nextCursor;
      }
      return { items, nextCursor: cursor ?? null };
    },
    inputs,
    kinds,
  );
  const readMore = () => {
    wanted.value += 1;
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
