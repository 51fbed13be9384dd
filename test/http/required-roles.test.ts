// Tests src/http/hooks/authentication.ts, src/start/version-1.ts
import { afterAll, beforeAll, expect, it } from 'vitest';
import { everyResource, type AddResource } from '../../src/start/version-1.js';
import { roles, type Principal } from '../../src/model/principal.js';
import { as, type Answer } from './support/call.js';
import { contract } from './support/contract.js';
import { everyRoute, type Route } from './support/every-route.js';
import { connectRaw } from './support/raw-client.js';
import { startService, type Method, type TestService } from './support/service.js';
import { comingAs, lettingIn, tokenOf } from './support/ways-in.js';

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly example?: unknown }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly example?: object; readonly examples?: object }>>;
  };
}

/** The routes for callers, with the parameters and the bodies of the contract's examples. */
interface Operated extends Route {
  readonly body: object;
}

async function routesForCallers(): Promise<readonly Operated[]> {
  const all = (await everyRoute()).filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS');
  return all
    .filter(({ path }) => /^\/(?:v1|scim|metrics)/.test(path) && !/\/crl$|\/login\/|\/v1\/callers$/.test(path))
    .map((route) => {
      const template = route.path.replaceAll(/:(\w+)/g, '{$1}');
      const operation = contract.paths[template]?.[route.method.toLowerCase()] as unknown as Operation | undefined;
      if (operation === undefined) return { ...route, body: {} };
      const given = (place: string) => (operation.parameters ?? []).filter((one) => one.in === place && one.example);
      const url = given('path').reduce(
        (path, { name, example }) => path.replace(`{${name}}`, String(example)),
        template,
      );
      const query = given('query').map(({ name, example }) => `${name}=${encodeURIComponent(String(example))}`);
      const { example, examples = {} } = operation.requestBody?.content['application/json'] ?? {};
      const [first] = Object.values(examples) as { readonly value: object }[];
      return {
        ...route,
        url: `${url}?${/consistency/.test(url) ? query.join('&') : ''}`,
        body: example ?? first?.value ?? {},
      };
    });
}

/** The actions that routes declare, before the declarations are taken away. */
const declared = new Set<string>();
const undeclared: readonly AddResource[] = everyResource.map((add) => (app, context) => {
  app.addHook('onRoute', ({ config }) => {
    if (config?.action === undefined) return;
    declared.add(config.action);
    Reflect.deleteProperty(config, 'action');
  });
  add(app, context);
});

let service: TestService;
/** The same without the declarations: there the use cases alone refuse. */
let bare: TestService;
let routes: readonly Operated[];
beforeAll(async () => {
  routes = await routesForCallers();
  service = await startService({ context: lettingIn });
  bare = await startService({ context: lettingIn, app: { resources: undeclared } });
});
afterAll(async () => {
  await service.close();
  await bare.close();
});

const callers: readonly (readonly [string, Principal['roles']])[] = [
  ['nobody', []],
  ...roles.map((role) => [`the ${role}`, [role]] as const),
];
const inCluster = (held: Principal['roles']) => ({ cluster: held.includes('reviewer') ? 'demo' : null });

/** Why the caller has no role for it; null: it has one, or that is not the question. */
async function refusal(at: TestService, held: Principal['roles'], { method, url, body }: Operated) {
  const call = comingAs(at, `${held.join()}-caller`, held, inCluster(held))(method.toLowerCase() as Method, url);
  const answer: Answer = await (method === 'GET' || method === 'DELETE' ? call : call.send(body));
  if (answer.status !== 403) return null;
  return url.startsWith('/scim') || as.problem(answer).type.endsWith(':not-permitted')
    ? as.problem(answer).detail
    : null;
}

it.each(callers)('refuses %s on every route as the use case does, before a body arrives', async (_name, held) => {
  const refused: string[] = [];
  for (const route of routes) {
    const name = `${route.method} ${route.path}`;
    const why = await refusal(service, held, route);
    expect(why, name).toBe(await refusal(bare, held, route));
    if (why === null) continue;
    refused.push(name);
    const { host } = new URL(service.address);
    const client = await connectRaw(service.address);
    client.socket.write(
      `${route.method} ${route.url} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n` +
        `Authorization: Bearer ${tokenOf(`${held.join()}-caller`, held, inCluster(held))}\r\n\r\n`,
    );
    await client.receives(JSON.stringify(why));
    expect(client.received(), name).toContain(JSON.stringify(why));
    expect(client.received(), name).toMatch(/^HTTP\/1\.1 403 /);
    client.socket.destroy();
  }
  // Everybody is refused something: admins do not change the directory.
  expect(refused).not.toEqual([]);
});

it('has a role for what half of the routes do', () => {
  expect(declared.size).toBeGreaterThan(10);
});
