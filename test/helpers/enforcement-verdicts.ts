import { Environment } from '@marcbachmann/cel-js';
import { parse, parseAllDocuments } from 'yaml';
import { credentialId } from '../../src/kubernetes/revocation-enforcement-files.js';

/** Somebody who comes to an API server with a client certificate. */
export interface Shown {
  readonly user: string;
  readonly fingerprintSha256: string;
}

/** The API server's own CEL has these functions too. */
const cel = new Environment({
  unlistedVariablesAreDyn: true,
  limits: { maxListElements: 100_000, maxAstNodes: 200_000 },
}).registerFunction('string.format(list): string', (format: string, [value]: readonly unknown[]) =>
  format.replace('%x', Buffer.from(String(value)).toString('hex')),
);
const isTrue = (expression: string, variables: object): boolean => cel.evaluate(expression, variables) === true;

const extraOf = ({ fingerprintSha256 }: Shown) => ({ [credentialId]: [`X509SHA256=${fingerprintSha256}`] });

interface Webhook {
  readonly failurePolicy: string;
  readonly matchConditions: readonly { readonly expression: string }[];
}

/** Whether an API server with this authorization configuration goes on to RBAC. `review` null: kubepass is away. */
export async function passesConfiguration(
  text: string,
  shown: Shown,
  review: ((shown: Shown) => Promise<boolean>) | null,
): Promise<boolean> {
  const { authorizers } = parse(text) as { readonly authorizers: readonly { readonly webhook?: Webhook }[] };
  const request = { user: shown.user, groups: [], extra: extraOf(shown) };
  for (const { webhook } of authorizers) {
    if (webhook?.matchConditions.every(({ expression }) => isTrue(expression, { request })) !== true) continue;
    if (review === null ? webhook.failurePolicy === 'Deny' : !(await review(shown))) return false;
  }
  return true;
}

interface Policy {
  readonly kind: string;
  readonly spec: {
    readonly matchConditions: readonly { readonly expression: string }[];
    readonly variables: readonly { readonly name: string; readonly expression: string }[];
    readonly validations: readonly { readonly expression: string }[];
  };
}

/** Whether the rendered admission policy lets a write pass, with this data of its ConfigMap. */
export function passesPolicy(manifests: string, data: Readonly<Record<string, string>>, shown: Shown): boolean {
  const documents = parseAllDocuments(manifests).map((document) => document.toJS() as Policy);
  const policy = documents.find(({ kind }) => kind === 'ValidatingAdmissionPolicy');
  if (policy === undefined) throw new Error('there is no policy');
  const request = { userInfo: { username: shown.user, extra: extraOf(shown) } };
  const params = Object.keys(data).length > 0 ? { data } : {};
  const given = { request, params, variables: {} as Record<string, unknown> };
  if (!policy.spec.matchConditions.every(({ expression }) => isTrue(expression, given))) return true;
  for (const { name, expression } of policy.spec.variables) given.variables[name] = cel.evaluate(expression, given);
  return policy.spec.validations.every(({ expression }) => isTrue(expression, given));
}
