// Tests src/http/pages/health-routes.ts, src/http/server/metrics-listener.ts, src/observability/metrics/metrics.ts,
// src/observability/metrics/count-figures.ts, src/observability/metrics/call-metrics.ts
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { request as plainRequest, Agent } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onPostgresql } from '../../helpers/test-store.js';
import { as } from '../../http/support/call.js';
import { localCluster } from '../../http/support/local-cluster.js';
import { startService, type TestService } from '../../http/support/service.js';
import { MetricsListener } from '../../../src/http/server/metrics-listener.js';
import { createLogger } from '../../../src/observability/logger.js';

let service: TestService;
beforeAll(async () => {
  service = await startService({ overrides: { countMilliseconds: 50 } });
});
afterAll(() => service.close());

const text = async () => (await service.metrics()).text;
/** The names of all series, with their labels. */
const seriesIn = (metrics: string): readonly string[] =>
  metrics
    .split('\n')
    .flatMap((line) => (line === '' || line.startsWith('#') ? [] : [line.slice(0, line.lastIndexOf(' '))]));
const valueOf = (metrics: string, series: string): number => {
  const line = metrics.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? NaN : Number(line.slice(series.length + 1));
};

describe('GET /metrics', () => {
  it('answers auditors and admins in the exposition format', async () => {
    for (const person of ['audrey', 'root'] as const) {
      const answer = await service.as(person)('get', '/metrics').expect(200);
      expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.text).toContain('# TYPE kubepass_issuances_total counter');
    }
  });

  it('answers nobody else', async () => {
    await service.anonymous('get', '/metrics').expect(401);
    for (const person of ['alice', 'bob', 'petra'] as const) await service.as(person)('get', '/metrics').expect(403);
  });

  it('is not there for other methods', async () => {
    const answer = await service.as('root')('post', '/metrics').expect(405);
    expect(answer.headers['allow']).toBe('GET, HEAD');
  });
});

describe('what a caller chooses', () => {
  it('is no label: no name, group, token or serial number, nor a path, is in the metrics', async () => {
    const chosen = [
      'jane.doe-in-metrics',
      'team-in-metrics',
      'mallory-in-metrics',
      'label-in-metrics',
      'path-in-metrics',
    ];
    const [username, group, blocked, label, path] = chosen as [string, string, string, string, string];
    const issued = await service
      .as('alice')('post', '/v1/kubeconfigs')
      .send({ username, groups: [group], labels: { team: label }, reason: path })
      .expect(201);
    const { certificate } = as.request(await service.as('alice')('get', issued.headers['location'] ?? ''));
    await service
      .as('alice')('post', '/v1/certificate-requests')
      .send({ username: blocked, groups: ['blocked'] })
      .expect(403);
    await service
      .as('root')('post', '/v1/api-tokens')
      .send({ name: blocked, roles: ['requester'], expiresInSeconds: 600 })
      .expect(201);
    await service.anonymous('get', `/${path}`).expect(404);
    await service.as('root')('get', `/v1/identities/${username}`).expect(200);
    await service.withToken(`kp_${path}`)('get', '/v1/whoami').expect(401);
    const fingerprint = certificate?.fingerprintSha256 ?? '';
    await service
      .as('root')('post', `/v1/certificates/${fingerprint}/revoke`)
      .send({ reason: 'keyCompromise', comment: path })
      .expect(200);

    const metrics = await text();
    expect(valueOf(metrics, 'kubepass_issuances_total{cluster="demo",signer="localCA",outcome="issued"}')).toBe(1);
    expect(valueOf(metrics, 'kubepass_revocations_total{cluster="demo",reason="keyCompromise"}')).toBe(1);
    const people = ['alice', 'audrey', 'hr-system', 'onboarding'];
    const secret = [...chosen, ...people, fingerprint, certificate?.serialNumber ?? '?', service.tokenOf('alice')];
    expect(secret.filter((one) => metrics.includes(one))).toEqual([]);
  });

  it.skipIf(onPostgresql)('adds no series: 10,000 random paths, and methods that nobody knows', async () => {
    await service.anonymous('get', '/nowhere').expect(404);
    const before = seriesIn(await text());
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const { hostname, port } = new URL(service.address);
    const ask = (path: string, method: string) =>
      new Promise<number>((resolve, reject) => {
        plainRequest({ hostname, port, path, method, agent }, (response) => {
          response.resume().on('end', () => {
            resolve(response.statusCode ?? 0);
          });
        })
          .on('error', reject)
          .end();
      });
    const methods = ['GET', 'POST', 'DELETE', 'PROPFIND', 'OPTIONS', 'HEAD'];
    const shapes = [
      (random: string) => `/${random}`,
      (random: string) => `/v1/${random}/${random}`,
      (random: string) => `/v1/certificate-requests/${random}`,
      (random: string) => `/v1/certificates/${random}?x=${random}`,
      (random: string) => `/%zz${random}`,
    ];
    for (let done = 0; done < 10_000; done += 200)
      await Promise.all(
        Array.from({ length: 200 }, (_, i) =>
          ask(
            shapes[i % shapes.length]?.(randomBytes(12).toString('hex')) ?? '/',
            methods[(done / 200 + i) % methods.length] ?? 'GET',
          ),
        ),
      );
    agent.destroy();
    const metrics = await text();
    // V8 collects in kinds that have a series from their first time on.
    const added = seriesIn(metrics).filter((series) => !before.includes(series) && !series.startsWith('nodejs_gc_'));
    expect(added).toEqual([]);
    const unmatched = seriesIn(metrics).filter((series) =>
      series.startsWith('kubepass_http_requests_total{route="unmatched"'),
    );
    const counted = unmatched.map((series) => valueOf(metrics, series)).reduce((a, b) => a + b);
    // Three shapes of five match no route whatever the method, and the others match none with four of these methods.
    expect(counted).toBeGreaterThan(6_000);
  });
});

