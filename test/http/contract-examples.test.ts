// Tests openapi/, src/http/schemas/schema-parts.ts
import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { readCertificateList } from '@kubepass/x509';
import { Compile } from 'typebox/schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contract } from './support/contract.js';
import { startService, type Method, type TestService } from './support/service.js';

interface Media {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: Readonly<Record<string, unknown>>;
    readonly example?: unknown;
  }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}

const paths = contract.paths as unknown as Record<string, Record<string, Operation>>;
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation, name: operation.operationId })),
);
const examplesOf = ({ example, examples = {} }: Media): readonly unknown[] =>
  example === undefined ? Object.values(examples).map(({ value }) => value) : [example];

const $defs = JSON.parse(
  JSON.stringify(contract.components.schemas).replaceAll('#/components/schemas/', '#/$defs/'),
) as Record<string, object>;
/** Why a value does not conform to a schema of the contract; null if it does. */
function complaint(schema: object, value: unknown): string | null {
  const own = JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', '#/$defs/')) as object;
  const validator = Compile({ $defs, ...own });
  return validator.Check(value) ? null : JSON.stringify(validator.Errors(value)[1]);
}

/** Files to send have no example. */
const isFile = ({ schema }: Media): boolean => /format":"binary|\/Octets"/.test(JSON.stringify(schema));

describe.each(operations)('the examples of $name', ({ path, operation }) => {
  it('are there for each answer, each in its own form, and conform to the schema', () => {
    for (const [status, { content = {} }] of Object.entries(operation.responses))
      for (const [type, media] of Object.entries(content)) {
        expect(examplesOf(media), `${status} ${type}`).not.toEqual([]);
        for (const example of examplesOf(media))
          expect(complaint(media.schema, example), `${status} ${type}`).toBeNull();
      }
  });

  it('are not the same for two statuses', () => {
    // The problems of every call may be some of the operation, too.
    const { default: _, ...own } = operation.responses;
    const ofStatus = Object.values(own).map(
      ({ content }) =>
        new Set(
          Object.values(content ?? {})
            .flatMap(examplesOf)
            .map((example) => JSON.stringify(example)),
        ),
    );
    const all = ofStatus.flatMap((examples) => [...examples]);
    expect(new Set(all).size).toBe(all.length);
  });

  it('are there for each body and for each parameter of the path, and for no parameter that may be left out', () => {
    for (const media of Object.values(operation.requestBody?.content ?? {})) {
      if (isFile(media)) continue;
      expect(examplesOf(media)).not.toEqual([]);
      for (const example of examplesOf(media)) expect(complaint(media.schema, example)).toBeNull();
    }
    for (const { required = false, schema, example, name } of operation.parameters ?? []) {
      expect(example !== undefined, `${path} ${name}`).toBe(required);
      // "Try it out" fills in defaults too, and sends what nobody filled in.
      expect(schema, name).not.toHaveProperty('default');
      expect(schema, name).not.toHaveProperty('examples');
      if (example !== undefined) expect(complaint(schema, example)).toBeNull();
    }
  });
});

it('shows answers in DER in base64', () => {
  const octetsOf = (operationId: string, type: string) => {
    const content = operations.find(({ name }) => name === operationId)?.operation.responses['200']?.content?.[type];
    return Buffer.from(String(examplesOf(content as Media)[0]), 'base64');
  };
  expect(new X509Certificate(octetsOf('getCertificate', 'application/pkix-cert')).subject).toContain('CN=jane');
  expect(readCertificateList(octetsOf('getCertificateRevocationList', 'application/pkix-crl')).revoked.size).toBe(0);
});

describe('the examples, executed on the service that the quickstart starts', () => {
  let service: TestService;
  beforeAll(async () => {
    const policies = ['demo', 'quickstart'].map((name) =>
      readFileSync(new URL(`../../policies/${name}.yaml`, import.meta.url), 'utf8'),
    );
    service = await startService({ policies: policies.join('---\n') });
  });
  afterAll(() => service.close());

  const bodies = (operation: Operation): readonly unknown[] => {
    const media = operation.requestBody?.content['application/json'];
    return media ? examplesOf(media) : [undefined];
  };
  const calls = operations.flatMap(({ path, method, operation, name }) =>
    bodies(operation).map((body, i) => ({ path, method, operation, body, name: i === 0 ? name : `${name}, ${i + 1}` })),
  );

  it.each(calls)('are valid: $name', async ({ path, method, operation, body }) => {
    const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    const inQuery = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query' && parameter.required);
    const query = inQuery.map(({ name, example }) => `${name}=${String(example)}`).join('&');
    const url = inPath.reduce(
      (text, { name, example }) => text.replace(`{${name}}`, String(example)),
      query === '' ? path : `${path}?${query}`,
    );
    const call = service.withToken(service.adminToken)(method as Method, url);
    const { status, text } = await (body === undefined ? call : call.send(body));
    // Records are named by ids that the service gives, so that no record of an example exists.
    const namesRecord = inPath.some(({ name }) => name !== 'name') || url.startsWith('/v1/login/');
    expect(
      [200, 201, 202, ...(namesRecord ? [404, 409] : []), ...(/signing|authorization/.test(url) ? [409] : [])],
      text,
    ).toContain(status);
  });
});
