import { readSearch } from '../../directory/search.js';
import { directoryBounds } from '../../model/directory.js';
import type { Services } from '../services.js';
import { authenticateCallers } from '../plugins/authentication.js';
import { negotiate } from '../plugins/negotiation.js';
import { requireRoles } from '../plugins/required-role.js';
import { jsonBodyParser } from '../plugins/request-input.js';
import { problem, ProblemError } from '../problems/problem.js';
import type { App } from '../types.js';
import { sendList } from './answers.js';
import { addDiscovery } from './discovery.js';
import { answerErrorsAsScim, sendScimError } from './errors.js';
import { groups } from './groups.js';
import { hidden, rangeOf, type Base } from './request.js';
import { addResources } from './resources.js';
import { users } from './users.js';

/**
 * SCIM 2.0 (RFC 7643, RFC 7644) for an identity provider. It has its own form of errors, its own media type and its own
 * description of itself, so the OpenAPI document leaves it out.
 */
export function addScim(app: App, services: Services, failuresPerMinute: number): void {
  answerErrorsAsScim(app);
  authenticateCallers(app, services.authenticator, {
    ...{ failuresPerMinute, browsers: null, publicUrl: null, forDirectory: true },
    budgets: services.budgets,
  });
  requireRoles(app, 'provision-directory');
  readScim(app);
  app.addHook('onRequest', async (request) => {
    const accepted = negotiate(request.headers.accept, ['application/scim+json', 'application/json']);
    if (accepted === null)
      throw new ProblemError(problem('not-acceptable', 'this resource comes as application/scim+json'));
  });
  const paths = new Set<string>();
  app.addHook('onRoute', ({ url }) => {
    paths.add(url.slice(app.prefix.length));
  });
  const base: Base = (request) => `${services.scim.address ?? `${request.protocol}://${request.host}`}${app.prefix}`;
  addResources(app, users(services.scim), base);
  addResources(app, groups(services.scim), base);
  addDiscovery(app, base);
  addSearch(app, services, base);
  refuseOtherMethods(app, paths);
}

function readScim(app: App): void {
  app.removeAllContentTypeParsers();
  const parser = jsonBodyParser(app, directoryBounds.json);
  for (const type of ['application/scim+json', 'application/json'])
    app.addContentTypeParser<Buffer>(type, { parseAs: 'buffer', bodyLimit: directoryBounds.body }, parser);
}

/** RFC 7644 3.4.3 over people and groups together: all people come first. A filter must fit both. */
function addSearch(app: App, { scim }: Services, base: Base): void {
  app.post('/.search', hidden, async (request, reply) => {
    const parameters = { query: readSearch(request.body) };
    const { startIndex, count } = rangeOf(parameters);
    const people = await users(scim).find(parameters, base(request), { startIndex, count });
    const teams = await groups(scim).find(parameters, base(request), {
      startIndex: Math.max(1, startIndex - people.total),
      count: count - people.resources.length,
    });
    return sendList(reply, [...people.resources, ...teams.resources], people.total + teams.total, startIndex);
  });
}

/** RFC 9110 15.5.6, in the form of SCIM. */
function refuseOtherMethods(app: App, paths: ReadonlySet<string>): void {
  for (const url of [...paths]) {
    const taken = (method: string) => app.hasRoute({ method, url: `${app.prefix}${url}` });
    const allow = app.supportedMethods.filter(taken).sort().join(', ');
    app.route({
      method: app.supportedMethods.filter((method) => !taken(method)),
      url,
      ...hidden,
      config: { otherMethods: true },
      handler: (_request, reply) => sendScimError(reply.header('allow', allow), 405, `this resource takes ${allow}`),
    });
  }
}
