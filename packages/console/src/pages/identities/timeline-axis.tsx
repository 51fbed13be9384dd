import { shareOf, type Span, type ticks } from './spans.js';

interface TicksParts {
  readonly view: Span;
  readonly instants: ReturnType<typeof ticks>;
}

/** The words of the axis, each at its instant. */
export const Ticks = ({ view, instants }: TicksParts) => (
  <>
    {instants.map(({ instant, label, isStrong }) => (
      <span key={instant} class={isStrong ? 'strong' : ''} style={{ left: `${shareOf(instant, view) * 100}%` }}>
        {label}
      </span>
    ))}
  </>
);

interface LineParts {
  readonly view: Span;
  readonly instant: number;
  readonly look: 'strong' | 'now' | undefined;
}

/** A line from the top to the bottom of the rows, at an instant. */
export const Line = ({ view, instant, look }: LineParts) => (
  <i
    class={look ? `line ${look}` : 'line'}
    aria-hidden="true"
    style={{ '--x': String(Math.min(1.01, Math.max(-1, shareOf(instant, view)))) }}
  />
);
