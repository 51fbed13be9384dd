/** A JSON schema of draft 7, as far as these files write one. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema | boolean>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema | readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly if?: JsonSchema;
  readonly then?: JsonSchema;
  readonly else?: JsonSchema;
  readonly not?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly [keyword: string]: unknown;
}

/** An object whose keys are ours: every other key is refused. */
export const closed = (properties: Readonly<Record<string, JsonSchema>>, more: JsonSchema = {}): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...more,
});

/**
 * An object whose keys are somebody's own, and match an expression from end to end. Other keys are additional, for helm
 * gives a wrong place to the errors of `propertyNames`.
 */
export const mapOf = (keys: string, values: JsonSchema): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  patternProperties: { [`^(?:${keys})$`]: values },
});

export const listOf = (items: JsonSchema, more: JsonSchema = {}): JsonSchema => ({ type: 'array', items, ...more });

/** Text that a regular expression matches from end to end. Go has to know the expression: it has no lookahead. */
export const matching = (expression: string, more: JsonSchema = {}): JsonSchema => ({
  type: 'string',
  pattern: `^(?:${expression})$`,
  ...more,
});

/** The same, or nothing: a default that says that a thing is not there. */
export const orEmpty = (expression: string, more: JsonSchema = {}): JsonSchema => matching(`(?:${expression})?`, more);

/** The value at a path such as `database.type` exists, and is so. */
export const at = (path: string, is: JsonSchema | boolean): JsonSchema => {
  const [key = '', ...deeper] = path.split('.');
  return { properties: { [key]: deeper.length === 0 ? is : at(deeper.join('.'), is) }, required: [key] };
};

/** All of these hold. */
export const all = (...schemas: readonly JsonSchema[]): JsonSchema => ({ allOf: schemas });

/** An expression for a text in upper or lower case. Go and JavaScript have no common flag for that. */
export const inAnyCase = (text: string): string =>
  text.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`).replaceAll('.', '\\.');
