/**
 * The type of a value and its largest size, as known before evaluation. Sizes count elements of lists and maps, and
 * UTF-16 code units of strings.
 */
export type Shape = ScalarShape | ListShape | MapShape | ObjectShape | UnknownShape;

export type ScalarShape =
  | { readonly kind: 'bool' | 'timestamp' | 'duration' }
  /** The value is between -most and most. */
  | { readonly kind: 'int'; readonly most: number }
  | { readonly kind: 'string'; readonly length: number };

export interface ListShape {
  readonly kind: 'list';
  readonly size: number;
  /** Null for the literal `[]`, which has the type of any list. */
  readonly element: Shape | null;
  /** The length of all strings together, if that is less than the size times the longest string. */
  readonly characters?: number;
}

/** The keys are strings. */
export interface MapShape {
  readonly kind: 'map';
  readonly size: number;
  readonly value: Shape;
}

export interface ObjectShape {
  readonly kind: 'object';
  readonly name: string;
  readonly fields: Readonly<Record<string, Shape>>;
}

/** The shape of a part with an error. No further error follows from it. */
export interface UnknownShape {
  readonly kind: 'unknown';
}

export const bool: Shape = { kind: 'bool' };
export const timestamp: Shape = { kind: 'timestamp' };
export const duration: Shape = { kind: 'duration' };
export const unknown: Shape = { kind: 'unknown' };
export const int = (most: number): Shape => ({ kind: 'int', most });
export const string = (length: number): Shape & { kind: 'string' } => ({ kind: 'string', length });
export const list = (size: number, element: Shape | null): ListShape => ({ kind: 'list', size, element });

/** The name of the type in CEL. */
export function typeName(shape: Shape): string {
  switch (shape.kind) {
    case 'timestamp':
      return 'google.protobuf.Timestamp';
    case 'duration':
      return 'google.protobuf.Duration';
    case 'list':
      return shape.element === null ? 'list' : `list<${typeName(shape.element)}>`;
    case 'map':
      return `map<string, ${typeName(shape.value)}>`;
    case 'object':
      return shape.name;
    default:
      return shape.kind;
  }
}

export const withArticle = (name: string) => `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;

/** The shape of a value that may be either. Null if the types differ. */
export function eitherOf(a: Shape, b: Shape): Shape | null {
  if (a.kind === 'unknown' || b.kind === 'unknown') return unknown;
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
