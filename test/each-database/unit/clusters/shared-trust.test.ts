// Tests src/clusters/shared-trust.ts, src/model/cluster.ts
import { describe, expect, it } from 'vitest';
import { readCertificate } from '@kubepass/x509';
import type { MadeCertificate } from '../../../../packages/x509/test/helpers/certificates.js';
import { findSharedTrust } from '../../../../src/clusters/shared-trust.js';
import { clustersSharingTrust } from '../../../../src/model/cluster.js';
import { makeCa } from '../../../helpers/several-issuers.js';

const root = makeCa('offline-root');
const [forDev, forProd] = [makeCa('dev', { issuer: root }), makeCa('prod', { issuer: root })];
const [alone, other] = [makeCa('alone'), makeCa('other')];
/** The same CA, renewed. */
const renewed = makeCa('dev', { key: forDev.key });
const namesake = makeCa('offline-root');
const forged = makeCa('dev-2', { issuer: root, forged: true });

type Side = { readonly chains: readonly MadeCertificate[]; readonly trusted: readonly MadeCertificate[] };
const cluster = (name: string, { chains, trusted }: Side, sharedTrust = false) => ({
  ...{ name, sharedTrust },
  chains: chains.map(({ der }) => readCertificate(der)),
  trusted: trusted.map(({ der }) => readCertificate(der)),
});
const own = (ca: MadeCertificate): Side => ({ chains: [ca], trusted: [ca] });

/** Each pair of clusters with what the second one lets in. */
const pairs: readonly (readonly [string, Side, Side, readonly string[]])[] = [
  ['a CA each', own(alone), own(other), []],
  ['one CA', own(alone), own(alone), ['dev', 'prod']],
  ['one CA, renewed for one of them', own(forDev), own(renewed), ['dev', 'prod']],
  [
    'an issuer each below one root, which both trust',
    { chains: [forDev, root], trusted: [root] },
    { chains: [forProd, root], trusted: [root] },
    ['dev', 'prod'],
  ],
  ['an issuer each below one root, each trusted by itself', own(forDev), own(forProd), []],
  [
    'a root that one trusts, and the other one does not name',
    { chains: [forDev], trusted: [forDev] },
    { chains: [forProd, root], trusted: [root] },
    ['prod'],
  ],
  ['a bundle with the CA of the other one in it', own(alone), { chains: [other], trusted: [other, alone] }, ['prod']],
  ['two roots of one name', { chains: [forDev], trusted: [forDev] }, own(namesake), []],
  ['an issuer with a forged signature of the root', own(forged), own(root), []],
];

describe('clusters that let in users of each other', () => {
  it.each(pairs)('are found: %s', (_, dev, prod, found) => {
    const judged = (...flags: readonly boolean[]) =>
      findSharedTrust([cluster('dev', dev, flags[0]), cluster('prod', prod, flags[1])]);
    expect(
      judged(false, false)
        .map((one) => one.cluster)
        .toSorted(),
    ).toEqual(found);
    // One of the two alone cannot say so for both.
    expect(
      judged(true, false)
        .map((one) => one.cluster)
        .toSorted(),
    ).toEqual(found);
    expect(
      judged(false, true)
        .map((one) => one.cluster)
        .toSorted(),
    ).toEqual(found);
    expect(judged(true, true)).toEqual([]);
  });

  it('are named with the CA and the remedy, once for each two', () => {
    const three = ['a', 'b', 'c'].map((name) => cluster(name, own(alone)));
    const found = findSharedTrust(three);
    expect(found).toHaveLength(6);
    expect(found[0]?.message).toBe(
      'cluster "b" trusts CN=alone, to which the user certificates of cluster "a" chain: each of them would work on both, ' +
        'past the policies of the other. Give each cluster a CA of its own, or both sharedTrust: true',
    );
  });

  it('have a revocation in common where both say so', () => {
    const clusters = [{ name: 'a', sharedTrust: true }, { name: 'b' }, { name: 'c', sharedTrust: true }];
    expect(['a', 'b', 'c', 'd'].map((name) => clustersSharingTrust(clusters, name))).toEqual([
      ...[['a', 'c'], ['b'], ['a', 'c'], ['d']],
    ]);
  });
});
