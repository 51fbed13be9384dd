import { useMemo } from 'preact/hooks';
import { liveAt, liveOverTime, revokedInWords, type Row } from './rows.js';
import { centred, day, shareOf, type Span } from './spans.js';

const bins = 360;
const height = 40;

interface OverviewParts {
  readonly rows: readonly Row[];
  readonly isComplete: boolean;
  readonly whole: Span;
  readonly view: Span;
  readonly now: number;
  readonly onView: (view: Span) => void;
}

/** How many certificates are live at each instant of all the time there is. The window in it is what the rows show. */
export function Overview({ rows, isComplete, whole, view, now, onView }: OverviewParts) {
  const path = useMemo(() => areaOf(liveOverTime(rows, whole, bins)), [rows, whole]);
  const { live, later, revoked } = useMemo(() => {
    const [first = '', afterDay = '', afterWeek = ''] = [0, 1, 7].map(
      (days) => `${liveAt(rows, now + days * day).toLocaleString('en')}${isComplete ? '' : '+'}`,
    );
    const later = `${afterDay} after a day, ${afterWeek} after a week`;
    return { live: first, later, revoked: revokedInWords(rows, now) };
  }, [rows, now, isComplete]);
  const x = (instant: number) => Math.min(1, Math.max(0, shareOf(instant, whole))) * bins;
  const moveTo = ({ currentTarget, clientX }: PointerEvent) => {
    const { left, width } = (currentTarget as Element).getBoundingClientRect();
    onView(centred(view, whole.from + ((clientX - left) / width) * (whole.to - whole.from), whole));
  };
  return (
    <figure class="timeline-row overview">
      <figcaption class="muted">
        <b>{live}</b> live now
        <div>{later}</div>
        {revoked && <div class="blocked">{revoked}</div>}
      </figcaption>
      <svg
        class="track"
        viewBox={`0 0 ${bins} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={[`${live} live now, ${later}`, ...(revoked ? [revoked] : [])].join('; ')}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          moveTo(event);
        }}
        onPointerMove={(event) => event.buttons > 0 && moveTo(event)}
      >
        <path d={path} />
        <rect x={x(view.from)} width={Math.max(2, x(view.to) - x(view.from))} height={height} />
        <line x1={x(now)} x2={x(now)} y2={height} />
      </svg>
    </figure>
  );
}

function areaOf(counts: readonly number[]): string {
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  const points = counts.map((n, i) => `L${i} ${(height - 2 - (n / most) * (height - 6)).toFixed(1)}`);
  return `M0 ${height}${points.join('')}L${bins} ${height}Z`;
}
