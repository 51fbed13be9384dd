import AjvCompiler from '@fastify/ajv-compiler';
import type { FastifySchemaCompiler } from 'fastify';

type Compile = FastifySchemaCompiler<object>;
type Validate = ReturnType<Compile>;
type BuildCompiler = (schemas: Readonly<Record<string, unknown>>, options: unknown) => Compile;

const buildCompiler = AjvCompiler() as unknown as BuildCompiler;
const built = new Map<string, Compile>();

const build: BuildCompiler = (schemas, options) => {
  const names = Object.keys(schemas).sort().join(' ');
  const known = built.get(names);
  if (known !== undefined) return known;
  const compile = buildCompiler(schemas, options);
  // Node has the names of fields in lower case. Fastify does this only for its own builder.
  const compileFor: Compile = (route) => {
    const named = route.httpPart === 'headers' ? { ...route, schema: withLowerCaseNames(route.schema) } : route;
    return atFirstUse(() => compile(named));
  };
  built.set(names, compileFor);
  return compileFor;
};

/**
 * Builds what compiles the schemas of requests, once for each set of named schemas. Fastify asks for it again for every route of
 * a scope that adds schemas. Its own builder writes all of them as JSON each time, to see whether they are the same: a quarter of
 * the time that a server takes to start. Here their names say so, because in a process a name belongs to one schema.
 */
export const buildRequestValidator = build as unknown as ReturnType<typeof AjvCompiler>;

/** Compiles when the first value comes: a start would spend a tenth of its time on routes of which few are called. */
function atFirstUse(compile: () => Validate): Validate {
  let compiled: Validate | null = null;
  const validate: Validate = (value) => {
    compiled ??= compile();
    const answer: unknown = compiled(value);
    validate.errors = compiled.errors ?? null;
    return answer === true;
  };
  return validate;
}

/** Throws for a schema with more than names of fields, so that no part of it goes without effect. */
function withLowerCaseNames(schema: object): object {
  const {
    type,
    properties,
    required = [],
    ...rest
  } = schema as {
    readonly type?: unknown;
    readonly properties?: Readonly<Record<string, unknown>>;
    readonly required?: readonly string[];
  };
  if (type !== 'object' || properties === undefined || Object.keys(rest).length > 0)
    throw new Error(`the schema of header fields has ${['no properties', ...Object.keys(rest)].at(-1) ?? ''}`);
  return {
    type,
    properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name.toLowerCase(), value])),
    required: required.map((name) => name.toLowerCase()),
  };
}
