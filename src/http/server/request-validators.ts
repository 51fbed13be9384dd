import AjvCompiler from '@fastify/ajv-compiler';

type BuildValidator = ReturnType<typeof AjvCompiler>;

const build = AjvCompiler() as BuildValidator;
const built = new Map<string, ReturnType<BuildValidator>>();

/**
 * Builds what compiles the schemas of requests, once for each set of named schemas. Fastify asks for it again for every route of
 * a scope that adds schemas. Its own builder writes all of them as JSON each time, to see whether they are the same: a quarter of
 * the time that a server takes to start. Here their names say so, because in a process a name belongs to one schema.
 */
export const buildRequestValidator: BuildValidator = (schemas, options) => {
  const names = Object.keys(schemas).sort().join(' ');
  const known = built.get(names) ?? build(schemas, options);
  built.set(names, known);
  return known;
};