describe('figures of the database', () => {
  it('are counted at an interval, and say how old they are', async () => {
    await service
      .as('alice')('post', '/v1/kubeconfigs')
      .send({ username: 'one', groups: ['team-a'], expirationSeconds: 3600 })
      .expect(201);
    await service
      .as('alice')('post', '/v1/certificate-requests')
      .send({ username: 'two', groups: ['ops-eu'] })
      .expect(201);
    const valueNow = async (series: string) => valueOf(await text(), series);
    const pending = () => valueNow('kubepass_certificate_requests{state="pending"}');
    await expect.poll(pending).toBe(1);
    await expect.poll(() => valueNow('kubepass_certificates_live{renewed="false"}')).toBe(1);
    expect(await valueNow('kubepass_certificates_ending{within="1d",renewed="false"}')).toBe(1);
    expect(await valueNow('kubepass_audit_events')).toBeGreaterThan(5);
    expect(await valueNow('kubepass_count_age_seconds{of="certificates"}')).toBeLessThan(20);
    expect(await valueNow('kubepass_policy_set_age_seconds')).toBeGreaterThan(0);
  });
});

describe('files that cannot be used', () => {
  it('are told for as long as they cannot be', async () => {
    const refused = async () => valueOf(await text(), 'kubepass_files_refused{kind="policies"}');
    expect(await refused()).toBe(0);
    const file = join(service.dataDir, '..', 'policies', 'later.yaml');
    writeFileSync(file, 'kind: Nonsense\n');
    await expect.poll(refused).toBe(1);
    rmSync(file);
    await expect.poll(refused).toBe(0);
  });
});

it('tells that old audit events cannot be archived', async () => {
  const failing = (metrics: string) => valueOf(metrics, 'kubepass_audit_retention_failing');
  expect(failing(await text())).toBe(0);
  const without = await startService({
    config: `${await localCluster(join(service.dataDir, '..'))}\naudit: { archiveAfterDays: 30, archiveDir: ${join(service.dataDir, 'not-there')} }\n`,
  });
  try {
    await expect.poll(async () => failing((await without.metrics()).text)).toBe(1);
  } finally {
    await without.close();
  }
});

describe('the listener of the metrics', () => {
  it('serves them without a token, and nothing else', async () => {
    const listener = new MetricsListener(() => service.metrics(), createLogger({ level: 'silent' }));
    const address = await listener.listen({ host: '127.0.0.1', port: 0 });
    const read = await fetch(address);
    expect([read.status, read.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(await read.text()).toContain('kubepass_http_requests_total');
    expect((await fetch(address, { method: 'POST', body: 'x' })).status).toBe(405);
    for (const path of ['/', '/v1/whoami', '/metrics/', '/readyz'])
      expect((await fetch(new URL(path, address))).status).toBe(404);
    await listener.close();
    await expect(fetch(address)).rejects.toThrow();
  });

  it('is not held by connections that send nothing', async () => {
    const listener = new MetricsListener(() => service.metrics(), createLogger({ level: 'silent' }));
    const address = await listener.listen({ host: '127.0.0.1', port: 0 });
    const { port } = new URL(address);
    const silent = Array.from({ length: 20 }, () => connect(Number(port), '127.0.0.1').on('error', () => undefined));
    await Promise.all(silent.map((socket) => once(socket, 'connect')));
    await expect(fetch(address)).rejects.toThrow();
    await expect
      .poll(
        () =>
          fetch(address).then(
            ({ status }) => status,
            () => 'refused',
          ),
        { interval: 200 },
      )
      .toBe(200);
    for (const socket of silent) socket.destroy();
    await listener.close();
  });

  it('answers 500 where the metrics cannot be gathered, and says why in the log alone', async () => {
    let log = '';
    const logger = createLogger({ level: 'error' }, { write: (line: string) => (log += line) });
    const listener = new MetricsListener(() => Promise.reject(new Error('no disk')), logger);
    const read = await fetch(await listener.listen({ host: '127.0.0.1', port: 0 }));
    expect([read.status, await read.text()]).toEqual([500, 'the metrics could not be gathered\n']);
    expect(log).toContain('no disk');
    await listener.close();
  });
});
