import { openApiText } from './openapi-text.js';
import { jsonMediaType } from '../answer.js';
import type { App } from '../types.js';

/** The description of the routes; it is put together once, when the first caller asks. */
export function addOpenApi(app: App): void {
  let text: string | null = null;
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    text ??= openApiText(app.swagger());
    return reply.type(jsonMediaType).send(text);
  });
}
