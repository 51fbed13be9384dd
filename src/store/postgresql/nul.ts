/**
 * PostgreSQL's text has no place for U+0000. A name that holds one is refused, and on record all the same: U+FFFD, which
 * Unicode has for what cannot be represented, stands in its place. The audit log's own text has it as an escape.
 */
export const withoutNul = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text);

/** The value as JSON text, its strings without U+0000. */
export function jsonWithoutNul(value: object): string {
  const json = JSON.stringify(value);
  if (!json.includes('\\u0000')) return json;
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'string' ? withoutNul(part) : part));
}

/** What Prisma is asked, the texts in it without U+0000. */
export function askedWithoutNul<T>(value: T): T {
  if (typeof value === 'string') return withoutNul(value) as T;
  if (Array.isArray(value)) return value.map(askedWithoutNul) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, askedWithoutNul(part)])) as T;
}
