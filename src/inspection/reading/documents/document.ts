import type { Place } from '../../../formats/json/place.js';
import type { Source } from '../reading.js';

/** A document that has been read, or an item of a list; `path` is where it is, not yet claimed. */
export interface DocumentSource extends Omit<Source, 'bytes'> {
  readonly content: unknown;
  /** Members given twice, by their place in the document. */
  readonly duplicates: readonly { readonly place: Place }[];
  /** Of the text that it stands in. */
  readonly length: number;
  /** `v1`, `certificates.k8s.io/v1`; null where it does not say. */
  readonly apiVersion: string | null;
  readonly kind: string | null;
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member of an object; never an inherited one. */
export const memberOf = (value: unknown, name: string): unknown =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
