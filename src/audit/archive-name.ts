/** A run of events, both inclusive. */
export interface EventRange {
  readonly from: number;
  readonly to: number;
}

const digits = 12;
const form = /^audit-(\d{12})-(\d{12})\.ndjson$/;

/** The name of the file that has these events: `audit-000000000001-000000100096.ndjson`. So archives sort by their events. */
export const archiveName = ({ from, to }: EventRange): string => `audit-${padded(from)}-${padded(to)}.ndjson`;

/** The events that an archive of this name has; null where it is no such name. */
export function rangeOfArchive(name: string): EventRange | null {
  const [, from, to] = form.exec(name) ?? [];
  return from === undefined || to === undefined ? null : { from: Number(from), to: Number(to) };
}

const padded = (seq: number): string => String(seq).padStart(digits, '0');
