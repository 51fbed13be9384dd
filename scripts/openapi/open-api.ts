/** A JSON schema of the OpenAPI document. */
export interface Schema {
  readonly $ref?: string;
  /** Two of them where the value may be null. */
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly minItems?: number;
  readonly description?: string;
}

/** The schemas that have names in the document. */
export type NamedSchemas = Readonly<Record<string, Schema>>;

/** A body of one media type. */
export interface Media {
  readonly schema?: Schema;
  example?: unknown;
  examples?: Record<string, object>;
}
export type Content = Readonly<Record<string, Media>>;

export interface Parameter {
  readonly name: string;
  readonly in: string;
  /** Absent: it may be left out. */
  required?: boolean;
  readonly schema?: Schema;
  example?: unknown;
  examples?: unknown;
}

export interface Response {
  readonly content?: Content;
  headers?: Record<string, object>;
}

export interface ApiOperation {
  readonly operationId: string;
  tags: readonly string[];
  parameters?: (Parameter | Reference)[];
  readonly requestBody?: { required?: boolean; readonly content?: Content };
  responses: Record<string, Response | Reference>;
}

export interface Reference {
  readonly $ref: string;
}

/** An OpenAPI document, as far as it is worked on here. */
export interface OpenApiDocument {
  readonly info: { readonly title: string; readonly version: string; description?: string };
  tags: readonly { readonly name: string; readonly description: string }[];
  paths: Record<string, Record<string, ApiOperation>>;
  webhooks?: Record<string, Record<string, ApiOperation>>;
  readonly components: Record<string, Record<string, unknown> | undefined> & { schemas: NamedSchemas };
}

/** The operations of the paths, and those of the webhooks. */
export const operationsOf = ({ paths, webhooks = {} }: Pick<OpenApiDocument, 'paths' | 'webhooks'>): ApiOperation[] =>
  [...Object.values(paths), ...Object.values(webhooks)].flatMap((methods) => Object.values(methods));

/** `of-every-call` as `OfEveryCall`, for the name of a component. */
export const inTitleCase = (name: string): string =>
  name.replaceAll(/(?:^|[-_/])([a-z])/g, (_, first: string) => first.toUpperCase());

export const isReference = (part: object): part is Reference => '$ref' in part;

/**
 * An OpenAPI document as text. Members are sorted by name, so that the text does not depend on the order of routes.
 * Media types keep their order: the first one is what a caller without preference gets.
 */
export function openApiText(document: OpenApiDocument): string {
  return `${jsonText(sorted(document))}\n`;
}

/**
 * JSON, indented. An object with one simple member, such as a reference, stands on one line, and so does a short list
 * of them, such as `required`.
 */
function jsonText(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value);
  const isShort = members.length < 2 || (Array.isArray(value) && JSON.stringify(value).length <= 80);
  if (isShort && members.every(([, member]) => typeof member !== 'object' || member === null))
    return JSON.stringify(value);
  const inner = `${indent}  `;
  const lines = members.map(([name, member]) => {
    const text = jsonText(member, inner);
    return Array.isArray(value) ? `${inner}${text}` : `${inner}${JSON.stringify(name)}: ${text}`;
  });
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value);
  if (!members.every(([name]) => isMediaType(name))) members.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}

const isMediaType = (name: string): boolean => /^[a-z]+\/[a-z0-9.+-]+$/.test(name);
