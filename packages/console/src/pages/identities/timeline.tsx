import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { useAddress } from '../../parts/address.js';
import { Key, useKeys, useSteps } from '../../parts/keys.js';
import { useSteady } from '../../parts/steady.js';
import { at } from '../../parts/words.js';
import { Overview } from './overview.js';
import { spanOf, type Row } from './rows.js';
import { firstView, shifted, type Span, spanFrom, spanInAddress, ticks, zoomed } from './spans.js';
import { Line, Ticks } from './timeline-axis.js';
import { heightOf, TimelineRow } from './timeline-row.js';

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
  const scroller = useRef<HTMLDivElement>(null);
  const axis = useRef<HTMLDivElement>(null);
  const { height, track, isNarrow } = useSize(scroller, axis);
  const rowHeight = heightOf(isNarrow);
  const { rows: inPlace, hold } = useSteady(rows, ({ key }) => key);

  const zoom = (factor: number, around = (from + to) / 2) => show(zoomed(view, factor, around, whole));
  const keys: Keys = {
    '+': () => zoom(0.7),
    '=': () => zoom(0.7),
    '-': () => zoom(1.4),
    '0': () => show(whole),
    ArrowLeft: () => show(shifted(view, -0.2, whole)),
    ArrowRight: () => show(shifted(view, 0.2, whole)),
  };
  useKeys(keys);
  useSteps(scroller, '[role=rowheader] a');
  const onWheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const { left = 0, width = 1 } = axis.current?.getBoundingClientRect() ?? {};
    zoom(event.deltaY > 0 ? 1.15 : 0.87, from + ((event.clientX - left) / width) * (to - from));
  };

  const topmost = Math.min(inPlace.length, Math.floor(top.value / rowHeight));
  const first = Math.max(0, topmost - spare);
  const count = Math.ceil(height / rowHeight) + 2 * spare;
  const instants = ticks(view, Math.max(2, Math.floor(track / 96)));
  return (
    <div class={isNarrow ? 'timeline narrow' : 'timeline'} style={{ '--row': `${rowHeight}px` }} onWheel={onWheel}>
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
      >
        <div class="timeline-row axis" role="row" aria-rowindex={1}>
          <span role="columnheader">Identity</span>
          <div class="track" ref={axis} role="columnheader" aria-label={`${at(from)} to ${at(to)}`}>
            <Ticks view={view} instants={instants} />
          </div>
        </div>
        <div class="all" role="rowgroup" style={{ height: `${inPlace.length * rowHeight}px` }} {...hold}>
          {instants.map(({ instant, isStrong }) => (
            <Line key={instant} view={view} instant={instant} look={isStrong ? 'strong' : undefined} />
          ))}
          {inPlace.slice(first, first + count).map(({ row, isGone }, i) => (
            <TimelineRow
              key={row.key}
              {...{ view, now, isNarrow, index: first + i, trackWidth: track }}
              row={isGone ? { ...row, drawn: [] } : row}
              isNamed={first + i === topmost || inPlace[first + i - 1]?.row.username !== row.username}
            />
          ))}
          <Line view={view} instant={now} look="now" />
        </div>
      </div>
      <p class="printed">A timeline prints the rows of the screen; the table prints all.</p>
      <Foot keys={keys} />
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
const legend = Object.entries({
  valid: 'valid',
  soon: 'ends within 2 hours',
  superseded: 'superseded',
  revoked: 'revoked, still works',
});

type Keys = Readonly<Record<string, () => void>>;

/** The buttons that do what the keys do, and what the colours mean. */
const Foot = ({ keys }: { readonly keys: Keys }) => (
  <div class="timeline-foot">
    <div role="group" aria-label="Zoom">
      {buttons.map(([words, key, shown = key]) => (
        <button key={key} type="button" aria-keyshortcuts={key} onClick={keys[key]}>
          {words} <Key name={shown} />
        </button>
      ))}
    </div>
    <div class="legend">
      {legend.map(([status, meaning]) => (
        <span key={status}>
          <i class={`bar ${status}`} aria-hidden="true" /> {meaning}
        </span>
      ))}
    </div>
  </div>
);

type ElementRef = { readonly current: HTMLElement | null };

/** With fewer pixels the names stand above the bars. */
const leastWidth = 700;

/** The pixels that the rows have from top to bottom, and that an axis has from left to right. */
function useSize(scroller: ElementRef, axis: ElementRef) {
  const size = useSignal({ height: 600, track: 600, isNarrow: innerWidth < leastWidth });
  useEffect(() => {
    const measure = () => {
      const { clientHeight: height = 0, clientWidth: width = 0 } = scroller.current ?? {};
      size.value = { height, track: axis.current?.clientWidth ?? 0, isNarrow: width < leastWidth };
    };
    const observer = new ResizeObserver(measure);
    for (const { current } of [scroller, axis]) if (current) observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return size.value;
}

/** The window that the timeline shows: the one in the address, as `from` and `to`, which follows once it rests. */
function useView(now: number): readonly [view: Span, show: (view: Span) => void] {
  const { query, change } = useAddress();
  const first = useRef(firstView(now));
  const moving = useSignal<Span | null>(null);
  useEffect(() => {
    if (moving.value === null) return;
    const { value } = moving;
    const timer = setTimeout(() => {
      change(spanInAddress(value), { replace: true });
      moving.value = null;
    }, 300);
    return () => clearTimeout(timer);
  }, [moving.value]);
  const view = moving.value ?? spanFrom(query['from'], query['to']) ?? first.current;
  return [view, (span) => (moving.value = span)];
}
