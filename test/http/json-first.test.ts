// Tests src/http/hooks/request-input.ts, src/http/answers/kubernetes-documents.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from './support/call.js';
import { contract } from './support/contract.js';
import { localCluster } from './support/local-cluster.js';
import {
  policies as testPolicies,
  startService,
  type Method,
  type Person,
  type TestService,
} from './support/service.js';

const json = 'application/json';

/** RFC 5280 section 4.2.1.13: programs fetch a list from its distribution point, and send no Accept. */
const exception = 'GET /v1/clusters/{name}/crl';

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}
const paths = contract.paths as unknown as Readonly<Record<string, Readonly<Record<string, Operation>>>>;
/** The operations under /v1 that answer a body, with the media types of each success. */
const operations = Object.entries(paths)
  .filter(([path]) => path.startsWith('/v1/'))
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses }]) => ({
      name: `${method.toUpperCase()} ${path}`,
      forms: Object.entries(responses).flatMap(([status, { content }]) =>
        /^2/.test(status) && content !== undefined ? [Object.keys(content)] : [],
      ),
    })),
  );
const inSeveralForms = operations.filter(({ forms }) => forms.some(({ length }) => length > 1)).map(({ name }) => name);

const directory = temporaryDirectory();
let service: TestService;
beforeAll(async () => {
  const config = await localCluster(directory.path);
  service = await startService({ config: `publicAddress: { url: "https://kubepass.example:8443" }${config}` });
});
afterAll(async () => {
  await service.close();
  directory.remove();
});

let people = 0;
const identity = () => ({ username: `first-${++people}`, groups: ['team-a'] });

/** The path of a request of alice whose certificate is issued. */
async function issued(): Promise<string> {
  const { username, groups } = identity();
  const { pem } = await csrFor(username, groups);
  const call = service.as('alice')('post', '/v1/certificate-requests').set('prefer', 'wait=20').send({ csr: pem });
  return (await call.expect(201)).headers['location'] ?? '';
}
const fingerprint = async (): Promise<string> =>
  as.request(await service.as('alice')('get', await issued())).certificate?.fingerprintSha256 ?? '';

interface RealCall {
  readonly who: Person;
  readonly path: string | (() => Promise<string>);
  readonly body?: () => object;
}
/** A call of each operation that has other forms than JSON as well. */
const calls: Readonly<Record<string, RealCall>> = {
  'GET /v1/audit-events': { who: 'audrey', path: '/v1/audit-events' },
  'GET /v1/audit-events/checkpoint': { who: 'audrey', path: '/v1/audit-events/checkpoint' },
  'GET /v1/certificate-requests/{id}/certificate': { who: 'alice', path: async () => `${await issued()}/certificate` },
  'GET /v1/certificate-requests/{id}/kubeconfig': { who: 'alice', path: async () => `${await issued()}/kubeconfig` },
  'POST /v1/certificate-requests/{id}/kubeconfig': {
    who: 'alice',
    path: async () => {
      const call = service.as('alice')('post', '/v1/certificate-requests').send(identity());
      return `${(await call.expect(201)).headers['location']}/kubeconfig`;
    },
  },
  'GET /v1/certificates': { who: 'alice', path: '/v1/certificates' },
  'GET /v1/certificates/{fingerprintSha256}': {
    who: 'alice',
    path: async () => `/v1/certificates/${await fingerprint()}`,
  },
  'POST /v1/certificates/{fingerprintSha256}/renew': {
    who: 'alice',
    path: async () => `/v1/certificates/${await fingerprint()}/renew`,
  },
  'GET /v1/clusters/{name}/authorization-configuration': {
    who: 'root',
    path: '/v1/clusters/demo/authorization-configuration',
  },
  'GET /v1/clusters/{name}/authorization-webhook-kubeconfig': {
    who: 'root',
    path: '/v1/clusters/demo/authorization-webhook-kubeconfig',
  },
  'GET /v1/clusters/{name}/certificate-authority': { who: 'alice', path: '/v1/clusters/demo/certificate-authority' },
  'GET /v1/clusters/{name}/issuers/{issuer}': { who: 'alice', path: '/v1/clusters/demo/issuers/default' },
  'GET /v1/clusters/{name}/issuers/{issuer}/certification-request': {
    who: 'root',
    path: '/v1/clusters/demo/issuers/default/certification-request',
  },
  'GET /v1/clusters/{name}/kubeconfig': { who: 'alice', path: '/v1/clusters/demo/kubeconfig' },
  'GET /v1/clusters/{name}/revocation-policy': { who: 'root', path: '/v1/clusters/demo/revocation-policy' },
  'GET /v1/identities': { who: 'root', path: '/v1/identities' },
  'POST /v1/inspections': {
    who: 'alice',
    path: '/v1/inspections',
    body: () => ({ name: 'nothing.txt', content: 'nothing' }),
  },
  'POST /v1/kubeconfigs': { who: 'alice', path: '/v1/kubeconfigs', body: identity },
  'POST /v1/policies/evaluate': { who: 'alice', path: '/v1/policies/evaluate', body: identity },
  'POST /v1/policies/replay': {
    who: 'audrey',
    path: '/v1/policies/replay',
    body: () => ({ policies: [testPolicies] }),
  },
  'GET /v1/policies/schema.json': { who: 'alice', path: '/v1/policies/schema.json' },
};

/** These read a cluster that signs by itself: the tests of its CSRs call them without Accept. */
const ofOtherClusters = [
  'GET /v1/clusters/{name}/certificate-signing-requests',
  'GET /v1/clusters/{name}/certificate-signing-requests/{csrName}',
];

describe('JSON', () => {
  it.each(operations)('is the first form of each success of $name', ({ name, forms }) => {
    for (const [first] of forms) expect(first).toBe(name === exception ? 'application/pkix-crl' : json);
  });

  it('is asked for below at each operation that has another form too', () => {
    expect([...Object.keys(calls), ...ofOtherClusters, exception].sort()).toEqual(inSeveralForms.sort());
  });

  it.each(Object.keys(calls))(
    'is the answer of %s to a caller who takes anything, and to one who does not say',
    async (name) => {
      const { who, path, body } = calls[name]!;
      const method = name.split(' ')[0]!.toLowerCase() as Method;
      for (const accept of [null, '*/*', 'application/*', 'application/json, text/plain, */*']) {
        const call = service.as(who)(method, typeof path === 'string' ? path : await path());
        if (accept !== null) call.set('accept', accept);
        const answer = await call.send(body?.());
        expect([200, 201], answer.text).toContain(answer.status);
        expect(answer.type, String(accept)).toBe(json);
        expect(answer.body).toBeTypeOf('object');
        expect(answer.headers['vary']).toMatch(/accept/i);
      }
    },
  );

  it('is not the form of a CRL, which is DER for those who do not say', async () => {
    for (const accept of [null, '*/*']) {
      const call = service.anonymous('get', '/v1/clusters/demo/crl');
      if (accept !== null) call.set('accept', accept);
      expect((await call.expect(200)).type).toBe('application/pkix-crl');
    }
  });
});
