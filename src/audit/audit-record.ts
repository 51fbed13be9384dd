import { auditEventTypes, type AuditEvent, type AuditEventType, type UnchainedEvent } from '../model/audit-event.js';
import { canonicalJson, NotCanonicalizableError } from './canonical-json.js';
import { linkHash, type ChainHead } from './hash-chain.js';
import { hashOctets, leafHashOfText } from './merkle-tree.js';
import { instantText } from '@kubepass/x509';

/**
 * The members that all events of a record share, in which events are found. `principal`: of those events that have one.
 */
export type SharedMembers = Pick<AuditEvent, 'at' | 'principal' | 'cluster' | 'requestId' | 'fingerprintSha256'>;

/** The members of an event that are its own, each as RFC 8785 text; `type` is bare. */
export interface EventLine {
  readonly details: string;
  /** `null`, or the record's principal. */
  readonly principal: string;
  readonly type: string;
}

/** Consecutive events of one step before they have their places in the chain. */
export interface UnchainedRecord {
  readonly members: SharedMembers;
  /** See `typesMask`. */
  readonly types: number;
  readonly text: SharedText;
  readonly lines: readonly EventLine[];
}

/** The text of the shared members, between the parts that differ from event to event; see `eventText`. */
type SharedText = ReturnType<typeof sharedText>;

/** Consecutive events of one step as the log keeps them. */
export interface AuditRecord extends SharedMembers {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly types: number;
  /** One line for each event. */
  readonly events: string;
  /** 32 octets: the hash of the event before the first one. */
  readonly previousHash: Uint8Array;
  /** 32 octets for each event. */
  readonly hashes: Uint8Array;
}

/** How many events a record has at most; whoever looks for an event by its number looks no further. */
export const eventsAtMost = 100;

/**
 * Packs the events of a step, in order, into as few records as hold them: a record has one instant, cluster, request,
 * certificate and at most one principal. Throws `NotCanonicalizableError` where an event has no canonical form, or
 * where PostgreSQL could not keep a shared member: its text has no U+0000, so the event would not verify. No name of a
 * principal or a cluster holds one.
 */
export function packEvents(events: readonly UnchainedEvent[]): readonly UnchainedRecord[] {
  const records: { members: SharedMembers; events: UnchainedEvent[] }[] = [];
  for (const event of events) {
    const last = records.at(-1);
    if (last && last.events.length < eventsAtMost && belongsTo(last.members, event)) {
      last.events.push(event);
      last.members = { ...last.members, principal: last.members.principal ?? event.principal };
    } else {
      const { at, principal, cluster, requestId, fingerprintSha256 } = event;
      records.push({ members: { at, principal, cluster, requestId, fingerprintSha256 }, events: [event] });
    }
  }
  for (const { principal, cluster } of events)
    if (principal?.includes('\0') === true || cluster?.includes('\0') === true)
      throw new NotCanonicalizableError('the name of a principal or a cluster contains U+0000');
  return records.map(({ members, events: packed }) => ({
    members,
    types: typesMask(packed.map(({ type }) => type)),
    text: sharedText(members),
    lines: packed.map(eventLine),
  }));
}

/** Whether an event can be in the record that has these members. */
function belongsTo(members: SharedMembers, event: SharedMembers): boolean {
  return (
    event.at.getTime() === members.at.getTime() &&
    event.cluster === members.cluster &&
    event.requestId === members.requestId &&
    event.fingerprintSha256 === members.fingerprintSha256 &&
    (event.principal === null || members.principal === null || event.principal === members.principal)
  );
}

const eventLine = ({ details, principal, type }: UnchainedEvent): EventLine => ({
  details: canonicalJson(details),
  principal: canonicalJson(principal),
  type,
});

/** RFC 8785 orders members by name: at, cluster, details, fingerprintSha256, principal, requestId, seq, type. */
function sharedText({ at, cluster, requestId, fingerprintSha256 }: SharedMembers) {
  return {
    beforeDetails: `{"at":"${instantText(at)}","cluster":${canonicalJson(cluster)},"details":`,
    beforePrincipal: `,"fingerprintSha256":${canonicalJson(fingerprintSha256)},"principal":`,
    beforeSeq: `,"requestId":${canonicalJson(requestId)},"seq":`,
  };
}

/** The RFC 8785 text of an event without its two hashes. */
export const eventText = (shared: SharedText, line: EventLine, seq: number): string =>
  `${shared.beforeDetails}${line.details}${shared.beforePrincipal}${line.principal}${shared.beforeSeq}${String(seq)},"type":"${line.type}"}`;

/** The text of a line in the log. */
const lineText = ({ details, principal, type }: EventLine): string =>
  `{"details":${details},"principal":${principal},"type":"${type}"}`;

