import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon.js';
import { at, distance, exactly, zoneAt } from './words.js';

export type Tone = 'ok' | 'info' | 'warning' | 'error' | 'plain';

/** A word with a sign: the colour only repeats what both say. */
export const Badge = ({
  tone,
  icon,
  children,
}: {
  readonly tone: Tone;
  readonly icon?: IconName | undefined;
  readonly children: ComponentChildren;
}) => (
  <span class={`badge ${tone}`}>
    {icon && <Icon name={icon} />}
    {children}
  </span>
);

/** A part of a page with a heading. `label` names it as a region. */
export const Card = ({
  title,
  aside,
  children,
  region = false,
}: {
  readonly title: string;
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly region?: boolean;
}) => (
  <section class="card" {...(region && { 'aria-label': title })}>
    <header>
      <h2>{title}</h2>
      {aside}
    </header>
    {children}
  </section>
);

/** A name or text that somebody has written: isolated from the text around it, and cut with the whole as its title. */
export const Written = ({ text, most = 64 }: { readonly text: string; readonly most?: number }) => {
  const letters = Array.from(text);
  return <bdi title={text}>{letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : text}</bdi>;
};

/** An instant in the reader's zone; its title has the other zone. On paper the zone stands beside it. */
export const Instant = ({ of }: { readonly of: string }) => (
  <time dateTime={of} title={exactly(of)} data-on-paper={zoneAt(of)}>
    {at(of)}
  </time>
);

/**
 * How far an instant is away; its title has it exactly. On paper the instant stands beside it. `now` may be half a
 * minute old, and what has just happened is not to come.
 */
export const Distance = ({ of, now }: { readonly of: string; readonly now: number }) => (
  <time dateTime={of} title={exactly(of)} data-on-paper={`(${at(of)} ${zoneAt(of)})`}>
    {distance(of, Math.max(now, Date.now()))}
  </time>
);

/** A list that is empty, and what to do next. */
export const Empty = ({ children }: { readonly children: ComponentChildren }) => <p class="empty">{children}</p>;
