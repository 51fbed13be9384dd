import {
  belongsTo,
  eventsAtMost,
  eventsOf,
  lineText,
  packEvents,
  sharedText,
  eventText,
  typesMask,
  type AuditRecord,
  type SharedMembers,
} from '../../audit/audit-record.js';
import { auditEventTypes, type AuditEvent, type AuditEventType } from '../../model/audit-event.js';
import { hexText, type Row, uuidOf } from '../steps/statement.js';
import { asText, idOctets, instant, type MovingDatabase, octetsOfHex, type OldRow, orNull } from './lean-rows.js';

/** An event of the old log. */
interface OldEvent extends SharedMembers {
  readonly row: OldRow;
  readonly seq: number;
  readonly type: string;
  readonly canonical: string;
  readonly previousHash: string;
  readonly hash: string;
  /** The event's line in a record; null where it could not be put together again from the line and the columns. */
  readonly line: string | null;
}

/** Consecutive events that share a record. */
interface Packed {
  members: SharedMembers;
  /** Never empty. */
  readonly events: OldEvent[];
}

/** No record crosses a multiple of this number, so that the ranges of the audit log end at the multiples. */
export const eventsInRange = 1000;

/**
 * Packs consecutive events of the old log into as few records as give back each event's text octet for octet. An event
 * that was damaged has a record of its own with its whole text: verification finds it in its place, as before.
 */
export function recordRows(database: MovingDatabase, old: readonly OldRow[]): readonly Row[] {
  const records: Packed[] = [];
  for (const row of old) {
    const event = oldEvent(database, row);
    const last = records.at(-1);
    if (last && follows(last, event)) {
      last.events.push(event);
      last.members = { ...last.members, principal: last.members.principal ?? event.principal };
    } else records.push({ members: event, events: [event] });
  }
  return records.map((record) => recordRow(database, record));
}

function oldEvent(database: MovingDatabase, row: OldRow): OldEvent {
  const text = (column: string) => asText(row[column]);
  const textOrNull = (column: string) => orNull(row[column], asText);
  const members = {
    at: database.instantOf(row['at']),
    principal: textOrNull('principal'),
    cluster: textOrNull('cluster'),
    requestId: textOrNull('requestId'),
    fingerprintSha256: textOrNull('fingerprintSha256'),
  };
  const seq = Number(row['seq']);
  const [type, canonical] = [text('type'), text('canonical')];
  return {
    row,
    seq,
    ...members,
    type,
    canonical,
    previousHash: text('previousHash'),
    hash: text('hash'),
    line: lineOf(members, type, seq, canonical),
  };
}

/** The line of an event whose text is what its columns and its details give; else null. */
function lineOf(members: SharedMembers, type: string, seq: number, canonical: string): string | null {
  const { at, requestId, fingerprintSha256 } = members;
  if (
    Number.isNaN(at.getTime()) ||
    !auditEventTypes.includes(type as AuditEventType) ||
    (requestId !== null && uuidOf(idOctets(requestId)) !== requestId) ||
    (fingerprintSha256 !== null && hexText(octetsOfHex(fingerprintSha256)) !== fingerprintSha256)
  )
    return null;
  const shared = sharedText(members);
  const principal = JSON.stringify(members.principal);
  const mark = '\n';
  const [before = '', after = ''] = eventText(shared, { details: mark, principal, type }, seq).split(mark);
  const details = canonical.slice(before.length, canonical.length - after.length);
  // A line break would end the line. Canonical JSON has none.
  if (details.includes('\n') || `${before}${details}${after}` !== canonical) return null;
  return lineText({ details, principal, type });
}

function follows({ members, events }: Packed, event: OldEvent): boolean {
  const last = events.at(-1) as OldEvent;
  return (
    last.line !== null &&
    event.line !== null &&
    event.seq === last.seq + 1 &&
    last.seq % eventsInRange !== 0 &&
    events.length < eventsAtMost &&
    event.previousHash === last.hash &&
    isHash(last.hash) &&
    belongsTo(members, event)
  );
}

function recordRow(database: MovingDatabase, { members, events }: Packed): Row {
  const [first, last] = [events[0], events.at(-1)] as [OldEvent, OldEvent];
  const row = {
    lastSeq: last.seq,
    firstSeq: first.seq,
    at: instant(database, first.row['at']),
    types: typesMask(events.map(({ type }) => type as AuditEventType)),
    principal: members.principal,
    cluster: members.cluster,
    requestId: orNull(members.requestId, idOctets),
    fingerprintSha256: orNull(members.fingerprintSha256, octetsOfHex),
    events: events.map(({ line, canonical }) => line ?? canonical).join('\n'),
    previousHash: octetsOfHash(first.previousHash),
    hashes: Buffer.concat(events.map(({ hash }) => octetsOfHash(hash))),
  };
  return first.line === null && !isDamagedIn({ ...row, ...readable(members, row) }, first.canonical)
    ? { ...row, types: 0 }
    : row;
}

const readable = (
  { at }: SharedMembers,
  row: { readonly requestId: Buffer | null; readonly fingerprintSha256: Buffer | null },
) => ({
  at,
  requestId: row.requestId && uuidOf(row.requestId),
  fingerprintSha256: row.fingerprintSha256 && hexText(row.fingerprintSha256),
});

/** Whether a record of one damaged event gives back its text, and verification still finds the damage. */
function isDamagedIn(record: AuditRecord, canonical: string): boolean {
  const [event] = eventsOf(record);
  return event?.canonical === canonical && !isConsistent(event);
}

/** Whether an event's members are those in its text. */
function isConsistent(event: AuditEvent): boolean {
  try {
    const [packed] = packEvents([event]);
    const [line] = packed?.lines ?? [];
    return packed !== undefined && line !== undefined && eventText(packed.text, line, event.seq) === event.canonical;
  } catch {
    // An event without a canonical form, such as one whose instant is none.
    return false;
  }
}

const isHash = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

/** Stands for a text that is no hash. It is not the zeros before the first event, so it fits nowhere in the chain. */
const noHash = Buffer.alloc(32, 0xff);

export const octetsOfHash = (text: string): Buffer => (isHash(text) ? Buffer.from(text, 'hex') : noHash);
