// Tests src/start/compose.ts, src/requests/recover-requests.ts, src/http/pages/health-routes.ts
import { afterAll, expect, it } from 'vitest';
import { buildApp } from '../../src/start/app.js';
import { StoreUnavailableError } from '../../src/model/errors.js';
import { createLogger } from '../../src/observability/logger.js';
import type { Step, Writer } from '../../src/store/steps/step.js';
import { composeOn, type LogLine } from '../helpers/composed-service.js';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { alice } from '../helpers/principals.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { createRequest } from '../../src/requests/create-request.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const tellsOf = ({ events }: Step, type: string) => events.some((event) => event.type === type);
const before = (type: string, act: () => Promise<void>) => (writer: Writer) => ({
  async commit(step: Step) {
    if (tellsOf(step, type)) await act();
    return writer.commit(step);
  },
});

it('listens before what was left is recovered, and is ready afterwards', async () => {
  const failing = before('CertificateIssued', () => Promise.reject(new StoreUnavailableError('disk I/O error')));
  const earlier = await composeOn(directory.path, {}, { writer: failing });
  const { pem } = await csrFor('jane', ['team-a']);
  const options = { waitSeconds: 5, idempotency: null };
  const outcome = await createRequest(earlier.context, alice, { csr: pem }, options);
  const id = outcome.ok ? outcome.value.request.id : '';
  await earlier.close();

  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const log: LogLine[] = [];
  const service = await composeOn(directory.path, {}, { writer: before('IssuanceAbandoned', () => released) }, log);
  const app = buildApp(service.context, { logger: createLogger({ level: 'silent' }) });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  const statusOf = async (path: string) => (await fetch(`${address}${path}`)).status;
  const stateOf = async () => (await service.store.requests.find(id))?.state;
  const recovered = service.begin();
  expect([await statusOf('/livez'), await statusOf('/readyz'), await stateOf()]).toEqual([200, 503, 'issuing']);

  release();
  await recovered;
  expect([await statusOf('/readyz'), await stateOf()]).toEqual([200, 'issued']);
  expect(log.filter(({ message }) => message.includes('that were left'))).toEqual([
    { level: 'info', fields: { requests: 1 }, message: 'recovering the requests that were left' },
    {
      level: 'info',
      fields: { requests: 1, failed: 0, onClusters: 0 },
      message: 'the requests that were left are recovered',
    },
  ]);
  await app.close();
  await service.close();
});