/** Gives the events of a record their places after `head`; with their leaves of the tree over the log, in hex. */
export function chainRecord(head: ChainHead, { text, lines }: Pick<UnchainedRecord, 'text' | 'lines'>) {
  let { seq, hash: last } = head;
  let events = '';
  const hashes = Buffer.allocUnsafe(hashOctets * lines.length);
  const leaves = lines.map((line, i) => {
    const canonical = eventText(text, line, ++seq);
    last = linkHash(last, canonical);
    hashes.write(last, hashOctets * i, 'hex');
    events += `${i === 0 ? '' : '\n'}${lineText(line)}`;
    return leafHashOfText(canonical);
  });
  return {
    head: { seq, hash: last },
    record: { firstSeq: head.seq + 1, lastSeq: seq, events, previousHash: Buffer.from(head.hash, 'hex'), hashes },
    leaves,
  };
}

/** The end of the chain after a record. */
export const headAfter = ({ lastSeq, hashes }: Pick<AuditRecord, 'lastSeq' | 'hashes'>): ChainHead => ({
  seq: lastSeq,
  hash: hex(hashes.subarray(-hashOctets)),
});

/** The set of these types as a number: bit i stands for the i-th of `auditEventTypes`. */
export const typesMask = (types: readonly AuditEventType[]): number =>
  [...new Set(types)].reduce((mask, type) => mask + bitOf(type), 0);

/** Whether a mask contains a type; below 2^53, beyond the operators for bits. */
export const maskContains = (mask: number, type: AuditEventType): boolean => Math.floor(mask / bitOf(type)) % 2 === 1;

const bits = new Map<string, number>(auditEventTypes.map((type, i) => [type, 2 ** i]));
const bitOf = (type: string): number => bits.get(type) ?? 0;

/** A line of the log: the members of its own; the flag s lets the details hold any character. */
const ownMembers = /^\{"details":(.*),"principal":(null|"(?:[^"\\]|\\.)*"),"type":"([A-Za-z]+)"\}$/s;

/**
 * The events of a record, in order. A line that does not have the form of `lineText` is an event's whole text, or
 * damaged: its details are empty then, so that the rest of the log stays readable, and verification finds the damage.
 * So is each line of a record without types.
 */
export function eventsOf(record: AuditRecord): readonly AuditEvent[] {
  const { at, cluster, requestId, fingerprintSha256 } = record;
  const texts = textsOf(record);
  return linksOf(record).map((link, i) => {
    const text = texts[i] ?? '';
    const [, details = '', principal = 'null', type = ''] =
      (record.types === 0 ? null : ownMembers.exec(text)) ?? wholeText(text);
    return {
      ...link,
      at,
      // An index that was edited would hide the event.
      type: (maskContains(record.types, type as AuditEventType) ? type : '') as AuditEventType,
      principal: principal === 'null' ? null : record.principal,
      cluster,
      requestId,
      fingerprintSha256,
      details: detailsIn(details),
    };
  });
}

/** An event as the chain holds it. */
export type ChainLink = Pick<AuditEvent, 'seq' | 'canonical' | 'previousHash' | 'hash'>;

/** The events of a record as links of the chain, without reading what is in them: quicker than `eventsOf`. */
export function linksOf(record: AuditRecord): readonly ChainLink[] {
  const { firstSeq, previousHash, hashes } = record;
  const text = hex(hashes);
  const hashAt = (i: number) => text.slice(2 * hashOctets * i, 2 * hashOctets * (i + 1));
  return canonicalTextsOf(record).map((canonical, i) => ({
    seq: firstSeq + i,
    canonical,
    previousHash: i === 0 ? hex(previousHash) : hashAt(i - 1),
    hash: hashAt(i),
  }));
}

/** The RFC 8785 texts of a record's events, in order; of a damaged line what stands there. */
export function canonicalTextsOf(record: Omit<AuditRecord, 'previousHash' | 'hashes'>): readonly string[] {
  const shared = Number.isNaN(record.at.getTime()) || record.types === 0 ? null : sharedText(record);
  return textsOf(record).map((text, i) => {
    const own = ownMembers.exec(text);
    if (shared === null || own === null) return text;
    const [, details = '', principal = 'null', type = ''] = own;
    return eventText(shared, { details, principal, type }, record.firstSeq + i);
  });
}

/** The line of each event; an empty one where it lacks. */
function textsOf({ firstSeq, lastSeq, events }: Pick<AuditRecord, 'firstSeq' | 'lastSeq' | 'events'>) {
  const texts = firstSeq === lastSeq ? [events] : events.split('\n');
  return Array.from({ length: Math.max(0, lastSeq - firstSeq + 1) }, (_, i) => texts[i] ?? '');
}

/** As `ownMembers`, of an event's whole text. */
function wholeText(text: string): readonly string[] {
  try {
    const { details, principal, type } = JSON.parse(text) as Record<string, unknown>;
    return [text, JSON.stringify(details), JSON.stringify(principal), String(type)];
  } catch {
    return [];
  }
}

function detailsIn(text: string): AuditEvent['details'] {
  try {
    const details: unknown = JSON.parse(text);
    return typeof details === 'object' && details !== null && !Array.isArray(details)
      ? (details as AuditEvent['details'])
      : {};
  } catch {
    return {};
  }
}

const hex = (octets: Uint8Array): string =>
  Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('hex');
