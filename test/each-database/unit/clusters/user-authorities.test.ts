// Tests src/clusters/user-authorities.ts
import { expect, it } from 'vitest';
import { UserAuthorities } from '../../../../src/clusters/user-authorities.js';
import { readCallersTrust } from '../../../../src/callers/client-certificates.js';
import { readClientTrust } from '../../../../src/kubernetes/certificate-authorities.js';
import type { MadeCertificate } from '../../../../packages/x509/test/helpers/certificates.js';
import { makeCa, severalIssuers, type TestIssuer } from '../../../helpers/several-issuers.js';

const [root, own, next, alien] = [makeCa('root'), makeCa('own'), makeCa('next'), makeCa('alien')];
const between = makeCa('between', { issuer: root });
const users = makeCa('users', { issuer: between });
const issuers: readonly TestIssuer[] = [
  { name: 'own', state: 'active', certificate: own },
  { name: 'next', state: 'next', certificate: next },
  { name: 'users', state: 'retired', certificate: users, chain: [users, between], anchor: root },
];

const callers = ({ pem }: MadeCertificate) => readCallersTrust(pem, null);
const clusterOf = (of: readonly TestIssuer[], trusted: MadeCertificate) => ({
  cluster: { name: 'demo' },
  issuers: of.length === 0 ? null : severalIssuers(of),
  clientTrust: () => Promise.resolve(readClientTrust(trusted.pem)),
});

it('lets no callers in by a CA of any issuer of a cluster, whatever its state, nor by one above it', async () => {
  const authorities = await UserAuthorities.of([clusterOf(issuers, own)], new Set(['demo']));
  for (const shared of [own, next, root])
    expect(authorities.whyShared(await callers(shared))).toContain('is the user CA of cluster "demo"');
  expect(authorities.whyShared(await callers(alien))).toBeNull();
});

it('knows an issuer whose certificate appears later, by its key even before', async () => {
  const cluster = clusterOf([issuers[0]!], own);
  const authorities = await UserAuthorities.of([cluster], new Set(['demo']));
  expect(authorities.whyShared(await callers(next))).toBeNull();
  const loaded = severalIssuers([issuers[1]!]).loaded('next')!;
  const several = severalIssuers([issuers[0]!, { ...issuers[1]!, state: 'uncertified' }]);
  several.replace({ ...loaded, certified: null });
  const later = await UserAuthorities.of([{ ...cluster, issuers: several }], new Set(['demo']));
  expect(later.whyShared(await callers(next))).toContain('is the user CA');
  several.replace(loaded);
  expect(later.whyShared(await callers(next))).toContain('is the user CA');
});

it('asks a cluster that signs itself', async () => {
  const authorities = await UserAuthorities.of([clusterOf([], own)], new Set());
  expect(authorities.whyShared(await callers(own))).toBeNull();
  await authorities.ask();
  expect(authorities.whyShared(await callers(own))).toContain('is the user CA');
});
