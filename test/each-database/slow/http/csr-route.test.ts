// Tests src/requests/request-routes.ts
import { beforeAll, describe, expect, it } from 'vitest';
import { as } from '../../../http/support/call.js';
import { type SharedService, sharedService } from '../../../http/support/service.js';

let service: SharedService;
beforeAll(async () => {
  service = await sharedService();
});

/** The states of a request and how a person sees them, from the request to the kubeconfig. */
describe('the CSR route, approved by a second person', () => {
  it('returns a pending one at once, however long the caller would wait', async () => {
    const started = Date.now();
    const answer = await service
      .as('alice')('post', '/v1/certificate-requests')
      .set('prefer', 'wait=99')
      .send({ username: 'waiting', groups: ['ops-eu'] })
      .expect(201);
    expect(as.request(answer).state).toBe('pending');
    expect(answer.headers['preference-applied']).toBe('wait=30');
    expect(Date.now() - started).toBeLessThan(5_000);
  });
});
