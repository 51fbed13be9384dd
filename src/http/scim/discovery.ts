import { resourceTypes, schemas, serviceProviderConfig } from '../../directory/discovery.js';
import type { App } from '../types.js';
import { send, sendList } from './answers.js';
import { sendScimError } from './errors.js';
import { filterOf, hidden, type Base, type WithId } from './request.js';

/** RFC 7644 4. A filter on them is refused there, and nothing else is. */
export function addDiscovery(app: App, base: Base): void {
  app.get('/ServiceProviderConfig', hidden, (request, reply) => send(reply, 200, serviceProviderConfig(base(request))));
  for (const [path, all] of [
    ['/ResourceTypes', resourceTypes],
    ['/Schemas', schemas],
  ] as const) {
    app.get(path, hidden, (request, reply) => {
      if (filterOf(request) !== undefined) return sendScimError(reply, 403, 'this list cannot be filtered');
      const resources = all(base(request));
      return sendList(reply, resources, resources.length, 1);
    });
    app.get<WithId>(`${path}/:id`, hidden, (request, reply) => {
      const found = all(base(request)).find(({ id }) => id.toLowerCase() === request.params.id.toLowerCase());
      return found ? send(reply, 200, found) : sendScimError(reply, 404, 'there is no such resource');
    });
  }
}
