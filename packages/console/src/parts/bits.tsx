import { signal } from '@preact/signals';
import type { ComponentChildren, RenderableProps } from 'preact';
import { Icon, type IconName } from './icon.js';
import { at, distance, exactly, sentence, zoneAt } from './words.js';

export type Tone = 'ok' | 'info' | 'warning' | 'error' | 'plain';
type BadgeParts = RenderableProps<{ readonly tone: Tone; readonly icon?: IconName | undefined }>;

/** A word with a sign: the colour only repeats what both say. */
export const Badge = ({ tone, icon, children }: BadgeParts) => (
  <span class={`badge ${tone}`}>
    {icon && <Icon name={icon} />}
    {children}
  </span>
);

const looks = {
  pending: { tone: 'warning', icon: 'wait' },
  approved: { tone: 'info', icon: 'check' },
  issuing: { tone: 'info', icon: 'wait' },
  issued: { tone: 'ok', icon: 'check' },
  denied: { tone: 'error', icon: 'cross' },
  failed: { tone: 'error', icon: 'warn' },
  cancelled: { tone: 'plain', icon: 'cross' },
  expired: { tone: 'plain', icon: 'wait' },
  valid: { tone: 'ok', icon: 'check' },
  superseded: { tone: 'info', icon: 'check' },
  revoked: { tone: 'error', icon: 'cross' },
  blocked: { tone: 'error', icon: 'cross' },
} as const;

/** The state of a request or token, the status of a certificate, or a block. It looks the same on every page. */
export const Status = ({ of }: { readonly of: keyof typeof looks }) => <Badge {...looks[of]}>{of}</Badge>;

type CardParts = RenderableProps<{
  readonly title: string;
  readonly aside?: ComponentChildren;
  /** Whether the title names it as a region. */
  readonly region?: boolean;
}>;

/** A part of a page with a heading. */
export const Card = ({ title, aside, region, children }: CardParts) => (
  <section class="card" {...(region && { 'aria-label': title })}>
    <header>
      <h2>{title}</h2>
      {aside}
    </header>
    {children}
  </section>
);

/** A name and its value, in a list with the class `facts`; nothing where the value is null. */
export const Fact = ({ name, children }: RenderableProps<{ readonly name: string }>) =>
  children === null ? null : (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );

/** Names and their values, one pair a line; a name without a value is left out. */
export const Facts = ({ of }: { readonly of: Readonly<Record<string, ComponentChildren>> }) => (
  <dl class="facts">
    {Object.entries(of).map(([name, value]) => value && <Fact key={name} name={name} children={value} />)}
  </dl>
);

interface WrittenParts {
  readonly text: string;
  readonly most?: number;
  /** Where it leads; false: nowhere. */
  readonly href?: string | false;
}

/** A name or text that somebody has written: isolated from the text around it, and cut with the whole as its title. */
export const Written = ({ text, most = 64, href = false }: WrittenParts) => {
  const letters = Array.from(text);
  const cut = <bdi title={text}>{letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : text}</bdi>;
  return href === false ? cut : <a href={href}>{cut}</a>;
};

/** A text that breaks between words alone: a name such as `prod-eu` is one. */
export const Unbroken = ({ text }: { readonly text: string }) => (
  <bdi>
    {text.split(/(\S*-\S*)/).map((part, i) => (i % 2 && part.length < 40 ? <span class="short">{part}</span> : part))}
  </bdi>
);

/** An instant in the reader's zone; its title has the other zone. On paper the zone stands beside it. */
export const Instant = ({ of, isWhole }: { readonly of: string; readonly isWhole?: boolean }) => (
  <time dateTime={of} title={exactly(of)} data-on-paper={isWhole ? undefined : zoneAt(of)}>
    {at(of, undefined, isWhole)}
  </time>
);

/** The time in milliseconds, moved on every half minute, so that ages on an open page stay true. */
export const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), 30_000);

/** How far an instant is away; its title has it exactly. `now` may be late, and nothing past is said to come. */
export const Distance = ({ of }: { readonly of: string }) => (
  <time dateTime={of} title={exactly(of)} data-on-paper={`(${at(of)} ${zoneAt(of)})`}>
    {distance(of, Math.max(now.value, Date.now()))}
  </time>
);

/** Sentences that warn. */
export const Bands = ({ of }: { readonly of: readonly string[] }) =>
  of.map((text) => (
    <p key={text} class="band warning">
      <bdi>{sentence(text)}</bdi>
    </p>
  ));

/** A list that is empty, and what to do next. */
export const Empty = ({ children }: RenderableProps<object>) => <p class="empty">{children}</p>;
