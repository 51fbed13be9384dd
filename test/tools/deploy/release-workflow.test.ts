// Tests .github/workflows/
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  readonly 'timeout-minutes'?: number;
  readonly container?: unknown;
  readonly services?: unknown;
}
interface Workflow {
  readonly on: unknown;
  readonly permissions: unknown;
  readonly concurrency?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const files = globSync('.github/workflows/*');
const read = (file: string) => readFileSync(file, 'utf8');

describe.each(files)('the workflow %s', (file) => {
  const text = read(file);
  const workflow = parse(text) as Workflow;
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, job]) => job.steps);

  it('runs for a pushed tag of a version alone, one after the other', () => {
    expect(workflow.on).toEqual({ push: { tags: ['v*'] } });
    expect(workflow.concurrency).toMatchObject({ 'cancel-in-progress': false });
  });

  it('takes each action by its commit, with the version in a comment', () => {
    const used = steps.flatMap(({ uses }) => uses ?? []);
    const pinned = [...text.matchAll(/^ *(?:- )?uses: ([\w-]+\/[\w-]+@[0-9a-f]{40}) # v\d+\.\d+\.\d+$/gm)];
    expect(used.length).toBeGreaterThan(0);
    expect(pinned.map(([, action]) => action)).toEqual(used);
    expect(jobs.filter(([, { container, services }]) => (container ?? services) !== undefined)).toEqual([]);
  });

  it('may do nothing but what each job says, and signs where it may have an identity', () => {
    expect(workflow.permissions).toEqual({});
    const jobsThat = (pattern: RegExp) =>
      jobs.filter(([, job]) => job.steps.some(({ run = '' }) => pattern.test(run))).map(([name]) => name);
    const jobsWith = (permission: string, access: string) =>
      jobs.filter(([, { permissions }]) => permissions?.[permission] === access).map(([name]) => name);
    expect(jobs.filter(([, { permissions }]) => permissions === undefined)).toEqual([]);
    expect(jobsWith('id-token', 'write')).toEqual(jobsThat(/release:publish|\bcosign\b|--provenance/));
    expect(jobsWith('contents', 'write')).toEqual(jobsThat(/\bgh release create\b/));
    expect(jobsWith('packages', 'write')).toEqual(jobsThat(/release:publish/));
    const written = jobs.flatMap(([, { permissions = {} }]) =>
      Object.entries(permissions).flatMap(([name, access]) => (access === 'write' ? name : [])),
    );
    expect(new Set(written)).toEqual(new Set(['id-token', 'contents', 'packages']));
  });

  it('puts nothing of others into a shell, and leaves no token in the checkout', () => {
    expect(steps.filter(({ run = '' }) => run.includes('${{'))).toEqual([]);
    const checkouts = steps.filter(({ uses = '' }) => uses.startsWith('actions/checkout@'));
    expect(checkouts.length).toBeGreaterThan(0);
    for (const checkout of checkouts) expect(checkout.with?.['persist-credentials']).toBe(false);
    // It needs no secret that somebody could read out of it.
    expect(text).not.toMatch(/\bsecrets\./);
    expect(jobs.filter(([, job]) => job['timeout-minutes'] === undefined)).toEqual([]);
  });

  it('builds with the Node of the image, and calls scripts that are there', () => {
    const [, version] = /^FROM .*\bnode:(\d+\.\d+\.\d+)-/m.exec(read('Dockerfile')) ?? [];
    const nodes = steps.flatMap((step) => step.with?.['node-version'] ?? []);
    expect(new Set(nodes)).toEqual(new Set([version]));
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> };
    const called = steps.flatMap(({ run = '' }) => [...run.matchAll(/\bnpm run (\S+)/g)].map(([, name = '']) => name));
    expect(called.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

it('there is a workflow for releases', () => {
  expect(files).toEqual(['.github/workflows/release.yaml']);
});
