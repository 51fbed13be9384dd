import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { composeOn } from '../../helpers/composed-service.js';
import { FakeApiServer } from '../../helpers/fake-api-server.js';
import { kubepassRules } from '../../helpers/fake-api-server/rbac.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const loaded = vi.hoisted(() => vi.fn());
vi.mock('../../../src/x509/peculiar/library-reading.js', () => {
  loaded();
  return {};
});

let directory: ReturnType<typeof temporaryDirectory>;
let server: FakeApiServer;
beforeEach(async () => {
  directory = temporaryDirectory();
  server = await FakeApiServer.start();
});
afterEach(async () => {
  await server.close();
  directory.remove();
});

async function begins(environment: Readonly<Record<string, string>>): Promise<void> {
  const service = await composeOn(directory.path, environment, {}, []);
  try {
    await service.begin();
  } finally {
    await service.close();
  }
}

it('loads the second reader before a first certificate, where a cluster signs, and nowhere else', async () => {
  await begins({});
  expect(loaded).not.toHaveBeenCalled();
  server.rbac.allowUser('kubepass', kubepassRules);
  const kubeconfig = join(directory.path, 'kubeconfig');
  writeFileSync(kubeconfig, await server.kubeconfig({ username: 'kubepass' }));
  const config = join(directory.path, 'kubepass.yaml');
  writeFileSync(
    config,
    JSON.stringify({ clusters: [{ name: 'demo', server: server.url, signer: 'kubernetes', kubeconfig }] }),
  );
  await begins({ KUBEPASS_CONFIG: config });
  await vi.waitFor(() => expect(loaded).toHaveBeenCalledOnce());
});
