import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';

/** A row of a list that changes while somebody reads it. */
export interface SteadyRow<T> {
  readonly row: T;
  /** It is no longer in the list, and stays in its place until nobody points at the list. */
  readonly isGone: boolean;
}

/** The rows that are shown, with what was found now, and each in its place: new ones come at the end. */
export function steadied<T>(
  shown: readonly SteadyRow<T>[],
  found: readonly T[],
  keyOf: (row: T) => string,
): readonly SteadyRow<T>[] {
  const byKey = new Map(found.map((row) => [keyOf(row), row]));
  const kept = shown.map(({ row }) => {
    const now = byKey.get(keyOf(row));
    byKey.delete(keyOf(row));
    return { row: now ?? row, isGone: now === undefined };
  });
  return [...kept, ...[...byKey.values()].map((row) => ({ row, isGone: false }))];
}

/**
 * A list whose rows stay in their places while the pointer or the focus is in it. `hold` belongs on the element around
 * the rows.
 */
export function useSteady<T>(found: readonly T[], keyOf: (row: T) => string) {
  const pointer = useSignal(false);
  const focus = useSignal(false);
  const shown = useRef<readonly SteadyRow<T>[]>([]);
  shown.current =
    pointer.value || focus.value ? steadied(shown.current, found, keyOf) : found.map((row) => ({ row, isGone: false }));
  return {
    rows: shown.current,
    hold: {
      onPointerEnter: () => (pointer.value = true),
      onPointerLeave: () => (pointer.value = false),
      onFocusIn: () => (focus.value = true),
      onFocusOut: () => (focus.value = false),
    },
  };
}
