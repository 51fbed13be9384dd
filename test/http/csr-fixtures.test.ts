// Tests src/requests/resolve-ask.ts, packages/x509/src/strict/certification-request.ts
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePem } from '@kubepass/x509';
import { acceptedCsrs, readCsrFixture, refusedCsrs } from '../../packages/x509/test/fixtures/csr/index.js';
import { as } from './support/call.js';
import { startService, type TestService } from './support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const pemOf = (file: string): string => {
  const content = readCsrFixture(file);
  return file.endsWith('.pem') ? content.toString() : encodePem('CERTIFICATE REQUEST', content);
};

const askWith = (csr: string) => service.as('alice')('post', '/v1/certificate-requests').send({ csr });

describe('a CSR that cannot be accepted', () => {
  it.each(Object.entries(refusedCsrs))('ends 422 with its reason: %s, %s', async (file, reason) => {
    const csr = pemOf(file);
    const answer = await askWith(csr);
    // The body is refused before the CSR in it is read.
    if (reason === 'TooLarge') {
      expect(answer.status).toBe(413);
      return;
    }
    // An empty file makes an empty PEM block, which is not PEM.
    const expected = file === 'empty.der' ? 'NotPem' : reason;
    expect(answer.status).toBe(422);
    expect(as.problem(answer)).toMatchObject({ type: 'urn:kubepass:problem:unacceptable-csr', reason: expected });
  });

  it('records nothing', async () => {
    const list = await service.as('root')('get', '/v1/certificate-requests').expect(200);
    expect(as.requests(list).items).toEqual([]);
  });
});

describe('a CSR that can be read', () => {
  const forPolicy = ['system-masters', 'bidi', 'zero-width'];
  const named = (file: string) => forPolicy.some((start) => file.startsWith(start));

  it.each(Object.entries(acceptedCsrs).filter(([file]) => !named(file)))(
    'is recorded with what it says: %s',
    async (file, { username, groups, algorithm }) => {
      const answer = await askWith(pemOf(file));
      // Policy does not permit the group "dev" here, but the request is recorded.
      expect(answer.status).toBeOneOf([201, 403]);
      const url = answer.headers['location'] ?? '';
      expect(as.request(await service.as('alice')('get', url).expect(200))).toMatchObject({
        username,
        groups,
        keyAlgorithm: algorithm,
      });
    },
  );

  it.each(Object.keys(acceptedCsrs).filter(named))('is denied by its names: %s', async (file) => {
    const answer = await askWith(pemOf(file)).expect(403);
    expect(as.problem(answer).violations?.length).toBeGreaterThan(0);
  });
});
