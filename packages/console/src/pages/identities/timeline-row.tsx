import { addresses } from '../../parts/address.js';
import { may } from '../../service/session.js';
import { inWords, labelOf, leftOut, nameOf, statusOf, type DrawnBar, type Row } from './rows.js';
import { day, shareOf, type Span } from './spans.js';

/** On a phone the bars of a row are below its name. */
export const heightOf = (isNarrow: boolean): number => (isNarrow ? 84 : 44);
const trackHeightOf = (isNarrow: boolean): number => (isNarrow ? 36 : 44);
/** A certificate that ends within this stands out. */
const soon = day / 12;

/** Pixels that a word needs. */
const leastLabel = 56;
/** WCAG 2.2, 2.5.8: what is smaller is a picture, and the page of the identity has the link. A finger needs more. */
const leastTarget = () => (matchMedia('(pointer: coarse)').matches ? Infinity : 24);

interface Seen {
  readonly view: Span;
  readonly now: number;
  readonly trackWidth: number;
  readonly isNarrow: boolean;
}
interface TimelineRowParts extends Seen {
  readonly row: Row;
  readonly index: number;
  /** Whether it shows the username: the row above is of somebody else. */
  readonly isNamed: boolean;
}

/** The certificates of a username on a cluster. */
export function TimelineRow({ row, index, isNamed, ...seen }: TimelineRowParts) {
  const { username, isBlocked, drawn, lanes } = row;
  const { view, now, isNarrow } = seen;
  const where = row.cluster || 'no live certificate';
  return (
    <div
      class="timeline-row"
      role="row"
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${index * heightOf(isNarrow)}px)` }}
    >
      <div role="rowheader">
        <a class={isNamed ? 'named' : ''} href={addresses.identity(username)} title={username}>
          <bdi class={isNamed ? '' : 'hidden'}>{username}</bdi>
          {!isNamed && ` ${where}`}
        </a>
        {isNamed && (
          <span>
            {where} {isNarrow && row.cluster && ` · ${inWords(row, now)} `}
            {row.omitted > 0 && `${leftOut(row.omitted)} `}
            {isBlocked && <b class="blocked">blocked</b>}
          </span>
        )}
      </div>
      <div class="track" role="gridcell">
        <span class="hidden">{inWords(row, now)}</span>
        {drawn
          .filter((bar) => bar.to > view.from && bar.from < view.to)
          .map((bar) => (
            <Bar key={`${bar.status}${bar.certificates[0]?.fingerprint}`} {...{ ...seen, bar, lanes }} />
          ))}
      </div>
    </div>
  );
}

function Bar({
  bar,
  lanes,
  view,
  now,
  trackWidth,
  isNarrow,
}: Seen & { readonly bar: DrawnBar; readonly lanes: number }) {
  const left = Math.max(-0.01, shareOf(bar.from, view));
  const width = Math.min(1.01, shareOf(bar.to, view)) - left;
  const trackHeight = trackHeightOf(isNarrow);
  const height = Math.min(25, (trackHeight - 6) / lanes);
  const top = (trackHeight - height * lanes) / 2 + bar.lane * height;
  const status = statusOf(bar, now);
  const name = nameOf(bar, now);
  const shape = {
    class: `bar ${status} ${status === 'valid' && bar.to - now < soon ? 'soon' : ''}`,
    title: name,
    style: {
      ...{ left: `${left * 100}%`, width: `${width * 100}%`, top: `${top}px` },
      ...{ height: `${height - 1}px`, lineHeight: `${height - 1}px` },
      ...((lanes > 2 || width * trackWidth < leastLabel) && { fontSize: '0' }),
    },
    children: <span>{labelOf(bar)}</span>,
  };
  const [one, ...others] = bar.certificates;
  const isTarget = others.length === 0 && lanes === 1 && width * trackWidth >= leastTarget();
  return one && isTarget && may('read-all-certificates') ? (
    <a {...shape} href={addresses.certificate(one.fingerprint)} aria-label={name} />
  ) : (
    <span {...shape} aria-hidden="true" />
  );
}
