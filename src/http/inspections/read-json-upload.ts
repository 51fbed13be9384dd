import { jsonFault } from '@kubepass/inspect/formats';
import type { Upload } from '@kubepass/inspect';
import type { FieldError } from '../../model/outcome.js';
import { unknownProperty } from '../problems/error-to-problem.js';
import { problem, ProblemError } from '../problems/problem.js';
import { maxNameLength, maxPasswordLength } from './upload-limits.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

const malformed = (detail: string): ProblemError => new ProblemError(problem('invalid-request', detail));

/**
 * Reads `{content, password?, name?}` as strictly as other bodies are read. All members are strings, so one pass reads a
 * body of a megabyte; a general parser and a schema would take a hundred times longer for a hostile body. Throws
 * `ProblemError`.
 */
export function readJsonUpload(body: Buffer): Upload {
  const { members, errors } = readMembers(decode(body));
  const { content, password, name } = members;
  for (const member of Object.keys(members)) if (!known.includes(member)) errors.push(unknown(member));
  const atMost = (value: string | undefined, pointer: string, limit: number) => {
    if (value !== undefined && value.length > limit)
      errors.push({ pointer, message: `must NOT have more than ${limit} characters` });
  };
  atMost(password, '/password', maxPasswordLength);
  atMost(name, '/name', maxNameLength);
  if (content === undefined && !errors.some(({ pointer }) => pointer === '/content'))
    errors.push({ pointer: '/content', message: 'is required' });
  if (content === undefined || errors.length > 0) throw invalid(errors);
  return { parts: [{ name: name ?? null, bytes: Buffer.from(content, 'utf8') }], password: password ?? null };
}

const invalid = (errors: readonly FieldError[]): ProblemError =>
  new ProblemError(
    problem('invalid-request', 'the request is not valid; `errors` says where', { members: { errors: [...errors] } }),
  );

/** With the `u` flag a surrogate pair counts as one character, which does not match. */
const loneSurrogate = /\p{Surrogate}/u;

const known: readonly string[] = ['content', 'password', 'name'];

const unknown = (name: string): FieldError => ({
  pointer: `/${escapePointer(name)}`,
  message: unknownProperty(name, known),
});

/** RFC 6901 section 3. */
const escapePointer = (name: string): string => name.slice(0, 256).replaceAll('~', '~0').replaceAll('/', '~1');

function decode(body: Buffer): string {
  try {
    return utf8.decode(body);
  } catch {
    throw malformed('the body is not valid UTF-8');
  }
}

interface Members {
  readonly members: Readonly<Record<string, string | undefined>>;
  readonly errors: FieldError[];
}

/** The members of an object of strings. Reading ends with an error at the first member that is not a string. */
function readMembers(text: string): Members {
  const members: Record<string, string | undefined> = Object.create(null) as Record<string, string | undefined>;
  const errors: FieldError[] = [];
  const cursor = new Cursor(text);
  if (!cursor.takes('{')) {
    if (!isJson(text)) throw notJson(text);
    throw invalid([{ pointer: '', message: 'must be object' }]);
  }
  if (cursor.takes('}')) return { members, errors: endOf(text, cursor, errors) };
  for (let count = 0; ; count += 1) {
    // A hostile body can hold very many members, and each takes time.
    if (count > 100) throw malformed('the body has too many members');
    const name = cursor.string();
    if (name === null || !cursor.takes(':')) throw notJson(text);
    if (name in members) throw malformed(`the body gives ${JSON.stringify(name.slice(0, 64))} twice`);
    const value = cursor.string();
    if (value === null) {
      if (!cursor.beginsValue()) throw notJson(text);
      errors.push(known.includes(name) ? { pointer: `/${name}`, message: 'must be string' } : unknown(name));
      return { members, errors };
    }
    members[name] = value;
    if (cursor.takes(',')) continue;
    if (!cursor.takes('}')) throw notJson(text);
    return { members, errors: endOf(text, cursor, errors) };
  }
}

function endOf(text: string, cursor: Cursor, errors: FieldError[]): FieldError[] {
  if (!cursor.atEnd()) throw notJson(text);
  return errors;
}

function notJson(text: string): ProblemError {
  const fault = jsonFault(text);
  return malformed(`the body is not valid JSON${fault === null ? '' : `: ${fault}`}`);
}

/** Whether a short text is JSON. Long texts that are not objects count as not JSON, to save the work. */
function isJson(text: string): boolean {
  if (text.length > 1024) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Reads the parts of RFC 8259 that objects of strings need. */
class Cursor {
  #at = 0;

  constructor(private readonly text: string) {}

  takes(token: string): boolean {
    this.#skipSpace();
    if (this.text[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }

  /** The string that begins here; null if something else begins here. */
  string(): string | null {
    this.#skipSpace();
    if (this.text[this.#at] !== '"') return null;
    let end = this.text.indexOf('"', this.#at + 1);
    while (end !== -1 && this.#isEscaped(end)) end = this.text.indexOf('"', end + 1);
    if (end === -1) throw notJson(this.text);
    const token = this.text.slice(this.#at, end + 1);
    this.#at = end + 1;
    let value: string;
    try {
      value = JSON.parse(token) as string;
    } catch {
      throw notJson(this.text);
    }
    if (loneSurrogate.test(value)) throw malformed('the body holds a lone surrogate, which is not a character');
    return value;
  }

  /** Whether a value other than a string may begin here. */
  beginsValue(): boolean {
    return /[{[tfn0-9-]/.test(this.text.charAt(this.#at));
  }

  atEnd(): boolean {
    this.#skipSpace();
    return this.#at === this.text.length;
  }

  #skipSpace(): void {
    while (this.#at < this.text.length && ' \t\n\r'.includes(this.text.charAt(this.#at))) this.#at += 1;
  }

  #isEscaped(quote: number): boolean {
    let backslashes = 0;
    while (this.text[quote - 1 - backslashes] === '\\') backslashes += 1;
    return backslashes % 2 === 1;
  }
}
