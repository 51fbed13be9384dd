// Tests src/start/compose.ts
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Composition } from '../../../src/start/compose.js';
import type { Credential } from '../../../src/model/principal.js';
import { composeOn } from '../../helpers/composed-service.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => {
  directory.remove();
});

const events = async ({ store }: Composition) =>
  (await store.auditEvents.list({ type: 'SignInRefused' }, { limit: 10, cursor: null })).items;

it('is in the audit log what every way in refused, counted, once the service has stopped', async () => {
  const refused: readonly Credential[] = [
    ...Array.from({ length: 3 }, () => ({ kind: 'bearer', token: 'a-guess' }) as const),
    { kind: 'unreadable' },
    { kind: 'session', secret: 'a-guess' },
    { kind: 'untrusted-certificate', why: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  ];
  const first = await composeOn(directory.path);
  for (const credential of refused)
    await first.context.authenticator.authenticate(credential).then(({ outcome }) => {
      expect(outcome).toBe('refused');
    });
  expect(await events(first)).toEqual([]);
  await first.close();

  const second = await composeOn(directory.path);
  expect(await events(second)).toMatchObject([
    {
      principal: null,
      details: {
        refused: 6,
        reasons: { ApiTokenNotLive: 3, Unreadable: 1, SessionUnknown: 1, CertificateUntrusted: 1 },
      },
    },
  ]);
  await second.close();
  const third = await composeOn(directory.path);
  expect(await events(third)).toHaveLength(1);
  await third.close();
});
