// Tests deploy/chart/kubepass/files/, deploy/kubernetes/components/scrape-metrics/
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, parseDocument } from 'yaml';
import { loadConfig } from '../../../src/config/config.js';
import { readEnvironment } from '../../../src/config/env.js';

const read = (path: string): unknown => parse(readFileSync(path, 'utf8'), { merge: true });

interface Service {
  readonly profiles?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}
const compose = read('docker-compose.yml') as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const { prometheus } = compose.services;
const onPostgresql = read('docker-compose.postgres.yml') as typeof compose;

interface ScrapeConfig {
  readonly job_name: string;
  readonly dns_sd_configs: readonly { readonly names: readonly string[]; readonly port: number }[];
}
const config = read('deploy/chart/kubepass/files/prometheus.yaml') as {
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly ScrapeConfig[];
};

describe('the profile prometheus of docker compose', () => {
  it('mounts the folder of the chart that has the configuration that it names, and the rules', () => {
    const [mount = ''] = prometheus?.volumes ?? [];
    const [folder, target] = mount.split(':');
    expect([folder, target]).toEqual(['./deploy/chart/kubepass/files', '/etc/prometheus']);
    const file =
      prometheus?.command?.find((one) => one.startsWith('--config.file='))?.slice('--config.file='.length) ?? '';
    expect(existsSync(file.replace('/etc/prometheus', folder ?? ''))).toBe(true);
    for (const rules of config.rule_files) expect(existsSync(`${folder ?? ''}/${rules}`)).toBe(true);
    for (const volume of prometheus?.volumes?.slice(1) ?? [])
      expect(compose.volumes).toHaveProperty(volume.split(':')[0] ?? '');
  });

  it('starts only with its profile, and is open to this machine alone', () => {
    expect(prometheus?.profiles).toEqual(['prometheus']);
    for (const port of prometheus?.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('scrapes the services that serve metrics, at their port, which is not published', () => {
    const [job] = config.scrape_configs;
    expect(job?.job_name).toBe('kubepass');
    const [found] = job?.dns_sd_configs ?? [];
    const serving = Object.entries({ ...compose.services, ...onPostgresql.services }).filter(
      ([name, { environment }]) => name !== 'migrate' && environment?.['KUBEPASS_METRICS_PORT'] !== undefined,
    );
    expect(serving.map(([name]) => name).sort()).toEqual([...(found?.names ?? [])].sort());
    for (const [, { environment = {}, ports = [] }] of serving) {
      const variables = {
        KUBEPASS_METRICS_HOST: environment['KUBEPASS_METRICS_HOST'],
        KUBEPASS_METRICS_PORT: environment['KUBEPASS_METRICS_PORT'],
      };
      expect(loadConfig(readEnvironment(variables)).metrics).toEqual({ host: '0.0.0.0', port: found?.port });
      expect(ports.filter((port) => port.includes(String(found?.port)))).toEqual([]);
    }
  });
});

describe('deploy/kubernetes/components/scrape-metrics', () => {
  const folder = 'deploy/kubernetes/components/scrape-metrics';
  const component = read(`${folder}/kustomization.yaml`) as {
    kind: string;
    resources: string[];
    patches: { path: string }[];
  };
  const patch = read(`${folder}/deployment.yaml`) as {
    metadata: object;
    spec: {
      template: {
        spec: {
          containers: {
            name: string;
            env: { name: string; value: string }[];
            ports: { name: string; containerPort: number }[];
          }[];
        };
      };
    };
  };
  const [container] = patch.spec.template.spec.containers;

  it('patches the deployment of the base, so that it serves metrics at the port that it names', () => {
    expect(component).toMatchObject({ kind: 'Component', patches: [{ path: 'deployment.yaml' }] });
    const base = read('deploy/kubernetes/deployment.yaml') as typeof patch;
    expect(patch.metadata).toEqual(base.metadata);
    expect(container?.name).toBe(base.spec.template.spec.containers[0]?.name);
    const variables = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]));
    const port = container?.ports[0]?.containerPort;
    expect(loadConfig(readEnvironment(variables)).metrics).toEqual({ host: '0.0.0.0', port });
  });

  it('opens that port to a Prometheus and to nobody else', () => {
    const resources = Object.fromEntries(component.resources.map((file) => [file, read(`${folder}/${file}`)]));
    expect(resources['service.yaml']).toMatchObject({ spec: { ports: [{ targetPort: container?.ports[0]?.name }] } });
    expect(resources['network-policy.yaml']).toMatchObject({
      spec: {
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: container?.ports[0]?.name }] }],
      },
    });
  });
});

it('the dashboard names no data source of ours, and each panel has a title and an expression', () => {
  const dashboard = JSON.parse(readFileSync('deploy/chart/kubepass/files/kubepass.dashboard.json', 'utf8')) as {
    panels: { id: number; type: string; title: string; datasource?: object; targets?: { expr: string }[] }[];
  };
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  expect(panels.length).toBeGreaterThan(30);
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  for (const { title, datasource, targets = [] } of panels) {
    expect([title, datasource]).toEqual([title, { type: 'prometheus', uid: '${datasource}' }]);
    expect(targets.every(({ expr }) => expr !== '')).toBe(true);
  }
});

it('the rules are YAML that has no member twice', () => {
  for (const file of ['kubepass.rules.yaml', 'kubepass.rules.test.yaml', 'prometheus.yaml'])
    expect(parseDocument(readFileSync(`deploy/chart/kubepass/files/${file}`, 'utf8')).errors).toEqual([]);
});
