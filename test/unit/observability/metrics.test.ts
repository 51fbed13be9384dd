// Tests src/observability/metrics/metrics.ts, src/observability/metrics/scraped-metrics.ts,
// src/observability/metrics/prepared-series.ts, src/observability/metrics/call-metrics.ts
import { version } from '@kubepass/inspect/command-line';
import { expect, it } from 'vitest';
import { StoreBusyError, StoreUnavailableError } from '../../../src/model/errors.js';
import { createMetrics } from '../../../src/observability/metrics/metrics.js';
import type { MetricsSources } from '../../../src/observability/metrics/scraped-metrics.js';

let now = new Date('2026-11-26T12:00:00Z');
const later = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1000);
};
const open = (textMilliseconds = 0) =>
  createMetrics({ clusters: [], revision: 'unknown' }, () => now, textMilliseconds);
const no = () => false;
const sources: MetricsSources = {
  queue: () => ({ waiting: 0, limit: 0 }),
  issuers: () => [],
  probes: { last: () => null },
  faults: { areFilesRefused: no, isRetentionFailing: no },
};

it('tells the time since the start as the age of figures that were never counted', async () => {
  const metrics = open();
  later(400);
  const { text } = await metrics.text();
  expect(text).toContain('kubepass_count_age_seconds{of="records"} 400\n');
  expect(text).toContain('kubepass_count_age_seconds{of="certificates"} 400\n');
});

it('tells the version of the program, and the revision, whatever characters it has', async () => {
  const told = async (revision: string) =>
    (await createMetrics({ clusters: [], revision }, () => now).text()).text
      .split('\n')
      .filter((line) => line.startsWith('kubepass_build_info'));
  expect(await told('0a1b2c3')).toEqual([`kubepass_build_info{version="${version}",revision="0a1b2c3"} 1`]);
  expect(await told('a"b\\c\nd')).toEqual([`kubepass_build_info{version="${version}",revision="a\\"b\\\\c\\nd"} 1`]);
});

it('tells which files are refused and whether retention fails, and neither before anybody knows', async () => {
  const metrics = open();
  const lines = async () =>
    (await metrics.text()).text
      .split('\n')
      .filter((line) => /^kubepass_(files_refused|audit_retention_failing)/.test(line));
  expect(await lines()).toEqual([]);
  metrics.follow({ ...sources, faults: { areFilesRefused: (kind) => kind === 'tls', isRetentionFailing: () => true } });
  expect(await lines()).toEqual([
    'kubepass_files_refused{kind="policies"} 0',
    'kubepass_files_refused{kind="tls"} 1',
    'kubepass_files_refused{kind="callers"} 0',
    'kubepass_files_refused{kind="webhooks"} 0',
    'kubepass_files_refused{kind="issuers"} 0',
    'kubepass_audit_retention_failing 1',
  ]);
});

it('gathers once for readers at about the same time, and again after that time or a failure', async () => {
  let gathered = 0;
  const queue = () => {
    gathered += 1;
    if (gathered === 1) throw new Error('not open');
    return { waiting: gathered, limit: 10 };
  };
  const { text, follow } = open(100);
  follow({ ...sources, queue });
  await expect(text()).rejects.toThrow('not open');
  const [one, other] = await Promise.all([text(), text()]);
  expect(one).toBe(other);
  expect(await text()).toBe(one);
  await expect.poll(text).not.toBe(one);
});

it('counts the steps that the store could not commit, by the reason, and no other error', async () => {
  const metrics = open();
  const step = { operations: [], events: [] };
  for (const error of [new StoreBusyError('full'), new StoreUnavailableError('down'), new Error('other')])
    await metrics.steps.after?.({ step, result: null, error, seconds: 0 });
  const { text } = await metrics.text();
  expect(text).toContain('kubepass_store_failed_steps_total{reason="busy"} 1\n');
  expect(text).toContain('kubepass_store_failed_steps_total{reason="unavailable"} 1\n');
});

it('tells how long the keys of CAs take, and why they failed, from zero on and for configured issuers alone', async () => {
  const issuers = [{ name: 'users-2026' }, { name: 'users-2027' }];
  const metrics = createMetrics(
    { clusters: [{ name: 'prod', signer: { kind: 'localCA', issuers } }], revision: 'unknown' },
    () => now,
    0,
  );
  const lines = async (name: string) => (await metrics.text()).text.split('\n').filter((line) => line.startsWith(name));
  const failures = 'kubepass_key_failures_total{cluster="prod",issuer="users-2027",reason="silent"}';
  expect(await lines(failures)).toEqual([`${failures} 0`]);
  metrics.keys.failed('prod', 'users-2027', 'silent');
  metrics.keys.signed('prod', 'users-2026', 0.2);
  metrics.keys.signed('staging', 'users-2026', 0.2);
  expect(await lines(failures)).toEqual([`${failures} 1`]);
  expect(await lines('kubepass_key_signature_duration_seconds_count')).toEqual([
    'kubepass_key_signature_duration_seconds_count{cluster="prod",issuer="users-2026"} 1',
    'kubepass_key_signature_duration_seconds_count{cluster="prod",issuer="users-2027"} 0',
  ]);
});
