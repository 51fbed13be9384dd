import { redactWord, redactWords } from './redact-command.js';
import { redactText, redactUrl } from './redact-text.js';

/**
 * An entry of a kubeconfig or another manifest, with every text in it redacted. Only `data` stays: base64 is not shown, and
 * objects of their own describe what is public in it.
 */
export function redactFields<T>(fields: T): T {
  return redactValue(fields, '') as T;
}

function redactValue(value: unknown, field: string): unknown {
  if (typeof value === 'string') return (rules[field] ?? redactText)(value);
  if (Array.isArray(value))
    return field === 'args' ? redactWords(value as string[]) : value.map((item: unknown) => redactValue(item, field));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, redactValue(member, name)]));
}

const rules: Readonly<Record<string, (text: string) => string>> = {
  server: redactUrl,
  proxyUrl: redactUrl,
  command: redactWord,
  env: redactWord,
  data: (base64) => base64,
};
