// Tests docs/metrics.md, docs/alerts.md, deploy/chart/kubepass/files/kubepass.rules.yaml
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { auditEvent } from '../../../src/model/audit-event.js';
import { createMetrics } from '../../../src/observability/metrics/metrics.js';

const page = readFileSync('docs/metrics.md', 'utf8');
const runbooks = readFileSync('docs/alerts.md', 'utf8');
const read = (path: string): unknown => parse(readFileSync(path, 'utf8'));

interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string };
}
const { groups } = read('deploy/chart/kubepass/files/kubepass.rules.yaml') as {
  groups: readonly { readonly rules: readonly AlertRule[] }[];
};
const rules = groups.flatMap((group) => group.rules);

interface RuleTest {
  readonly name: string;
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
}
const { tests } = read('deploy/chart/kubepass/files/kubepass.rules.test.yaml') as { tests: readonly RuleTest[] };

const no = () => false;

/** The metrics of a service with one cluster: name, type, labels and help of each. */
async function measured(): Promise<readonly { name: string; type: string; labels: string; help: string }[]> {
  const probed = { server: '', servingCertificateAuthoritySha256: '' };
  const unknown = { reason: null, message: null, advice: null, acceptedAs: null, requestId: null, lifetimeCap: null };
  const result = {
    probed,
    reachable: true,
    version: null,
    username: null,
    permissions: [],
    revocation: null,
    ...unknown,
  };
  const figures = { live: 1, endingWithin: [1, 1, 1], inLastTenth: 1 };
  const at = new Date();
  const clusters = [
    { name: 'demo', signer: { kind: 'kubernetes' } },
    { name: 'users', signer: { kind: 'localCA', issuers: [{ name: 'default' }] } },
  ];
  const metrics = createMetrics({ clusters, revision: 'unknown' }, () => at);
  metrics.follow({
    queue: () => ({ waiting: 0, limit: 1 }),
    faults: { areFilesRefused: no, isRetentionFailing: no },
    issuers: () => [
      {
        ...{ cluster: 'demo', name: 'default', state: 'active', live: 1, notAfter: at, keyAvailable: true },
        probe: {
          at,
          addresses: [{ address: 'https://127.0.0.1:6443', accepts: 'yes', acceptedAs: null, reason: null }],
        },
      },
    ],
    probes: {
      last: (cluster) => ({ cluster, probedAt: at, result: { ...result, signs: 'yes', accepts: 'yes' } }),
    },
  });
  Object.assign(metrics.counting, {
    certificates: () => ({ at, seconds: 1, figures: { notRenewed: figures, renewed: figures } }),
    records: () => ({
      at,
      seconds: 1,
      figures: {
        requests: { pending: 1, approved: 1, issuing: 1 },
        deliveries: { waiting: 1, delivered: 1, dead: 1 },
        ...{ oldestWaiting: null, sessions: 1, auditEvents: 1, checkpoint: null },
      },
    }),
  });
  metrics.requests.route('GET', '/v1/whoami');
  metrics.clusters.callsTo('demo')('answered', 0.1);
  const loaded = { policySetDigest: 'a', previousPolicySetDigest: 'b' };
  const step = { operations: [], events: [auditEvent('PolicySetLoaded', at, null, loaded)] };
  await metrics.steps.after?.({ step, result: { committed: true }, seconds: 0 });
  const { text } = await metrics.text();
  return [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)\n(.*)/gm)].map(
    ([, name = '', help = '', type = '', line = '']) => ({
      name,
      type,
      help,
      labels: [...line.matchAll(/(\w+)="/g)].flatMap(([, label = '']) => (label === 'le' ? [] : [label])).join(', '),
    }),
  );
}

describe('the table of metrics in docs/metrics.md', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\w+) \| ([\w, ]*) \| (.+) \|$/gm)].map(
    ([, name = '', type = '', labels = '', help = '']) => ({ name, type, labels, help }),
  );

  it('has every metric of the service, with its type and meaning, and no other one', async () => {
    const found = await measured();
    expect(found.length).toBeGreaterThan(40);
    const without = ({ name, type, help }: (typeof rows)[number]) => ({ name, type, help });
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
    expect(rows.map(without).sort(byName)).toEqual(found.map(without).sort(byName));
  });

  it('has their labels', async () => {
    for (const { name, labels } of await measured()) {
      const row = rows.find((one) => one.name === name);
      // A series shows them in an order of its own; the collector of garbage may not have worked yet.
      if (labels !== '') expect([name, row?.labels.split(', ').sort()]).toEqual([name, labels.split(', ').sort()]);
    }
  });
});

describe('each alert', () => {
  it('has a name of its own', () => {
    expect(rules.length).toBeGreaterThan(20);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s leads to a runbook that says what to do',
    (name, rule) => {
      expect(rule.annotations.runbook_url).toBe(`docs/alerts.md#${name.toLowerCase()}`);
      const [, section = ''] = runbooks.split(`\n## ${name}\n`);
      const runbook = section.split('\n#')[0] ?? '';
      for (const part of ['- **Causes**: ', '- **Look**: ', '- **Do**: ']) expect(runbook).toContain(part);
      expect(rule.annotations.summary).not.toBe('');
      expect(['critical', 'warning']).toContain(rule.labels.severity);
    },
  );

  it.each(rules.map(({ alert }) => alert))('%s is tested firing and silent', (name) => {
    const expected = tests.flatMap(({ alert_rule_test }) =>
      alert_rule_test.filter(({ alertname }) => alertname === name).map(({ exp_alerts }) => exp_alerts.length > 0),
    );
    expect(new Set(expected)).toEqual(new Set([true, false]));
  });

  it('asks for metrics that there are', async () => {
    const names = new Set((await measured()).map(({ name }) => name));
    for (const { alert, expr } of rules) {
      const used = [...expr.matchAll(/\b(?:kubepass|nodejs|process)_\w+/g)].map(([name]) =>
        name.replace(/_bucket$/, ''),
      );
      expect([alert, used.filter((name) => !names.has(name))]).toEqual([alert, []]);
    }
  });
});

it('has a section for no alert that is not there', () => {
  const sections = [...runbooks.matchAll(/^## (\w+)$/gm)].map(([, name = '']) => name);
  expect(sections).toEqual(rules.map(({ alert }) => alert));
});
