/** The labels of a request by key. Callers find it by them, and policies and webhooks see them. Keys are sorted. */
export type Labels = Readonly<Record<string, string>>;

/** One label of a request. */
export interface Label {
  readonly key: string;
  readonly value: string;
}

export const labelBounds = {
  /** How many labels a request has at most. */
  count: 16,
  /** In characters. */
  value: 63,
} as const;

/** One text for both of them. A key has no `=`, so no other label has this text. */
export const labelText = ({ key, value }: Label): string => `${key}=${value}`;

/** The label in a text `key=value`, whose value may have a `=` of its own. */
export function labelIn(text: string): Label {
  const [key = ''] = text.split('=', 1);
  return { key, value: text.slice(key.length + 1) };
}

/** The labels in the order of their keys, so that equal ones are written alike. */
export const sortedLabels = (labels: Labels): Labels =>
  Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));

// Control and format characters, and the separators that end a line in some program or other.
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Why the value of a label is refused, as the rest of a sentence about it; null where it is not. */
export const whyNotLabelValue = (value: string): string | null =>
  unseen.test(value) ? 'must not have control or format characters' : null;
