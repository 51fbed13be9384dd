// Tests src/backup/restoration-routes.ts, src/backup/detect-restorations.ts, src/store/tables/restoration-table.ts
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../src/model/new-id.js';
import type { RouteContext } from '../../src/start/route-context.js';
import { insertRestoration } from '../../src/store/tables/restoration-table.js';
import { randomBytes } from 'node:crypto';
import { as } from './support/call.js';
import { startService, type TestService } from './support/service.js';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const verbose = async () => (await service.anonymous('get', '/readyz?verbose=true').expect(200)).body as object;

it('says of a database that was put back what may not be known, to everybody, until an admin acknowledges it', async () => {
  expect(await verbose()).toMatchObject({ status: 'ok', restored: false });
  expect((await service.as('audrey')('get', '/v1/restored').expect(200)).body).toEqual({
    restored: false,
    restorations: [],
    mayBeUnknown: [],
    certificates: [],
  });
  const detectedAt = new Date();
  await service.store.writer.commit({
    operations: [
      insertRestoration({
        id: newId(detectedAt, randomBytes),
        ...{ detectedAt, detectedBy: 'command', events: 17, knownUntil: detectedAt, signedEvents: 23 },
        ...{ acknowledgedAt: null, acknowledgedBy: null },
      }),
    ],
    events: [],
  });
  await expect.poll(verbose).toMatchObject({
    restored: true,
    notes: expect.arrayContaining([expect.stringContaining('put back from a state with 17 events')]) as unknown,
  });
  // Without the parameter the answer is what it always was.
  expect((await service.anonymous('get', '/readyz').expect(200)).body).toEqual({ status: 'ok' });
  const read = (await service.as('audrey')('get', '/v1/restored').expect(200)).body as Awaited<
    ReturnType<RouteContext['restored']['read']>
  >;
  expect(read).toMatchObject({
    restored: true,
    restorations: [{ events: 17, signedEvents: 23, acknowledgedBy: null }],
  });
  await service.as('audrey')('post', '/v1/restored/acknowledge').expect(403);
  for (let time = 0; time < 2; time += 1)
    expect((await service.as('root')('post', '/v1/restored/acknowledge').expect(200)).body).toMatchObject({
      restored: false,
      restorations: [{ acknowledgedBy: 'root' }],
      mayBeUnknown: [],
    });
  expect(await verbose()).toMatchObject({ restored: false });
  const { items } = as.events(await service.as('audrey')('get', '/v1/audit-events?type=RestoredAcknowledged'));
  expect(items).toMatchObject([{ principal: 'root', details: { restorations: 1 } }]);
});
