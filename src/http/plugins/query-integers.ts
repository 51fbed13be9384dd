import type { App } from '../types.js';

/** Plain decimal: `0x10`, `1e2`, ` 5` and `+5` stay strings, which the schema then refuses. */
const decimal = /^(?:0|[1-9][0-9]{0,15})$/;

/** Turns query parameters that the route's schema calls integers into numbers; nothing else is converted anywhere. */
export function readQueryIntegers(app: App): void {
  app.addHook('preValidation', (request, _reply, done) => {
    const properties = propertiesOf(request.routeOptions.schema?.querystring);
    const query = request.query as Record<string, unknown>;
    for (const [name, schema] of Object.entries(properties)) {
      const value = query[name];
      if (schema.type === 'integer' && typeof value === 'string' && decimal.test(value)) query[name] = Number(value);
    }
    done();
  });
}

function propertiesOf(schema: unknown): Record<string, { readonly type?: unknown }> {
  return (schema as { properties?: Record<string, { readonly type?: unknown }> } | undefined)?.properties ?? {};
}
