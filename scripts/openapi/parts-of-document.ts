import { scimPrefix } from '../../src/http/hooks/errors.js';
import { type OpenApiDocument, operationsOf } from './open-api.js';

/** The operations that a portal needs. */
const ofPortals = [
  ...['createCertificateRequest', 'createKubeconfig', 'listCertificateRequests', 'getCertificateRequest'],
  ...['approveCertificateRequest', 'denyCertificateRequest', 'cancelCertificateRequest', 'collectKubeconfig'],
  ...['listCertificates', 'getCertificate', 'renewCertificate', 'revokeCertificate'],
  ...['listPolicyOffers', 'evaluatePolicies', 'listClusters', 'readChanges', 'whoami'],
];

/** Members of problems that no call of a portal ends with: those of `/readyz` and of issuers. */
const notOfPortals = ['addresses', 'clusters', 'components', 'latestNotAfter', 'live'];

const isScim = ([path]: readonly [string, unknown]): boolean => path.startsWith(scimPrefix);
const withPaths = (document: OpenApiDocument, paths: readonly (readonly [string, object])[]): OpenApiDocument => {
  const { webhooks: _, ...calls } = document;
  return withUsedParts({ ...calls, paths: Object.fromEntries(paths) as OpenApiDocument['paths'] });
};

/** The calls to the service, without those of an identity provider and without the messages that it sends. */
export const callsOf = (document: OpenApiDocument): OpenApiDocument =>
  withPaths(
    document,
    Object.entries(document.paths).filter((path) => !isScim(path)),
  );

/** The calls of an identity provider. */
export function scimCallsOf(document: OpenApiDocument): OpenApiDocument {
  const info = {
    title: 'kubepass SCIM',
    description: 'SCIM 2.0 (RFC 7643, 7644) for an identity provider: docs/directory.md.',
  };
  return withPaths({ ...document, info: { ...document.info, ...info } }, Object.entries(document.paths).filter(isScim));
}

/** The messages that the service sends. */
export function webhooksOf(document: OpenApiDocument): OpenApiDocument {
  const info = { title: 'kubepass webhooks', description: 'The messages that kubepass sends: docs/webhooks.md.' };
  return withUsedParts({ ...document, info: { ...document.info, ...info }, paths: {} });
}

/** The calls of a portal alone, each answer as JSON alone: a generated client then has one type for it. */
export function portalCallsOf(document: OpenApiDocument): OpenApiDocument {
  const info = { title: 'kubepass for portals', description: 'The calls that a portal needs: docs/api.md.' };
  const paths = Object.entries(document.paths).flatMap(([path, methods]) => {
    const kept = Object.entries(methods).filter(([, { operationId }]) => ofPortals.includes(operationId));
    return kept.length > 0 ? [[path, Object.fromEntries(kept)] as const] : [];
  });
  const { Problem = {}, ...others } = document.components.schemas;
  const members = Object.entries(Problem.properties ?? {}).filter(([name]) => !notOfPortals.includes(name));
  const schemas = { ...others, Problem: { ...Problem, properties: Object.fromEntries(members) } };
  const components = { ...document.components, schemas };
  const calls = { ...document, info: { ...document.info, ...info }, paths: Object.fromEntries(paths), components };
  return callsOf(withJsonAlone(calls) as OpenApiDocument);
}

/** Without the other forms of what comes as JSON. */
function withJsonAlone(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(withJsonAlone);
  if (typeof part !== 'object' || part === null) return part;
  const { 'application/json': json } = part as { readonly 'application/json'?: object };
  const kept = json === undefined ? part : { 'application/json': json };
  return Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, withJsonAlone(value)]));
}

/** A document without the components and tags that none of its operations uses. */
function withUsedParts(document: OpenApiDocument): OpenApiDocument {
  const { components, ...rest } = document;
  const used = new Set<string>();
  const follow = (part: unknown): void => {
    for (const [, kind = '', name = ''] of JSON.stringify(part).matchAll(/"#\/components\/([^/]+)\/([^"]+)"/g)) {
      if (used.has(`${kind}/${name}`)) continue;
      used.add(`${kind}/${name}`);
      follow(components[kind]?.[name]);
    }
  };
  follow(rest);
  const kept = Object.entries(components).map(([kind, parts = {}]) => {
    const names = Object.entries(parts).filter(([name]) => kind === 'securitySchemes' || used.has(`${kind}/${name}`));
    return [kind, Object.fromEntries(names)] as const;
  });
  const tags = new Set(operationsOf(document).flatMap((operation) => operation.tags));
  return {
    ...rest,
    tags: document.tags.filter(({ name }) => tags.has(name)),
    components: Object.fromEntries(kept) as unknown as OpenApiDocument['components'],
  };
}
