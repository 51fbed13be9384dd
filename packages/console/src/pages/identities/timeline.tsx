import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Key } from '../../parts/key.js';
import { steadied } from '../../parts/steady.js';
import { useKeys } from '../../parts/use-keys.js';
import { useSteps } from '../../parts/use-steps.js';
import { at } from '../../parts/words.js';
import { Overview } from './overview.js';
import { spanOf, type Row } from './rows.js';
import { shifted, ticks, zoomed } from './spans.js';
import { rowHeight, TimelineRow } from './timeline-row.js';
import { useView } from './use-view.js';

/** Rows that are drawn above and below the ones that are seen, so that scrolling shows no gap. */
const spare = 3;

interface TimelineParts {
  readonly rows: readonly Row[];
  readonly isComplete: boolean;
  readonly now: number;
  readonly label?: string;
}

/** Shows who has access to what until when. Only the rows on the screen are elements, however many there are. */
export function Timeline({ rows, isComplete, now, label = 'Certificates by identity' }: TimelineParts) {
  const whole = useMemo(() => spanOf(rows, now), [rows]);
  const [view, show] = useView(now);
  const { from, to } = view;
  const top = useSignal(0);
  const size = useSignal({ height: 600, track: 600 });
  const scroller = useRef<HTMLDivElement>(null);
  const axis = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const measure = () =>
      (size.value = { height: scroller.current?.clientHeight ?? 0, track: axis.current?.clientWidth ?? 0 });
    const observer = new ResizeObserver(measure);
    for (const { current } of [scroller, axis]) if (current) observer.observe(current);
    return () => observer.disconnect();
  }, []);
  const { inPlace, hold } = useRowsInPlace(rows);

  const zoom = (factor: number, around = (from + to) / 2) => show(zoomed(view, factor, around, whole));
  const keys: Readonly<Record<string, () => void>> = {
    '+': () => zoom(0.7),
    '=': () => zoom(0.7),
    '-': () => zoom(1.4),
    '0': () => show(whole),
    ArrowLeft: () => show(shifted(view, -0.2, whole)),
    ArrowRight: () => show(shifted(view, 0.2, whole)),
  };
  useKeys(keys);
  useSteps(scroller, '[role=rowheader] a');
  const onKeyDown = (event: KeyboardEvent) => {
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (act === undefined) return;
    act();
    event.preventDefault();
  };
  const onWheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const { left = 0, width = 1 } = axis.current?.getBoundingClientRect() ?? {};
    zoom(event.deltaY > 0 ? 1.15 : 0.87, from + ((event.clientX - left) / width) * (to - from));
  };

  const topmost = Math.min(inPlace.length, Math.floor(top.value / rowHeight));
  const first = Math.max(0, topmost - spare);
  const count = Math.ceil(size.value.height / rowHeight) + 2 * spare;
  const lineAt = (instant: number) => ({ '--x': String(Math.min(1.01, Math.max(-1, (instant - from) / (to - from)))) });
  const instants = ticks(view, Math.max(2, Math.floor(size.value.track / 96)));
  return (
    <div class="timeline" onWheel={onWheel} onKeyDown={onKeyDown}>
      <Overview {...{ rows, isComplete, whole, view, now }} onView={show} />
      <div
        class="scroll"
        ref={scroller}
        tabIndex={0}
        role="grid"
        aria-label={label}
        aria-rowcount={isComplete ? inPlace.length + 1 : -1}
        aria-keyshortcuts="+ - 0 ArrowLeft ArrowRight"
        onScroll={({ currentTarget }) => (top.value = currentTarget.scrollTop)}
        {...hold}
      >
        <div class="timeline-row axis" role="row" aria-rowindex={1}>
          <span role="columnheader">Identity</span>
          <div class="track" ref={axis} role="columnheader" aria-label={`${at(from)} to ${at(to)}`}>
            {instants.map(({ instant, label: text, isStrong }) => (
              <span
                key={instant}
                class={isStrong ? 'strong' : ''}
                style={{ left: `${((instant - from) / (to - from)) * 100}%` }}
              >
                {text}
              </span>
            ))}
          </div>
        </div>
        <div class="all" role="rowgroup" style={{ height: `${inPlace.length * rowHeight}px` }}>
          {instants.map(({ instant, isStrong }) => (
            <i key={instant} class={isStrong ? 'line strong' : 'line'} aria-hidden="true" style={lineAt(instant)} />
          ))}
          {inPlace.slice(first, first + count).map((row, i) => (
            <TimelineRow
              key={row.key}
              {...{ row, view, now }}
              index={first + i}
              trackWidth={size.value.track}
              isNamed={first + i === topmost || inPlace[first + i - 1]?.username !== row.username}
            />
          ))}
          <i class="line now" aria-hidden="true" style={lineAt(now)} />
        </div>
      </div>
      <p class="printed">A timeline prints the rows of the screen; the table prints all.</p>
      <div class="timeline-foot">
        <div role="group" aria-label="Zoom">
          {buttons.map(([words, key, shown = key]) => (
            <button key={key} type="button" aria-keyshortcuts={key} onClick={keys[key]}>
              {words} <Key name={shown} />
            </button>
          ))}
        </div>
        <div>
          {legend.map(([status, meaning]) => (
            <span key={status}>
              <i class={`bar ${status}`} aria-hidden="true" /> {meaning}
            </span>
          ))}
        </div>
      </div>
    </div>
  );
}

const buttons = [
  ['Zoom in', '+'],
  ['Zoom out', '-'],
  ['Everything', '0'],
  ['Earlier', 'ArrowLeft', '←'],
  ['Later', 'ArrowRight', '→'],
] as const;
const legend = [
  ['valid', 'valid'],
  ['soon', 'ends within 2 hours'],
  ['superseded', 'superseded'],
  ['revoked', 'revoked, still works'],
] as const;

const keyOf = ({ key }: Row): string => key;
const isInRow = (target: EventTarget | null) => target instanceof Element && target.closest('[data-row]') !== null;

/**
 * The rows in their places while the pointer or the focus is in one: new ones come at the end, and one that is gone
 * loses its bars. `hold` belongs on the element around them.
 */
function useRowsInPlace(rows: readonly Row[]) {
  const [isPointed, isFocused] = [useSignal(false), useSignal(false)];
  const [shown, given] = [useRef(rows), useRef(rows)];
  if (!isPointed.value && !isFocused.value) shown.current = rows;
  else if (given.current !== rows)
    shown.current = steadied(
      shown.current.map((row) => ({ row, isGone: false })),
      rows,
      keyOf,
    ).map(({ row, isGone }) => (isGone ? { ...row, drawn: [], lanes: 1 } : row));
  given.current = rows;
  return {
    inPlace: shown.current,
    hold: {
      onPointerOver: ({ target }: PointerEvent) => (isPointed.value = isInRow(target)),
      onPointerLeave: () => (isPointed.value = false),
      onFocusIn: ({ target }: FocusEvent) => (isFocused.value = isInRow(target)),
      onFocusOut: () => (isFocused.value = false),
    },
  };
}
