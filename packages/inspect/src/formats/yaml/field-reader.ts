import type { Place } from '../json/place.js';

/** A field that is missing or has the wrong type. */
export interface FieldProblem {
  readonly place: Place;
  /** The rest of a sentence that begins with the field. Quotes no value. */
  readonly problem: string;
}

/**
 * Reads the fields of an unchecked object. Absent, null and empty fields are nothing; a field of the wrong type is
 * nothing and a problem. A number is no string: Go refuses it, too.
 */
export class FieldReader {
  private constructor(
    private readonly fields: Readonly<Record<string, unknown>>,
    readonly place: Place,
    private readonly problems: FieldProblem[],
  ) {}

  /** Reads the object at `place`. Any other value is a problem, and reads as an object without fields. */
  static of(value: unknown, place: Place, problems: FieldProblem[]): FieldReader {
    if (isObject(value)) return new FieldReader(value, place, problems);
    if (value !== null && value !== undefined) problems.push({ place, problem: wrongType(value, 'an object') });
    return new FieldReader({}, place, problems);
  }

  has(name: string): boolean {
    const value = this.raw(name);
    return value !== undefined && value !== null;
  }

  names(): readonly string[] {
    return Object.keys(this.fields);
  }

  raw(name: string): unknown {
    return Object.hasOwn(this.fields, name) ? this.fields[name] : undefined;
  }

  text(name: string): string | null {
    const value = this.#typed(name, 'a string', (raw): raw is string => typeof raw === 'string');
    return value === undefined || value === '' ? null : value;
  }

  flag(name: string): boolean {
    return this.#typed(name, 'true or false', (raw): raw is boolean => typeof raw === 'boolean') ?? false;
  }

  integer(name: string): number | null {
    return this.#typed(name, 'a whole number', (raw): raw is number => Number.isSafeInteger(raw)) ?? null;
  }

  object(name: string): FieldReader {
    return FieldReader.of(this.raw(name), [...this.place, name], this.problems);
  }

  /** The objects of a list. Other entries read as objects without fields. */
  list(name: string): readonly FieldReader[] {
    return this.#items(name).map((item, i) => FieldReader.of(item, [...this.place, name, i], this.problems));
  }

  texts(name: string): readonly string[] {
    return this.#items(name).flatMap((item, i) => {
      if (typeof item === 'string') return [item];
      this.problems.push({ place: [...this.place, name, i], problem: wrongType(item, 'a string') });
      return [];
    });
  }

  /** Notes that a required field is missing, unless it was noted for its type already. */
  missing(name: string): void {
    const value = this.raw(name);
    if (value === undefined || value === null || value === '')
      this.problems.push({ place: [...this.place, name], problem: 'is missing' });
    else if (Array.isArray(value) && value.length === 0)
      this.problems.push({ place: [...this.place, name], problem: 'is empty' });
  }

  #items(name: string): readonly unknown[] {
    return this.#typed(name, 'a list', (raw): raw is readonly unknown[] => Array.isArray(raw)) ?? [];
  }

  #typed<T>(name: string, expected: string, is: (raw: unknown) => raw is T): T | undefined {
    const raw = this.raw(name);
    if (raw === undefined || raw === null) return undefined;
    if (is(raw)) return raw;
    this.problems.push({ place: [...this.place, name], problem: wrongType(raw, expected) });
    return undefined;
  }
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const typeNames: Readonly<Record<string, string>> = {
  object: 'an object',
  boolean: 'true or false',
  number: 'a number',
  string: 'a string',
};

function wrongType(value: unknown, expected: string): string {
  const type = typeof value;
  const found = Array.isArray(value) ? 'a list' : (typeNames[type] ?? 'a string');
  const hint = expected === 'a string' && (type === 'boolean' || type === 'number') ? ' (write it in quotes)' : '';
  return `is ${found}${hint} where ${expected} belongs`;
}
