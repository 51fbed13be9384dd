import {
  asksForSecret,
  redacted,
  redactNamed,
  redactText,
  redactUnnamed,
  redactUrl,
  startOfFlagValue,
} from './redact-text.js';

/**
 * An entry of a kubeconfig or another manifest, with every text in it redacted. Only `data` stays: base64 is not shown,
 * and objects of their own describe what is public in it.
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

/**
 * The words of a command line for display, without secrets. A flag's value is in the same word, in the next, or, if a
 * word holds a command for a shell, somewhere behind it. A secret that looks like any other word is not known as one.
 */
export function redactWords(words: readonly string[]): readonly string[] {
  return words.map((word, i) => (asksForSecret(lastPiece(words[i - 1] ?? '')) ? redacted : redactWord(word)));
}

/** One word, as `redactWords` shows it. */
export function redactWord(word: string): string {
  if (word.length > maxWord) return redacted;
  const start = startOfFlagValue(word);
  if (start !== null) return word.slice(0, start) + redacted;
  return redactPieces(redactNamed(redactUnnamed(word), 'command line'));
}

const lastPiece = (word: string): string => word.trimEnd().split(/\s/).at(-1) ?? '';

/** Characters. Longer words are data, and no reader needs them. */
const maxWord = 1024;

/** Pieces between blanks, of which a command for a shell has several. */
function redactPieces(word: string): string {
  const pieces = word.split(/(\s+)/);
  const value = pieces.findIndex((_, i) => i >= 2 && asksForSecret(pieces[i - 2] ?? ''));
  // Quotes may hold the value together, so everything behind is left out.
  const shown = value === -1 ? pieces : [...pieces.slice(0, value), redacted];
  return shown.map(redactPiece).join('');
}

function redactPiece(piece: string): string {
  return redactCredentials(piece).replace(/[A-Za-z0-9+/_~]{20,}=*/g, (run) => (looksRandom(run) ? redacted : run));
}

/** `user:password@host` without a scheme, whatever is in the password. */
function redactCredentials(piece: string): string {
  const at = piece.lastIndexOf('@');
  return /:(?!\/\/)/.test(piece.slice(0, Math.max(at, 0))) ? redacted + piece.slice(at) : piece;
}

/**
 * Whether a run of characters resembles a random key. A path does if one of its names has both cases; a hash has one.
 */
function looksRandom(run: string): boolean {
  // One base64 key of 64 begins like a path.
  if (!/^[/~]/.test(run)) return resemblesKey(run);
  return run.split('/').some((name) => /[a-z]/.test(name) && /[A-Z]/.test(name) && resemblesKey(name));
}

/**
 * It is long and hexadecimal, or upper case, lower case and digits take turns too often for words. In random base64
 * they change at two of three places, in `KubernetesAdmins2` at one of five. One of 200 random keys of 20 octets is not
 * known, and one of 5000 of 40 octets: they change as seldom as words, or resemble a path of short names.
 */
function resemblesKey(run: string): boolean {
  const characters = run.replace(/[^A-Za-z0-9]/g, '');
  if (characters.length < minRandom) return false;
  if (/^[\da-f]{24,}$/i.test(characters)) return true;
  const kinds = Array.from(characters, kindOf);
  const changes = kinds.filter((kind, i) => i > 0 && kind !== kinds[i - 1]).length;
  return changes / kinds.length >= (new Set(kinds).size === 3 ? 0.3 : 0.2);
}

/** Letters and digits. */
const minRandom = 20;

const kindOf = (character: string): string => (character <= '9' ? 'digit' : character <= 'Z' ? 'upper' : 'lower');
