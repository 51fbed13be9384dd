// Tests openapi/, scripts/openapi/, src/start/app.ts
import { readFileSync } from 'node:fs';
import AjvCompiler from '@fastify/ajv-compiler';
import type { FastifyInstance, FastifySchema } from 'fastify';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../src/start/app.js';
import { createLogger } from '../../src/observability/logger.js';
import { webhookEventTypes } from '../../src/model/webhook-delivery.js';
import { as } from './support/call.js';
import { withWholeOperations } from './support/open-api.js';
import { type Method, type SharedService, sharedService } from './support/service.js';

interface Schema {
  readonly [keyword: string]: unknown;
}
interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: object }>>;
  readonly security?: readonly object[];
}
interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string }[];
  readonly security: readonly object[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: object }>>;
    readonly securitySchemes: object;
  };
}

const problemJson = 'application/problem+json';

let service: SharedService;
let document: Document;
let text: string;
beforeAll(async () => {
  service = await sharedService();
  const answer = await service.anonymous('get', '/openapi.json').expect(200);
  text = answer.text;
  document = JSON.parse(text) as Document;
});

/** The operations, with the components that they refer to. */

const operations = () =>
  Object.entries(withWholeOperations(document).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

/** Every schema in the document, with its place. */
function* schemas(value: unknown, place = ''): Generator<{ readonly place: string; readonly schema: Schema }> {
  if (typeof value !== 'object' || value === null) return;
  if ('type' in value && place !== '' && !place.endsWith('/properties')) yield { place, schema: value };
  for (const [name, member] of Object.entries(value))
    if (!/^(?:example|examples|value)$/.test(name)) yield* schemas(member, `${place}/${name}`);
}

it('has schemas of JSON Schema alone, which the start does not check', async () => {
  const app = buildApp(service.context, { logger: createLogger({ level: 'silent' }) });
  const routes: { readonly scope: FastifyInstance; readonly url: string; readonly schema: FastifySchema }[] = [];
  app.addHook('onRoute', function (this: FastifyInstance, { url, schema }) {
    if (schema) routes.push({ scope: this, url, schema });
  });
  await app.ready();
  expect(routes.length).toBeGreaterThan(100);
  const buildCompiler = AjvCompiler() as unknown as (named: object, options: object) => (route: object) => unknown;
  const compiled = (named: object, schema: unknown) => buildCompiler(named, { customOptions: {} })({ schema });
  for (const { scope, url, schema } of routes)
    for (const part of ['params', 'querystring', 'headers', 'body'] as const)
      if (schema[part] !== undefined)
        expect(() => compiled(scope.getSchemas(), schema[part]), `${url} ${part}`).not.toThrow();
  expect(() => compiled({}, { type: 'object', properties: { a: { type: 'strong' } } })).toThrow('schema is invalid');
  await app.close();
});

describe('/openapi.json', () => {
  it('and its parts are the committed contract', async () => {
    for (const path of ['openapi.json', 'openapi/portal.json', 'openapi/webhooks.json']) {
      const file = new URL(`../../openapi/${path.split('/').at(-1)}`, import.meta.url);
      expect((await service.anonymous('get', `/${path}`).expect(200)).text).toBe(readFileSync(file, 'utf8'));
    }
  });

  it('is OpenAPI 3.1 with nothing of 3.0 and nothing of the framework left in it', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(text).not.toMatch(/"(nullable|\$id|x-[a-z-]+|def-\d+)"/);
    expect(text).not.toContain('Default Response');
    for (const [, reference] of text.matchAll(/"\$ref": "([^"]+)"/g)) {
      expect(reference).toMatch(/^#\/components\/(?:schemas|responses|parameters|headers|examples)\/[\w-]+$/);
      const [, , kind = '', name = ''] = reference?.split('/') ?? [];
      expect(document.components).toHaveProperty([kind, name]);
    }
  });

  it('is small enough to read: at most 460 KB', () => {
    expect(text.length).toBeLessThan(460_000);
  });

  it('has each component once, and none that nothing refers to', () => {
    for (const [kind, parts] of Object.entries(document.components))
      for (const name of Object.keys(parts))
        if (kind !== 'securitySchemes') expect(text, name).toContain(`"#/components/${kind}/${name}"`);
  });

  // docs/decisions/0022-documents.md
  it('becomes code that compiles: no webhooks, no end of a comment, and no name that means two things in Go', () => {
    expect(document).not.toHaveProperty('webhooks');
    for (const [, words] of text.matchAll(/"(?:description|summary)": ("(?:[^"\\\\]|\\\\.)*")/g))
      expect(words).not.toContain('*/');
    const named = Object.entries(document.components.schemas);
    const names = new Set(named.map(([name]) => name));
    for (const name of names) expect(names).not.toContain(`New${name}`);
    const values = named.flatMap(([, schema]) => (schema as { readonly enum?: readonly string[] }).enum ?? []);
    expect(values.length).toBeGreaterThan(10);
    expect(values.toSorted()).toEqual([...new Set(values)].toSorted());
  });

  it('names, sums up and tags every operation, once', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const tags = document.tags.map(({ name }) => name);
    for (const { operation } of operations()) {
      expect(operation.operationId).toMatch(/^[a-z][A-Za-z]+$/);
      expect(operation.summary).toBeTruthy();
      expect(operation.description, operation.operationId).toBeTruthy();
      expect(tags).toEqual(expect.arrayContaining([...(operation.tags ?? ['none'])]));
    }
  });

  const isForCallers = (path: string) =>
    /^\/v1\/|^\/metrics$/.test(path) && !/\/crl$|^\/v1\/login\/|^\/v1\/callers$/.test(path);

  it('declares every path parameter, and that all but health, the CRL and the sign-in takes a token or a session', () => {
    expect(document.components.securitySchemes).toHaveProperty('bearer.scheme', 'bearer');
    expect(document.components.securitySchemes).toHaveProperty('session.in', 'cookie');
    expect(document.security).toEqual([{ bearer: [] }, { session: [] }]);
    for (const { path, operation } of operations()) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(declared.map(({ name }) => name).sort()).toEqual(inPath.sort());
      expect(operation.security).toEqual(isForCallers(path) ? undefined : []);
    }
  });

  it('declares problem+json for every error, and those of every call as one default response', () => {
    for (const { path, method, operation } of operations()) {
      for (const [status, { description, content }] of Object.entries(operation.responses)) {
        expect(description).toBeTruthy();
        // People sign in with a browser, which shows pages.
        const page = path.startsWith('/v1/login/') ? ['text/html'] : [];
        if (Number(status) >= 400 || status === 'default')
          expect(Object.keys(content ?? {})).toEqual(['application/problem+json', ...page]);
      }
      expect(operation.responses).toHaveProperty('default.content');
      if (!path.startsWith('/v1/login/'))
        expect(document.paths[path]).toHaveProperty(`${method}.responses.default`, {
          $ref: '#/components/responses/Problem',
        });
    }
    const everyCall = document.components.responses['Problem']?.description ?? '';
    for (const type of ['invalid-request', 'unauthenticated', 'not-permitted', 'not-acceptable', 'content-too-large'])
      expect(everyCall).toContain(`\`${type}\``);
    for (const type of ['unsupported-media-type', 'too-many-requests', 'internal-error', 'service-unavailable'])
      expect(everyCall).toContain(`\`${type}\``);
  });

  it('bounds every string, array and integer, and lets no object have properties that it does not name', () => {
    for (const { place, schema } of schemas({ paths: document.paths, components: document.components })) {
      if (place.includes('securitySchemes')) continue;
      if (schema['type'] === 'string')
        expect(schema, place).toSatisfy((it: Schema) => 'maxLength' in it || 'enum' in it);
      // Clients are generated with members that have a default as required ones.
      expect(schema, place).not.toHaveProperty('default');
      if (schema['type'] === 'array') expect(schema, place).toHaveProperty('items');
      if (schema['type'] === 'integer') expect(schema, place).toHaveProperty('minimum');
      // The names of the parts of an upload do not matter, and Kubernetes adds members to its own types.
      const isOurs = !/multipart|SubjectAccessReview|KubernetesObject/.test(place);
      if (schema['type'] === 'object' && 'properties' in schema && isOurs)
        expect(schema, place).toHaveProperty('additionalProperties', false);
    }
  });

  it('lists the media types of every answer as the service prefers them, so the default comes first', async () => {
    const several = operations().flatMap(({ path, method, operation }) => {
      const types = Object.keys((operation.responses['200'] ?? operation.responses['201'])?.content ?? {});
      return types.length > 1 ? [{ path, method: method as Method, types }] : [];
    });
    expect(several.map(({ path }) => path)).toContain('/v1/kubeconfigs');
    for (const { path, method, types } of several) {
      const url = path.replaceAll(/\{\w+\}/g, 'x');
      const answer = await service.as('root')(method, url).set('accept', 'image/png').expect(406);
      expect(as.problem(answer).detail, path).toBe(`this resource comes as ${types.join(', ')}`);
    }
  });

  it('has every route of the contract', () => {
    const has = operations().map(({ path, method }) => `${method.toUpperCase()} ${path}`);
    expect(has.sort()).toEqual(
      [
        'GET /livez',
        'GET /readyz',
        'GET /metrics',
        'GET /v1/api-tokens',
        'POST /v1/api-tokens',
        'DELETE /v1/api-tokens/{id}',
        'GET /v1/audit-events',
        'GET /v1/audit-events/verification',
        'GET /v1/audit-events/checkpoint',
        'GET /v1/audit-events/checkpoint-keys',
        'GET /v1/audit-events/consistency',
        'GET /v1/audit-events/{seq}/proof',
        'GET /v1/certificate-requests',
        'POST /v1/certificate-requests',
        'GET /v1/certificate-requests/{id}',
        'POST /v1/certificate-requests/{id}/approve',
        'POST /v1/certificate-requests/{id}/cancel',
        'POST /v1/certificate-requests/{id}/deny',
        'GET /v1/certificate-requests/{id}/certificate',
        'GET /v1/certificate-requests/{id}/kubeconfig',
        'POST /v1/certificate-requests/{id}/kubeconfig',
        'POST /v1/certificates/{fingerprintSha256}/renew',
        'GET /v1/certificates',
        'GET /v1/certificates/{fingerprintSha256}',
        'GET /v1/changes',
        'GET /v1/clusters',
        'POST /v1/certificates/{fingerprintSha256}/revoke',
        'GET /v1/callers',
        'GET /v1/clusters/{name}/crl',
        'GET /v1/clusters/{name}/issuers',
        'GET /v1/clusters/{name}/issuers/{issuer}',
        'GET /v1/clusters/{name}/issuers/{issuer}/certification-request',
        'GET /v1/clusters/{name}/kubeconfig',
        'GET /v1/clusters/{name}',
        'GET /v1/clusters/{name}/certificate-authority',
        'GET /v1/clusters/{name}/authorization-configuration',
        'GET /v1/clusters/{name}/authorization-webhook-kubeconfig',
        'GET /v1/clusters/{name}/revocation-policy',
        'POST /v1/clusters/{name}/access-reviews',
        'GET /v1/clusters/{name}/certificate-signing-requests',
        'GET /v1/clusters/{name}/certificate-signing-requests/{csrName}',
        'POST /v1/clusters/{name}/issuers/{issuer}/activate',
        'POST /v1/clusters/{name}/issuers/{issuer}/probe',
        'POST /v1/clusters/{name}/issuers/{issuer}/retire',
        'POST /v1/clusters/{name}/probe',
        'GET /v1/directory-users',
        'GET /v1/directory-users/{id}',
        'POST /v1/directory-users/{id}/confirm',
        'GET /v1/identities',
        'GET /v1/identities/{username}',
        'POST /v1/identities/{username}/block',
        'POST /v1/identities/{username}/unblock',
        'POST /v1/inspections',
        'POST /v1/kubeconfigs',
        'GET /v1/login/{name}',
        'GET /v1/login/{name}/callback',
        'GET /v1/sessions',
        'POST /v1/sessions',
        'DELETE /v1/sessions/{id}',
        'GET /v1/policies',
        'GET /v1/restored',
        'POST /v1/restored/acknowledge',
        'GET /v1/policies/offers',
        'GET /v1/policies/schema.json',
        'GET /v1/policies/texts',
        'POST /v1/policies/evaluate',
        'GET /v1/timeline',
        'GET /v1/webhook-deliveries',
        'POST /v1/webhook-deliveries/{id}/retry',
        'POST /v1/policies/replay',
        'GET /v1/whoami',
      ].sort(),
    );
  });

  it('is answered that a body is required, where there is none', async () => {
    const withBody = operations().filter(
      ({ operation }) => (operation.requestBody as { required?: boolean } | undefined)?.required,
    );
    expect(withBody.length).toBeGreaterThan(7);
    for (const { path, method, operation } of withBody) {
      if (operation.operationId === 'inspect') continue;
      const answer = await service
        .as('root')(method as Method, path.replaceAll(/\{\w+\}/g, 'x'))
        .expect(400);
      expect(as.problem(answer).detail, path).toBe('a JSON body is required');
    }
  });

  it('is where / leads: a browser to the console, others to the documents', async () => {
    const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    const led = await service.anonymous('get', '/').set('accept', browser).expect(303);
    expect(led.headers['location']).toBe('/console/');
    const told = (await service.anonymous('get', '/').expect(200)).body as { documents: string[]; guide: string };
    for (const path of [...told.documents, told.guide]) await service.anonymous('get', path).expect(200);
  });

  it('has what its introduction links to', async () => {
    const { description } = document.info;
    const guide = (await service.anonymous('get', '/docs/api.md').expect(200)).text;
    for (const [, path = '', part = ''] of description.matchAll(/\]\((\/[^)#]*)#?([^)]*)\)/g)) {
      await service.anonymous('get', path).expect(200);
      if (part !== '') expect(guide.toLowerCase()).toContain(`\n## ${part}\n`);
    }
    // Half a screen.
    expect(description.split('\n').length).toBeLessThan(20);
  });

  it('has the calls of a portal in a document of its own', async () => {
    const portal = (await service.anonymous('get', '/openapi/portal.json').expect(200)).body as Document;
    const ids = Object.values(portal.paths).flatMap((methods) => Object.values(methods).map((one) => one.operationId));
    expect(ids.sort()).toEqual([
      ...['approveCertificateRequest', 'cancelCertificateRequest', 'collectKubeconfig', 'createCertificateRequest'],
      ...['createKubeconfig', 'denyCertificateRequest', 'evaluatePolicies', 'getCertificate', 'getCertificateRequest'],
      ...['listCertificateRequests', 'listCertificates', 'listClusters', 'listPolicyOffers', 'readChanges'],
      ...['renewCertificate', 'revokeCertificate', 'whoami'],
    ]);
  });

  it('lists the types of problems, and tells which of them each status has', () => {
    const { enum: types } = (document.components.schemas['Problem'] as { properties: { type: { enum: string[] } } })
      .properties.type;
    expect(types).toContain('urn:kubepass:problem:policy-denied');
    expect(types.length).toBeGreaterThan(20);
    for (const { description, content } of Object.values(document.components.responses)) {
      const named = [...description.matchAll(/`([a-z-]+)`: /g)].map(([, name]) => name);
      const { examples = {} } = (content as Record<string, { examples?: object }> | undefined)?.[problemJson] ?? {};
      expect(Object.keys(examples)).toEqual(named.sort());
    }
  });

  it('documents Location where a certificate request is recorded, and WWW-Authenticate', () => {
    const create = operations().find(({ operation }) => operation.operationId === 'createCertificateRequest')?.operation
      .responses;
    expect(create?.['403']).toHaveProperty('headers.Location');
    expect(create?.['201']).toHaveProperty('headers.Location');
    expect(create?.['default']).toHaveProperty('headers.WWW-Authenticate');
    expect(create?.['default']).toHaveProperty('headers.RateLimit');
  });

  it('describes each webhook, with a schema of its own, in a document of its own', async () => {
    const { body } = await service.anonymous('get', '/openapi/webhooks.json').expect(200);
    const { webhooks, components } = body as Document & {
      readonly webhooks: Record<string, { readonly post: { readonly requestBody: object } }>;
    };
    expect(Object.keys(webhooks).sort()).toEqual([...webhookEventTypes].sort());
    for (const [type, { post }] of Object.entries(webhooks)) {
      const name = /schemas\/(\w+)"/.exec(JSON.stringify(post.requestBody))?.[1] ?? '';
      expect(components.schemas[name]).toMatchObject({ properties: { type: { enum: [type] } } });
    }
  });
});
