// Tests src/observability/metrics/metrics.ts, src/http/server/metrics-listener.ts,
// deploy/chart/kubepass/files/kubepass.rules.yaml, deploy/chart/kubepass/files/kubepass.dashboard.json
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/observability/logger.js';
import { MetricsListener } from '../../src/http/server/metrics-listener.js';
import { localCluster } from '../http/support/local-cluster.js';
import { as } from '../http/support/call.js';
import { policies, startService, type TestService } from '../http/support/service.js';
import { FakeApiServer } from '../helpers/fake-api-server.js';
import { kubepassRules } from '../helpers/fake-api-server/rbac.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { Prometheus, promtool } from './prometheus.js';

const directory = temporaryDirectory();
let cluster: FakeApiServer;
let service: TestService;
let listener: MetricsListener;
let prometheus: Prometheus;
let target: string;

beforeAll(async () => {
  cluster = await FakeApiServer.start();
  cluster.rbac.allowUser('kubepass', kubepassRules);
  const kubeconfig = join(directory.path, 'kubepass.kubeconfig');
  writeFileSync(kubeconfig, await cluster.kubeconfig({ username: 'kubepass' }), { mode: 0o600 });
  service = await startService({
    policies: policies.replace('clusters: [demo]', 'clusters: ["*"]'),
    config: `${await localCluster(directory.path)}
  - name: connected
    server: ${cluster.url}
    signer: kubernetes
    kubeconfig: ${kubeconfig}
audit: { checkpointSeconds: 1 }
`,
    overrides: { countMilliseconds: 500, writerThread: true },
  });
  listener = new MetricsListener(() => service.metrics(), createLogger({ level: 'silent' }));
  target = await listener.listen({ host: '127.0.0.1', port: 0 });
  prometheus = await Prometheus.start(new URL(target).host, resolve('deploy/chart/kubepass/files/kubepass.rules.yaml'));
  await load();
  await prometheus.scrapes(4);
});
afterAll(async () => {
  await prometheus.stop();
  await listener.close();
  await service.close();
  await cluster.close();
  directory.remove();
});

/** A little of everything that is measured, spread over several scrapes. */
async function load(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    for (const name of ['demo', 'connected'])
      await service
        .as('alice')('post', '/v1/kubeconfigs')
        .send({ cluster: name, username: `jane-${round}`, groups: ['team-a'] })
        .expect(201);
    await service
      .as('alice')('post', '/v1/certificate-requests')
      .send({ cluster: 'demo', username: `joe-${round}`, groups: ['ops-eu'] })
      .expect(201);
    await service
      .as('alice')('post', '/v1/kubeconfigs')
      .send({ cluster: 'demo', username: 'joe', groups: ['blocked'] })
      .expect(403);
    await service.anonymous('get', '/v1/no-such-thing').expect(404);
    await service.withToken('kp_unknown')('get', '/v1/whoami').expect(401);
    await prometheus.scrapes(1);
  }
  const [first] = as.certificates(await service.as('root')('get', '/v1/certificates').expect(200)).items;
  await service
    .as('root')('post', `/v1/certificates/${first?.fingerprintSha256 ?? ''}/revoke`)
    .send({ reason: 'keyCompromise' })
    .expect(200);
}

interface Panel {
  readonly title: string;
  readonly panels?: readonly Panel[];
  readonly targets?: readonly { readonly expr: string }[];
}
const dashboard = JSON.parse(readFileSync('deploy/chart/kubepass/files/kubepass.dashboard.json', 'utf8')) as {
  readonly panels: readonly Panel[];
};
const expressions = dashboard.panels
  .flatMap((panel) => [panel, ...(panel.panels ?? [])])
  .flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));

describe('a Prometheus that scrapes the service', () => {
  it('finds nothing to complain about in the metrics', async () => {
    const text = await (await fetch(target)).text();
    expect(promtool(['check', 'metrics'], text)).toEqual({ status: 0, output: '' });
  });

  it('reads what the service did', async () => {
    const sum = async (expression: string) => Number((await prometheus.query(`sum(${expression})`))[0]?.value[1]);
    expect(await sum('kubepass_issuances_total{cluster="demo",signer="localCA",outcome="issued"}')).toBe(3);
    expect(await sum('kubepass_issuances_total{cluster="connected",signer="kubernetes",outcome="issued"}')).toBe(3);
    expect(await sum('kubepass_decisions_total{decider="policy",outcome="pending"}')).toBe(3);
    expect(await sum('kubepass_decisions_total{decider="policy",outcome="denied"}')).toBe(3);
    expect(await sum('kubepass_revocations_total{reason="keyCompromise"}')).toBe(1);
    expect(await sum('kubepass_authentication_failures_total{reason="ApiTokenNotLive"}')).toBe(3);
    expect(await sum('kubepass_certificate_requests{state="pending"}')).toBe(3);
    expect(await sum('kubepass_cluster_reachable{cluster="connected"}')).toBe(1);
    expect(await sum('kubepass_store_writer_thread_busy_seconds_total')).toBeGreaterThan(0);
  });

  it.each(expressions)('has series for the panel %s: %s', async (_title, expression) => {
    expect(await prometheus.query(expression)).not.toEqual([]);
  });

  it('evaluates every alert, and none fires', async () => {
    const rules = await prometheus.rules();
    expect(rules.length).toBeGreaterThan(20);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(rules.filter(({ state }) => state === 'firing')).toEqual([]);
  });
});
