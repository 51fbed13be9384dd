// Tests src/http/hooks/errors.ts, src/http/problems/error-to-problem.ts, src/http/pages/health-routes.ts,
// src/model/errors.ts
import { afterEach, describe, expect, it } from 'vitest';
import {
  SignaturesUnavailableError,
  SignerUnavailableError,
  StoreBusyError,
  StoreUnavailableError,
} from '../../src/model/errors.js';
import { TooManyWaitingError } from '@kubepass/x509';
import type { RouteContext } from '../../src/start/route-context.js';
import { startService, type TestService } from './support/service.js';
import { withReaders } from '../helpers/other-methods.js';

let service: TestService | undefined;
afterEach(() => service?.close());

const fail = (error: Error) => () => Promise.reject(error);
const failingList = (error: Error) => (context: RouteContext) =>
  withReaders(context, 'certificates', { list: fail(error) });

describe('faults', () => {
  it.each([
    [new StoreBusyError('the queue holds 10000 steps'), '1', 'warn'],
    [new TooManyWaitingError('100 are waiting for their turn'), '5', 'warn'],
    [new SignerUnavailableError('connect ECONNREFUSED 10.0.0.1'), '10', 'warn'],
    [new StoreUnavailableError('disk I/O error at /var/lib'), '10', 'error'],
    [new SignaturesUnavailableError('the thread ended'), '10', 'error'],
  ])('answers %s with 503, Retry-After and a text of its own', async (error, retryAfter, level) => {
    service = await startService({ context: failingList(error) });
    const { body, headers, text } = await service.as('alice')('get', '/v1/certificates').expect(503);
    expect(headers['retry-after']).toBe(retryAfter);
    expect(body).toMatchObject({ type: 'urn:kubepass:problem:service-unavailable' });
    expect(text).not.toContain(error.message);
    const line = service
      .log()
      .split('\n')
      .find((text) => text.includes(error.message));
    expect(JSON.parse(line ?? '')).toMatchObject({ level, reason: error.message, msg: 'request refused for now' });
    expect(service.log()).not.toContain('"stack"');
  });

  it('answers anything else with a constant 500 and tells the log under the request id', async () => {
    service = await startService({ context: failingList(new TypeError('x is not a function at secret.ts:1')) });
    const { body, headers, text } = await service.as('alice')('get', '/v1/certificates').expect(500);
    expect(text).not.toContain('secret.ts');
    expect(body).toEqual({
      type: 'urn:kubepass:problem:internal-error',
      title: 'Internal error',
      status: 500,
      detail: 'the log has more under the request id',
      requestId: headers['x-request-id'],
    });
    const line = service
      .log()
      .split('\n')
      .find((text) => text.includes('x is not a function'));
    expect(JSON.parse(line ?? '')).toMatchObject({ level: 'error', requestId: headers['x-request-id'] });
  });

  it('answers /readyz with 503 while the service cannot work, and /livez with 200', async () => {
    const ready = fail(new StoreUnavailableError('commits fail', { cause: new Error('database is locked') }));
    service = await startService({ context: (context) => ({ ...context, health: { ...context.health, ready } }) });
    const { body, text } = await service.anonymous('get', '/readyz').expect(503);
    expect(body).toMatchObject({ type: 'urn:kubepass:problem:service-unavailable' });
    expect(text).not.toContain('locked');
    expect(service.log()).toContain('"reason":"commits fail: database is locked"');
    expect(service.log()).not.toContain('"stack"');
    await service.anonymous('get', '/livez').expect(200);
  });
});
