// Tests src/clusters/issuers/follow-issuers.ts, src/clusters/issuers/client-bundle.ts
import { afterEach, beforeEach, expect, it } from 'vitest';
import { followIssuers } from '../../../../../src/clusters/issuers/follow-issuers.js';
import { trustOfIssuers } from '../../../../../src/clusters/issuers/client-bundle.js';
import { readClientTrust } from '../../../../../src/kubernetes/certificate-authorities.js';
import { activateIssuer } from '../../../../../src/clusters/issuers/activate-issuer.js';
import { probeIssuer } from '../../../../../src/clusters/issuers/probe-issuer.js';
import { retireIssuer } from '../../../../../src/clusters/issuers/retire-issuer.js';
import { testIssuers, type TestIssuers } from '../../../../helpers/issuers.js';
import { admin } from '../../../../helpers/principals.js';
import { quietMoment } from '../../../../helpers/quiet-moment.js';

let all: TestIssuers;
beforeEach(async () => {
  all = await testIssuers({ servers: 1 });
});
afterEach(() => all.close());

const activate = () =>
  activateIssuer(all.context, admin, 'demo', 'users-2027', { comment: 'by hand', withoutProbe: true });

it('sees what another replica changed, and has figures for metrics', async () => {
  const { context, issuers } = all.replica();
  const followed = followIssuers(context, { roundMilliseconds: 20, lookedAtMilliseconds: 0 });
  expect(followed.figures()).toEqual([]);
  const rounds = followed.begin();
  try {
    expect(issuers.stateOf('users-2027')).toBe('next');
    expect((await activate()).ok).toBe(true);
    await probeIssuer(all.context, admin, 'demo', 'default');
    await expect.poll(() => issuers.stateOf('users-2027')).toBe('active');
    await expect.poll(() => followed.figures()[0]?.live).toBe(1);
    await expect
      .poll(() => followed.figures())
      .toMatchObject([
        { cluster: 'demo', name: 'default', state: 'retiring', keyAvailable: true, probe: { addresses: [{}] } },
        { name: 'users-2027', state: 'active', live: 0, notAfter: all.next.notAfter, probe: null },
      ]);
  } finally {
    await rounds.stop();
  }
});

it('goes on after a failure', async () => {
  const { context, issuers } = all;
  let failures = 0;
  const refresh = issuers.refresh.bind(issuers);
  issuers.refresh = () => (failures++ < 2 ? Promise.reject(new Error('away')) : refresh());
  const followed = followIssuers(context, { roundMilliseconds: 20, lookedAtMilliseconds: 0 });
  const rounds = followed.begin();
  await expect.poll(() => followed.figures().length).toBe(2);
  await rounds.stop();
});

it('has in the bundle what the configuration names first, then each anchor once, as the states are', async () => {
  const bundle = trustOfIssuers(all.issuers, readClientTrust(all.issuance.caPem));
  const fingerprints = async () => (await bundle())?.authorities.map(({ fingerprintSha256 }) => fingerprintSha256);
  const [own, next] = [all.issuance.authority.fingerprintSha256, all.next.fingerprintSha256];
  expect(await fingerprints()).toEqual([own, next]);
  expect(await bundle()).toBe(await bundle());
  const byStates = trustOfIssuers(all.issuers, null);
  expect((await byStates())?.authorities).toHaveLength(2);
  const retired = await retireIssuer(all.context, admin, 'demo', 'users-2027', { comment: null, abandonLive: false });
  expect(retired.ok).toBe(true);
  expect(await fingerprints()).toEqual([own]);
  expect((await byStates())?.pem).toBe(all.issuance.caPem);
});

it('is no bundle where no issuer has a certificate', async () => {
  expect(await trustOfIssuers({ inStates: () => [] }, null)()).toBeNull();
});

it('tells once that a key cannot be used, and once that it can again', async () => {
  const { context, issuers } = all;
  const told: string[] = [];
  const tell = (fields: object, message: string) => void told.push(`${JSON.stringify(fields)} ${message}`);
  let available = false;
  const former = issuers.loaded('users-2027')!;
  const problem = 'the agent at /run/agent.sock ended the connection';
  const availability = () => ({ available, checkedAt: new Date(), problem });
  issuers.replace({ ...former, key: { ...former.key, availability } });
  const log = { ...context.log, info: tell, warn: tell };
  const followed = followIssuers({ ...context, log }, { roundMilliseconds: 5, lookedAtMilliseconds: 0 });
  const rounds = followed.begin();
  try {
    const fields = '{"cluster":"demo","issuer":"users-2027"}';
    const failed = `{"cluster":"demo","issuer":"users-2027","reason":"${problem}"}`;
    await expect.poll(() => told).toEqual([`${failed} the key of an issuer cannot be used now`]);
    available = true;
    await expect.poll(() => told.slice(1)).toEqual([`${fields} the key of an issuer can be used again`]);
    await quietMoment(30);
    expect(told).toHaveLength(2);
  } finally {
    await rounds.stop();
  }
});
