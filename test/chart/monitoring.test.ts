// Tests deploy/chart/kubepass/
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { ciFile, describeChart, type Manifest, render } from './render.js';

interface Rules {
  readonly groups: readonly {
    readonly name: string;
    readonly rules: readonly { readonly alert: string; readonly annotations: Readonly<Record<string, string>> }[];
  }[];
}
const shipped = parse(readFileSync('deploy/chart/kubepass/files/kubepass.rules.yaml', 'utf8')) as Rules;
const rulesOf = (manifest: Manifest) => manifest.spec as Rules;

/** Rules without the addresses of their pages. */
const withoutRunbooks = ({ groups }: Rules) =>
  groups.map((group) => ({
    ...group,
    rules: group.rules.map(({ annotations: { runbook_url: _, ...annotations }, ...rule }) => ({
      ...rule,
      annotations,
    })),
  }));

describeChart('monitoring', () => {
  it('is off by default', async () => {
    const { objects, pod } = await render();
    const kinds = objects.map(({ kind }) => kind);
    for (const kind of ['ServiceMonitor', 'PrometheusRule']) expect(kinds).not.toContain(kind);
    expect(pod.containers[0].env.filter(({ name }) => name.includes('METRICS'))).toEqual([]);
    expect(objects.filter(({ metadata }) => metadata.name.endsWith('-metrics'))).toEqual([]);
  });

  it('scrapes each pod under the job kubepass, which rules and dashboard have, whatever the release is called', async () => {
    const { find } = await render({}, { files: [ciFile('everything')], release: 'prod', namespace: 'security' });
    const monitor = find('ServiceMonitor').spec as {
      readonly jobLabel: string;
      readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    };
    const service = find('Service', 'prod-kubepass-metrics');
    expect(service.metadata.labels).toMatchObject(monitor.selector.matchLabels);
    expect(service.metadata.labels?.[monitor.jobLabel]).toBe('kubepass');
    // The Service for callers must not be scraped, too.
    expect(find('Service', 'prod-kubepass').metadata.labels).not.toMatchObject(monitor.selector.matchLabels);
    expect(service.spec).toMatchObject({ clusterIP: 'None', ports: [{ name: 'metrics', port: 9100 }] });
    expect(monitor).toMatchObject({ endpoints: [{ port: 'metrics', interval: '30s' }] });
    expect(find('ServiceMonitor').metadata.labels).toMatchObject({ release: 'prometheus' });
  });

  it('has the rules of deploy/chart/kubepass/files, which lead to the page that you name', async () => {
    const { find } = await render({}, { files: [ciFile('everything')] });
    const rules = rulesOf(find('PrometheusRule'));
    expect(withoutRunbooks(rules)).toEqual(withoutRunbooks(shipped));
    for (const { alert, annotations } of rules.groups.flatMap((group) => group.rules))
      expect(annotations['runbook_url']).toBe(`https://wiki.example.com/kubepass/operations#${alert.toLowerCase()}`);
    expect(find('PrometheusRule').metadata.labels).toMatchObject({ release: 'prometheus' });
  });

  it.each([
    ['https://wiki.example.com/ops/', 'https://wiki.example.com/ops/'],
    ['https://wiki.example.com/?page=ops#top', 'https://wiki.example.com/?page=ops'],
  ])('leads to the anchor of each alert in %s', async (runbookUrl, page) => {
    const metrics = { enabled: true, prometheusRule: { enabled: true, runbookUrl } };
    const [group] = rulesOf((await render({ metrics })).find('PrometheusRule')).groups;
    for (const { alert, annotations } of group?.rules ?? [])
      expect(annotations['runbook_url']).toBe(`${page}#${alert.toLowerCase()}`);
    expect(group?.rules.length).toBeGreaterThan(0);
  });

  it('has rules that lead nowhere rather than to a path, where you name no page', async () => {
    const metrics = { enabled: true, prometheusRule: { enabled: true } };
    const rules = rulesOf((await render({ metrics })).find('PrometheusRule'));
    expect(withoutRunbooks(rules)).toEqual(withoutRunbooks(shipped));
    expect(JSON.stringify(rules)).not.toContain('runbook_url');
  });

  it('has the dashboard as it is, in a ConfigMap that Grafana finds', async () => {
    const { find } = await render({ metrics: { dashboard: { enabled: true, labels: { folder: 'security' } } } });
    expect(find('ConfigMap', 'kubepass-dashboard')).toMatchObject({
      metadata: { labels: { grafana_dashboard: '1', folder: 'security' } },
      data: { 'kubepass.json': readFileSync('deploy/chart/kubepass/files/kubepass.dashboard.json', 'utf8') },
    });
  });
});
