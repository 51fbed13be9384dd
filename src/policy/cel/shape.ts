/**
 * The type of a value and its largest size, as known before evaluation. Sizes count elements of lists and maps, and
 * UTF-16 code units of strings.
 */
export type ValueShape = ScalarShape | ListShape | MapShape | ObjectShape | UnknownShape;

type ScalarShape =
  | { readonly kind: 'bool' | 'timestamp' | 'duration' }
  /** The value is between -most and most. */
  | { readonly kind: 'int'; readonly most: number }
  | { readonly kind: 'string'; readonly length: number };

export interface ListShape {
  readonly kind: 'list';
  readonly size: number;
  /** Null for the literal `[]`, which has the type of any list. */
  readonly element: ValueShape | null;
  /** The length of all strings together, if that is less than the size times the longest string. */
  readonly characters?: number;
}

/** The keys are strings. */
export interface MapShape {
  readonly kind: 'map';
  readonly size: number;
  readonly value: ValueShape;
}

export interface ObjectShape {
  readonly kind: 'object';
  readonly name: string;
  readonly fields: Readonly<Record<string, ValueShape>>;
}

/** The shape of a part with an error. No further error follows from it. */
interface UnknownShape {
  readonly kind: 'unknown';
}

export const bool = { kind: 'bool' } as const;
export const timestamp = { kind: 'timestamp' } as const;
export const duration = { kind: 'duration' } as const;
export const unknownShape: ValueShape = { kind: 'unknown' };
export const int = (most: number) => ({ kind: 'int', most }) as const;
export const string = (length: number) => ({ kind: 'string', length }) as const;
export const list = <Element extends ValueShape | null>(size: number, element: Element) =>
  ({ kind: 'list', size, element }) as const;
export const map = <Value extends ValueShape>(size: number, value: Value) => ({ kind: 'map', size, value }) as const;
export const object = <Fields extends ObjectShape['fields']>(name: string, fields: Fields) =>
  ({ kind: 'object', name, fields }) as const;

/** The values that variables of a shape take. Instants are RFC 3339 texts. */
export type ValueOf<Shape> = Shape extends { readonly kind: 'object'; readonly fields: infer Fields }
  ? { readonly [Field in keyof Fields]: ValueOf<Fields[Field]> }
  : Shape extends { readonly kind: 'list'; readonly element: infer Element }
    ? readonly ValueOf<Element>[]
    : Shape extends { readonly kind: 'map'; readonly value: infer Value }
      ? Readonly<Record<string, ValueOf<Value>>>
      : Shape extends { readonly kind: 'string' }
        ? string
        : Shape extends { readonly kind: 'int' }
          ? number
          : Shape extends { readonly kind: 'bool' }
            ? boolean
            : string;

/** The name of the type in CEL. */
export function celTypeName(shape: ValueShape): string {
  switch (shape.kind) {
    case 'timestamp':
      return 'google.protobuf.Timestamp';
    case 'duration':
      return 'google.protobuf.Duration';
    case 'list':
      return shape.element === null ? 'list' : `list<${celTypeName(shape.element)}>`;
    case 'map':
      return `map<string, ${celTypeName(shape.value)}>`;
    case 'object':
      return shape.name;
    default:
      return shape.kind;
  }
}

export const withArticle = (name: string) => `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
export const typeWithArticle = (shape: ValueShape) => withArticle(celTypeName(shape));

/** The shape of a value that may be either. Null if the types differ. */
export function eitherOf(a: ValueShape, b: ValueShape): ValueShape | null {
  if (a.kind === 'unknown' || b.kind === 'unknown') return unknownShape;
  if (a.kind === 'string' && b.kind === 'string') return string(Math.max(a.length, b.length));
  if (a.kind === 'int' && b.kind === 'int') return int(Math.max(a.most, b.most));
  if (a.kind === 'list' && b.kind === 'list') {
    const element = a.element && b.element ? eitherOf(a.element, b.element) : (a.element ?? b.element);
    if (element === null && a.element !== b.element) return null;
    const characters = Math.max(charactersOf(a), charactersOf(b));
    return { kind: 'list', size: Math.max(a.size, b.size), element, characters };
  }
  if (a.kind === 'map' && b.kind === 'map') {
    const value = eitherOf(a.value, b.value);
    return value && { kind: 'map', size: Math.max(a.size, b.size), value };
  }
  if (a.kind === 'object' && b.kind === 'object') return a.name === b.name ? a : null;
  return a.kind === b.kind ? a : null;
}

/** The UTF-16 code units of all strings in a list together. 0 if its elements are not strings. */
export function charactersOf({ size, element, characters }: ListShape): number {
  const most = element?.kind === 'string' ? size * element.length : 0;
  return Math.min(most, characters ?? most);
}
