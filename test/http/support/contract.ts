import { readFileSync } from 'node:fs';
import type { Response } from 'supertest';
import { Compile } from 'typebox/schema';
import { withWholeOperations } from './open-api.js';

interface Media {
  readonly schema: object;
  /** By type, where it is for problems. */
  readonly examples?: Readonly<Record<string, object>>;
}
interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly schema: { readonly maxLength?: number } }[];
  readonly responses: Record<string, { readonly content?: Record<string, Media> }>;
}
interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object> };
}

const read = (name: string): Document =>
  withWholeOperations(
    JSON.parse(readFileSync(new URL(`../../../openapi/${name}.json`, import.meta.url), 'utf8')) as Document,
  );
/** The committed contract, with each operation whole. */
export const contract = read('openapi');
/** The schemas of the events that webhooks carry. */
export const webhookSchemas = read('webhooks').components.schemas;

const scim = read('scim');
const everyCall = {
  paths: { ...contract.paths, ...scim.paths },
  components: { schemas: { ...scim.components.schemas, ...contract.components.schemas } },
};
const checkable = JSON.parse(JSON.stringify(everyCall).replaceAll('#/components/schemas/', '#/$defs/')) as Document;
/** By the text of the schema: hundreds of answers have one of a few dozen schemas. */
const compiled = new Map<string, ReturnType<typeof Compile>>();

/** Throws unless the answer is one that the committed contract declares: status, media type and body. */
export function mustConform(method: string, url: string, response: Response): void {
  const path = (url.split('?')[0] ?? '').split('/');
  const found = Object.entries(checkable.paths).find(([template]) => matches(template.split('/'), path));
  const operation = found?.[1][method];
  if (operation === undefined) return; // The contract does not declare what 404 and 405 answer.
  const declared =
    operation.responses[String(response.status)] ??
    (response.status >= 400 ? operation.responses['default'] : undefined);
  const say = (what: string) => new Error(`${method} ${url} answered ${response.status}: ${what}\n${response.text}`);
  if (declared === undefined) throw say('the contract does not declare this status');
  if (declared.content === undefined) {
    if (response.text) throw say('the contract declares no body');
    return;
  }
  const media = declared.content[response.type];
  if (media === undefined) throw say(`the contract does not declare ${response.type}`);
  if (!/[+/]json$/.test(response.type) || method === 'head') return;
  const problem = /^urn:kubepass:problem:(.+)$/.exec((response.body as { type?: string }).type ?? '')?.[1];
  const ofEveryCall = operation.responses['default']?.content?.['application/problem+json']?.examples;
  if (problem && media.examples && !(problem in { ...ofEveryCall, ...media.examples }))
    throw say('the operation does not list this problem');
  const schema = JSON.stringify(media.schema);
  const validator = compiled.get(schema) ?? Compile({ $defs: checkable.components.schemas, ...media.schema });
  compiled.set(schema, validator);
  const body = JSON.parse(response.text) as unknown;
  // Listing the errors takes far longer than checking that there are none.
  if (!validator.Check(body))
    throw say(`the body is not what the contract declares: ${JSON.stringify(validator.Errors(body)[1])}`);
}

function matches(template: readonly string[], path: readonly string[]): boolean {
  return (
    template.length === path.length &&
    template.every((segment, i) => (segment.startsWith('{') ? path[i] !== '' : segment === path[i]))
  );
}
