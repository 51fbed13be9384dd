import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { inspectionMemory } from '../../../src/inspections/inspection-pool.js';
import { draftMemory } from '../../../src/policy/workers/draft-pool.js';
import { memoryLimitMebibytes } from '../../helpers/image.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

interface Service {
  readonly mem_limit?: string;
  readonly entrypoint?: readonly string[];
}
const { services } = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
};

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

describe("compose's PostgreSQL", () => {
  const directory = temporaryDirectory();
  afterAll(() => directory.remove());
  const standIn = join(directory.path, 'docker-entrypoint.sh');
  writeFileSync(standIn, '#!/bin/sh\necho "started $1"\n');
  chmodSync(standIn, 0o755);
  const passwords = { POSTGRES_PASSWORD: 'a', KUBEPASS_OWNER_PASSWORD: 'b', KUBEPASS_SERVICE_PASSWORD: 'c' };
  const start = (environment: Readonly<Record<string, string>>) => {
    // Compose writes a dollar sign as two.
    const [command = '', ...rest] = (services['postgres']?.entrypoint ?? []).map((part) => part.replaceAll('$$', '$'));
    return spawnSync(command, rest, { env: { PATH: directory.path, ...environment }, encoding: 'utf8' });
  };

  it('starts with its passwords', () => {
    expect(start(passwords)).toMatchObject({ status: 0, stdout: 'started postgres\n' });
  });

  it.each(Object.keys(passwords))('does not start while %s is empty or missing', (name) => {
    const { status, stdout, stderr } = start({ ...passwords, [name]: '' });
    expect({ failed: status !== 0, stdout }).toEqual({ failed: true, stdout: '' });
    expect(stderr).toContain(name);
    const { [name as keyof typeof passwords]: _, ...others } = passwords;
    expect(start(others).status).not.toBe(0);
  });
});
