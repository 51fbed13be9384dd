import type { Json, JsonMembers } from '../model/audit-event.js';

/** The value has no canonical form: a lone surrogate, NaN or an infinity, or something that is not JSON. */
export class NotCanonicalizableError extends Error {
  override readonly name = 'NotCanonicalizableError';
}

/**
 * JSON in the one form that RFC 8785 (JCS) gives it, so that the same value always has the same hash. Numbers and
 * strings are written as ECMAScript's own `JSON.stringify` writes them, which is what RFC 8785 3.2.2 refers to.
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return canonicalString(value);
  if (typeof value === 'number') {
    // RFC 8785 3.2.2.3: NaN and infinities end in an error.
    if (!Number.isFinite(value)) throw new NotCanonicalizableError(`${String(value)} is not a JSON number`);
    return JSON.stringify(value);
  }
  if (typeof value !== 'object') throw new NotCanonicalizableError(`a value of type ${typeof value} is not JSON`);
  let text = '';
  if (isArray(value)) {
    for (const item of value) text += `${text === '' ? '' : ','}${canonicalJson(item)}`;
    return `[${text}]`;
  }
  for (const key of sorted(Object.keys(value)))
    text += `${text === '' ? '' : ','}${canonicalString(key)}:${canonicalJson(value[key] as Json)}`;
  return `{${text}}`;
}

/**
 * RFC 8785 3.2.3: by UTF-16 code units, which is how `sort` and `<` compare strings. Most keys stand in order already.
 */
function sorted(keys: string[]): string[] {
  for (let i = 1; i < keys.length; i++) if ((keys[i] ?? '') < (keys[i - 1] ?? '')) return keys.sort();
  return keys;
}

function canonicalString(text: string): string {
  const quoted = JSON.stringify(text);
  // RFC 8785 3.2.2.2: a lone surrogate is an error; it has no UTF-8 form either. `JSON.stringify` writes it as an
  // escape, so only texts with such an escape are searched.
  if (quoted.includes('\\ud') && loneSurrogate.test(text))
    throw new NotCanonicalizableError('a string holds a lone surrogate');
  return quoted;
}

// With the flag u a pair is one code point, so this class finds only surrogates that stand alone.
const loneSurrogate = /\p{Surrogate}/u;

const isArray = (value: readonly Json[] | JsonMembers): value is readonly Json[] => Array.isArray(value);
