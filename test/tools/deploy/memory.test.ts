// Tests deploy/kubernetes/deployment.yaml, src/inspections/inspection-pool.ts, src/policy/workers/draft-pool.ts
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { inspectionMemory } from '../../../src/inspections/inspection-pool.js';
import { draftMemory } from '../../../src/policy/workers/draft-pool.js';
import { memoryLimitMebibytes } from '../../helpers/image.js';

interface Service {
  readonly mem_limit?: string;
}
const servicesOf = (file: string) =>
  (parse(readFileSync(file, 'utf8'), { merge: true }) as { services: Record<string, Service> }).services;
const services = { ...servicesOf('docker-compose.yml'), ...servicesOf('docker-compose.postgres.yml') };

/** The memory at rest, with room for the requests under way. */
const mainThread = 256;

describe('the memory limit of the deployment', () => {
  it('covers the bounds of all worker threads beside the main thread', () => {
    const workers = [inspectionMemory, draftMemory.evaluate, draftMemory.replay].map(
      ({ threads, heapMegabytes, youngMegabytes }) => threads * (heapMegabytes + youngMegabytes),
    );
    expect(workers.reduce((sum, each) => sum + each, mainThread)).toBeLessThanOrEqual(memoryLimitMebibytes());
  });

  it('is the same in compose', () => {
    for (const name of ['kubepass', 'migrate', 'kubepass-postgres'])
      expect(services[name]?.mem_limit).toBe(`${memoryLimitMebibytes()}m`);
  });
});
