import type { NamedSchemas, Schema } from './example-of.js';

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
