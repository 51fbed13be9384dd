import { Type, type Static, type TSchema } from 'typebox';

/** A reference to a schema that is registered under its `$id`, with that schema's type. */
export function ref<T extends TSchema & { readonly $id: string }>(schema: T) {
  return Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#` });
}

export function nullable<T extends TSchema>(schema: T, options: { readonly description?: string } = {}) {
  return Type.Union([schema, Type.Null()], options);
}

/** A string that is one of these values. */
export function oneOf<T extends string>(values: readonly T[], options: { readonly description?: string } = {}) {
  return Type.Unsafe<T>({ type: 'string', enum: [...values], ...options });
}

/** Gives a schema the name under which it stands in the OpenAPI document. */
export function named<T extends TSchema, Id extends string>($id: Id, schema: T): T & { readonly $id: Id } {
  return Object.assign(schema, { $id });
}

const dnsLabel = '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$';

/** RFC 1123 section 2.1 as Kubernetes narrows it. */
export const dnsLabelOf = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: 63, pattern: dnsLabel, description, examples: [example] });

/** RFC 5280 ub-common-name, ub-organization-name: 64 characters; which characters is for policy to say. */
export const nameOf = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: 64, description, examples: [example] });

export const sha256Of = (description: string) =>
  Type.String({
    maxLength: 64,
    pattern: '^[0-9a-f]{64}$',
    description: `${description}, lower-case hex.`,
    examples: ['2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae'],
  });

export const instantOf = (description: string) =>
  Type.String({ format: 'date-time', maxLength: 35, description, examples: ['2026-03-01T09:30:00.000Z'] });

/** Free text that kubepass itself writes. */
export const messageOf = (description: string, example: string) =>
  Type.String({ maxLength: 4096, description, examples: [example] });

/** A stable TitleCase word, as in Kubernetes conditions. */
export const reasonOf = (description: string, example: string) =>
  Type.String({ maxLength: 64, description, examples: [example] });

export const requestIdOf = (description: string) =>
  Type.String({ maxLength: 64, description, examples: ['01968c2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f'] });

/** What every list takes. */
export const pageParameters = {
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 500, default: 50, description: 'How many items at most.', examples: [50] }),
  ),
  cursor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 512,
      description: 'From `nextCursor` of the page before.',
      examples: ['eyJpZCI6IjAxOTY4YzJlIn0'],
    }),
  ),
};

export function pageOf<T extends TSchema & { readonly $id: string }>(item: T, description: string) {
  return named(
    `${item.$id}List`,
    Type.Object(
      {
        items: Type.Array(ref(item), { maxItems: 500 }),
        nextCursor: nullable(Type.String({ maxLength: 512 }), {
          description: 'Pass it as `cursor` to read on; null on the last page.',
        }),
      },
      { additionalProperties: false, description },
    ),
  );
}
