// Tests deploy/chart/kubepass/, src/config/config.ts
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { describeChart, render } from './render.js';

/** Texts that a writer or a reader of YAML could take for something else, or lay out anew. */
const texts = [
  ...['yes', 'no', 'on', 'y', 'true', 'null', '~', '', '=', '<<', '.inf', '2026-11-30', '12:30', '1:20:30'],
  ...['0123', '0o17', '0x1F', '0b11', '1e3', '1_000', '.5', '+1', '-0', '1.0', '12345678901234567890'],
  ...[
    '{{ .Values.replicas }}',
    '${requester.username}',
    '{}',
    '[a]',
    '*',
    '&a',
    '!x',
    '%TAG',
    '@at',
    '`tick`',
    '|',
    '>',
  ],
  ...['# no comment', 'a: b', '- a', ' leading', 'trailing ', 'tab\tinside', '"double"', "'single'", 'back\\slash'],
  ...[
    'a\nb',
    'a\nb\n',
    'a\n\n\nb\n\n\n',
    '\na',
    '  a\n b\n',
    '---\nb',
    'trailing \nblank \n',
    'é\u2028ß \u{1F511}',
    'x'.repeat(200),
  ],
  'request.groups.exists(g, g.startsWith("admins"))\n  && !(request.labels["{{ reason }}"] == "${incident}")\n',
];
const numbers = [0, -1, 100_000, 1_000_000, 2_147_483_647, 3_155_760_000, 9_007_199_254_740_991, 0.5, 1e-7];

describeChart('values', () => {
  it('reach the configuration as they are: texts as texts, and whole numbers as whole numbers', async () => {
    const clusters = [{ name: 'a', server: 'https://a.example', signer: 'kubernetes', inCluster: true }];
    const config = {
      clusters,
      // Free of the chart's own schema, which knows the names of settings.
      inspection: { expiresWithinSeconds: 2_147_483_647, maxCaValiditySeconds: 3_155_760_000 },
      renewal: { groupsMaxAgeSeconds: 1_000_000 },
      expiry: { noticeSeconds: [100_000_000, 604_800] },
      trustedProxies: [],
      console: false,
      roles: [{ names: ['yes', '0123', '1e3', '12:30'], groups: ['null', 'no'], roles: ['admin'] }],
    };
    const rendered = await render({ config });
    const text = rendered.find('ConfigMap', 'kubepass-config').data?.['kubepass.yaml'] ?? '';
    expect(parse(text)).toEqual(config);
    expect(text).not.toMatch(/\de\+|\d\.0\b/);
  });

  it('reach policies as they are', async () => {
    const policies = Object.fromEntries(
      texts.map((text, i) => [
        `p${i}`,
        {
          apiVersion: 'kubepass/v1',
          kind: 'Guardrail',
          metadata: { name: `p${i}` },
          spec: {
            selector: { clusters: ['*'], labels: { tier: text === '' ? [] : [text] } },
            matchConditions: [{ name: 'text', expression: text || 'true' }],
            message: text || 'empty',
          },
        },
      ]),
    );
    const { data = {} } = (await render({ policies })).find('ConfigMap', 'kubepass-policies');
    expect(Object.keys(data)).toHaveLength(texts.length);
    for (const [name, policy] of Object.entries(policies)) expect(parse(data[`${name}.yaml`] ?? '')).toEqual(policy);
  });

  it('reach other objects as they are', async () => {
    const data = Object.fromEntries(texts.map((text, i) => [`k${i}`, text]));
    const more = {
      apiVersion: 'example.com/v1',
      kind: 'Thing',
      metadata: { name: 'thing' },
      spec: { numbers, none: null, texts },
    };
    const rendered = await render({
      podAnnotations: data,
      extraObjects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'own' }, data }, more],
    });
    expect(rendered.find('ConfigMap', 'own').data).toEqual(data);
    expect(rendered.find('Thing')).toEqual(more);
    expect(rendered.find('Deployment').spec).toMatchObject({ template: { metadata: { annotations: data } } });
  });

  it('reach PostgreSQL as they are, whatever a role is called', async () => {
    const username = `it's "a" role: #$(PATH) $$ {{ x }}`;
    const login = { username, passwordSecret: { name: 'a' } };
    const { pod } = await render({
      database: { type: 'postgresql', postgresql: { host: 'db', name: username, service: login, owner: login } },
      checkpointKeys: [{ name: 'a', key: 'b' }],
    });
    const [migrate] = pod.initContainers ?? [];
    const granted = (migrate?.['args'] as readonly string[]).at(-1);
    // Kubernetes takes two dollar signs for one, and expands no variable behind them.
    expect(granted?.replaceAll('$$', '$')).toBe(username);
    for (const { env } of [migrate, pod.containers[0]].filter((one) => one !== undefined)) {
      const url = new URL(env.find(({ name }) => name === 'DATABASE_URL')?.value ?? '');
      expect([url.username, url.pathname.slice(1)].map(decodeURIComponent)).toEqual([username, username]);
    }
  });

  it('that are names stay texts, where they look like numbers', async () => {
    const { objects, pod } = await render(
      {
        tls: { secretName: '0123' },
        database: { sqlite: { existingClaim: '1e3' } },
        firstAdminToken: { name: '12', key: '1' },
        priorityClassName: '7',
        serviceAccount: { name: '8' },
        imagePullSecrets: [{ name: '9' }],
      },
      { namespace: '123', release: '456' },
    );
    expect(new Set(objects.map(({ metadata }) => metadata.namespace))).toEqual(
      new Set(['123', 'kube-system', undefined]),
    );
    expect(objects[0]?.metadata.labels).toMatchObject({ 'app.kubernetes.io/instance': '456' });
    expect(pod).toMatchObject({ priorityClassName: '7', serviceAccountName: '8', imagePullSecrets: [{ name: '9' }] });
    expect(pod.volumes).toMatchObject([
      {},
      {},
      { secret: { secretName: '0123' } },
      { secret: { secretName: '12', items: [{ key: '1' }] } },
      { persistentVolumeClaim: { claimName: '1e3' } },
      {},
    ]);
  });
});
