import { quoteUpTo } from '@kubepass/inspect/formats';
import { auditEventSentences, type UnchainedEvent } from './audit-event.js';
import type { CertificateRequest } from './certificate-request.js';

type Told = Pick<UnchainedEvent, 'type' | 'principal' | 'cluster' | 'details'>;
type Asked = Pick<CertificateRequest, 'username' | 'expirationSeconds'>;

/**
 * An event as a sentence without its full stop: `leo approved jane's request for 1 hour on eu`. `asked`: its request.
 * Where a value lacks, because the event is damaged or of an older version, the sentence is its type in words.
 */
export function sentenceOf(event: Told, asked?: Asked): string {
  for (const way of [templates.get(event.type) ?? []].flat()) {
    const text = filled(way, (name) => memberOf(event, asked, name));
    if (text !== null) return text;
  }
  return `${nameText(event.principal ?? 'kubepass')}: ${words(event.type) || 'an event that cannot be read'}`;
}

/** An event that was edited may have any type. */
const templates = new Map<string, string | readonly string[]>(Object.entries(auditEventSentences));

const slots = /\[(?<part>[^\]]*)\]|\{(?<isCondition>\??)(?<name>\w+)(?:=(?<wanted>\w+))?(?:\|(?<noun>[^}]*))?\}/g;

/** A template with its values; null where it lacks one outside brackets. */
function filled(template: string, member: (name: string) => unknown): string | null {
  let isWhole = true;
  let text = '';
  let end = 0;
  for (const { 0: slot, index, groups = {} } of template.matchAll(slots)) {
    const { part, isCondition, name = '', wanted, noun } = groups;
    text += template.slice(end, index);
    end = index + slot.length;
    if (part !== undefined) text += filled(part, member) ?? '';
    else if (isCondition) isWhole &&= wanted === undefined ? Boolean(member(name)) : member(name) === wanted;
    else {
      const value = textOf(name, member(name));
      isWhole &&= value !== null;
      text += noun === undefined ? (value ?? '') : counted(Number(value), noun);
    }
  }
  return isWhole ? text + template.slice(end) : null;
}

/** A value of a template: one of these, or a member of the details. */
function memberOf({ principal, cluster, details }: Told, asked: Asked | undefined, name: string): unknown {
  switch (name) {
    case 'who':
      return principal ?? 'kubepass';
    case 'cluster':
      return cluster;
    // For whom somebody asked, where that is somebody else.
    case 'other':
      return details['username'] === principal ? null : details['username'];
    // How many more must approve.
    case 'needed':
      return Array.isArray(details['awaiting'])
        ? details['awaiting'].reduce((sum: number, stage: unknown) => sum + (Number(memberIn(stage, 'needed')) || 0), 0)
        : null;
    case 'request':
      return (
        (asked ? `${nameText(asked.username)}'s request for ${lifetime(asked.expirationSeconds)}` : 'a request') +
        (cluster === null ? '' : ` on ${nameText(cluster)}`)
      );
    default:
      return Object.hasOwn(details, name) ? details[name] : null;
  }
}

const mostNames = 5;
const mostCharacters = 120;
/** Members whose values are words of kubepass. */
const ownWords = new Set(['reason', 'change', 'how']);

/** A value as it stands in a sentence; null where there is none. */
function textOf(name: string, value: unknown): string | null {
  // This one was made of such texts.
  if (name === 'request') return String(value);
  if (typeof value === 'number') return /seconds$/i.test(name) ? lifetime(value) : String(value);
  if (value === 'unspecified') return null;
  if (typeof value === 'string') return ownWords.has(name) && /^\w+$/.test(value) ? words(value) : nameText(value);
  if (typeof value !== 'object' || value === null) return null;
  const texts = Array.isArray(value)
    ? value.flatMap((one: unknown) => textOf(name, memberIn(one, 'message') ?? one) ?? [])
    : Object.entries(value).map(([reason, n]) => `${words(reason)} ${String(n)}`);
  if (texts.length > mostNames) texts.splice(mostNames - 1, Infinity, `${texts.length - mostNames + 1} others`);
  return texts.length < 2 ? (texts[0] ?? null) : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1) ?? ''}`;
}

/** Of a violation or a stage; undefined where the value has none. */
const memberIn = (value: unknown, name: 'message' | 'needed'): unknown =>
  typeof value === 'object' && value !== null && name in value
    ? (value as Record<typeof name, unknown>)[name]
    : undefined;

/** A name as it is; an instant to the minute; any other text in quotes, so that it cannot pass for the sentence. */
function nameText(text: string): string {
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text)) return `${text.slice(0, 16).replace('T', ' ')} UTC`;
  return /^[\w.:@/+*-]{1,253}$/.test(text) ? text : quoteUpTo(text, mostCharacters);
}

/** `KeyCompromise` is `key compromise`. */
const words = (name: string): string => name.replace(/\B[A-Z]/g, ' $&').toLowerCase();

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** Seconds in words that lose nothing: `1 hour`, `1 day 12 hours`. */
function lifetime(seconds: number): string {
  let left = Math.round(seconds);
  const parts = units.flatMap(([unit, length]) => {
    const n = Math.floor(left / length);
    left -= n * length;
    return n > 0 ? counted(n, unit) : [];
  });
  return parts.join(' ') || '0 seconds';
}

const counted = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
