// Tests deploy/chart/kubepass/, src/config/config.ts
import { afterAll, expect, it } from 'vitest';
import { describeChart, refusal, render } from './render.js';
import { openServiceVerdict } from './service-verdict.js';

const service = openServiceVerdict();
afterAll(() => service.close());

const cluster = { name: 'a', server: 'https://a.example', signer: 'kubernetes', inCluster: true };
const ownCa = (name: string, issuers: readonly object[], more: object = {}) => ({
  ...{ ...cluster, name, signer: { localCA: { issuers } } },
  ...more,
});
const issuer = { name: 'i', certFile: '/c', key: { file: '/k' } };
const encrypted = { ...issuer, key: { file: '/k', passphraseFd: 3 } };
const provider = { name: 'p', issuer: 'https://p.example', audiences: ['kubepass'] };
const another = { ...provider, name: 'q', issuer: 'https://q.example', usernamePrefix: 'q:', groupsPrefix: 'q:' };
const accounts = { cluster: 'a', audience: 'kubepass' };
const certificates = { certificateAuthority: '/ca', identity: 'uri', port: 8444 };
const webhook = { name: 'w', url: 'https://w.example', secretFile: '/s', events: ['issued'] };

const oidc = (...issuers: readonly object[]) => ({ callers: { oidc: issuers } });

/** Settings that contradict each other, by the place that the refusal names. */
const contradictions: readonly (readonly [place: string, settings: object])[] = [
  ['clusters[1].name', { clusters: [cluster, { ...cluster, server: 'https://b.example' }] }],
  ['clusters[0].signer.localCA.issuers[1].name', { clusters: [ownCa('a', [issuer, { ...issuer, certFile: '/d' }])] }],
  [
    'clusters[0].signer.localCA.issuers[1].key.passphraseFd',
    { clusters: [ownCa('a', [encrypted, { ...encrypted, name: 'j' }])] },
  ],
  [
    'clusters[1].signer.localCA.issuers[0].key.passphraseFd',
    { clusters: [ownCa('a', [encrypted]), ownCa('b', [encrypted])] },
  ],
  [
    'clusters[0].apiServers[1]',
    { clusters: [ownCa('a', [issuer], { apiServers: ['https://one.example', 'https://ONE.example:443/'] })] },
  ],
  ['directory.required[1]', { directory: { required: ['a', 'b'] } }],
  ['webhooks[1].name', { webhooks: [webhook, { ...webhook, url: 'https://x.example' }] }],
  ['webhooks[0].clusters[1]', { webhooks: [{ ...webhook, clusters: ['*', 'b'] }] }],
  ['webhooks[0].events[1]', { webhooks: [{ ...webhook, events: ['issued', 'certificate_request.issued'] }] }],
  [
    'webhooks[0].events[2]',
    { webhooks: [{ ...webhook, events: ['certificate_request.denied', 'pending', 'denied'] }] },
  ],
  ['callers.oidc[1].name', oidc(provider, { ...another, name: 'p' })],
  ['callers.oidc[1].issuer', oidc(provider, { ...another, issuer: 'https://p.example' })],
  ['callers.oidc[0].audiences', oidc({ ...provider, cli: { clientId: 'kubepass' } })],
  [
    'callers.oidc[0].audiences',
    {
      ...oidc({ ...provider, tokens: 'access', login: { clientId: 'kubepass' } }),
      publicAddress: { url: 'https://k.example' },
    },
  ],
  ['callers.oidc[1].usernamePrefix', oidc({ ...provider, usernamePrefix: 'Q' }, another)],
  ['callers.oidc[1].groupsPrefix', oidc({ ...provider, groupsPrefix: 'q:x' }, another)],
  [
    'callers.serviceAccounts[1].cluster',
    { callers: { serviceAccounts: [accounts, { ...accounts, audience: 'b', usernamePrefix: 'b:' }] } },
  ],
  [
    'callers.serviceAccounts[1].audience',
    {
      clusters: [cluster, { ...cluster, name: 'b' }],
      callers: { serviceAccounts: [accounts, { ...accounts, cluster: 'b', usernamePrefix: 'b:' }] },
    },
  ],
  ['callers.serviceAccounts[0].cluster', { callers: { serviceAccounts: [{ ...accounts, cluster: 'b' }] } }],
  [
    'callers.serviceAccounts[0].usernamePrefix',
    {
      callers: {
        oidc: [provider, { ...another, groupsPrefix: 'g:' }],
        serviceAccounts: [{ ...accounts, usernamePrefix: 'Q:' }],
      },
    },
  ],
  [
    'callers.oidc[0].groupsPrefix',
    {
      callers: { oidc: [{ ...provider, groupsPrefix: 'a' }], serviceAccounts: [{ ...accounts, usernamePrefix: 'a:' }] },
    },
  ],
  [
    'callers.clientCertificates.usernamePrefix',
    { callers: { oidc: [provider, another], clientCertificates: { ...certificates, usernamePrefix: 'q:r:' } } },
  ],
];

describeChart('settings that contradict each other', () => {
  it.each(contradictions)('are refused by the service and by the chart: %s', async (place, settings) => {
    const config = { clusters: [cluster], ...settings };
    expect(service.refusals(config).map((refused) => refused.replace(/:? .*/s, ''))).toEqual([place]);
    expect(await refusal({ config })).toContain(`config.${place}: `);
  });

  it('are not those that go together', async () => {
    const config = {
      clusters: [
        cluster,
        ownCa('b', [encrypted, { ...encrypted, name: 'j', key: { file: '/l', passphraseFd: 4 } }], {
          apiServers: ['https://one.example/A', 'https://one.example/a', 'https://one.example:8443'],
        }),
      ],
      directory: { required: ['b', 'a'] },
      webhooks: [
        { ...webhook, events: ['issued', 'certificate_request.denied', 'pending'], clusters: ['a', 'b'] },
        { ...webhook, name: 'x', clusters: ['*'] },
      ],
      callers: {
        oidc: [
          { ...provider, tokens: 'id', cli: { clientId: 'kubepass' } },
          { ...another, login: { clientId: 'web' }, cli: { clientId: 'cli' } },
        ],
        serviceAccounts: [accounts, { cluster: 'b', audience: 'b', usernamePrefix: 'b:' }],
        clientCertificates: { ...certificates, usernamePrefix: 'p:' },
      },
      publicAddress: { url: 'https://k.example' },
    };
    expect(service.refusals(config)).toEqual([]);
    await render({ config });
  });
});
