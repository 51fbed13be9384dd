// Tests packages/console/src/pages/requests/, packages/console/src/pages/clusters/, packages/console/src/parts/
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setup as buildConsole } from '../browser/build-console.js';
import { chromiumPath } from '../browser/chromium.js';
import { ask } from '../browser/console/seeds.js';
import { useConsole } from '../browser/console/support.js';
import { binding, manifestOf, role } from '../helpers/rbac-objects.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from '../http/support/call.js';
import { policies, startService } from '../http/support/service.js';
import { succeed } from './certificate-signing-request.js';
import { describeCluster, openCluster } from './suite.js';
import type { TestCluster } from './test-cluster.js';

const objects = [
  role('console-debug', [
    { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', 'secrets'] },
    { verbs: ['create'], apiGroups: [''], resources: ['pods/exec'] },
  ]),
  binding('console-debug', 'ClusterRole/console-debug', ['group:ops-console'], 'default'),
];

describe.skipIf(chromiumPath === undefined)('the console', () => {
  describeCluster('on a real API server', () => {
    const directory = temporaryDirectory();
    let cluster: TestCluster;
    beforeAll(async () => {
      buildConsole();
      cluster = await openCluster();
      await succeed(cluster, ['apply', '--filename=-'], manifestOf(objects));
    });
    afterAll(async () => {
      await cluster.kubectl(['delete', '--ignore-not-found', '--filename=-'], manifestOf(objects));
      await cluster.stop();
      directory.remove();
    });
    const opened = useConsole({
      start: () =>
        startService({
          policies: policies.replaceAll('demo', 'real'),
          config: `
clusters:
  - name: real
    server: ${cluster.server}
    signer: kubernetes
    readRoleBindings: true
    kubeconfig: ${cluster.adminKubeconfigPath}
`,
        }),
    });

    it('shows what a request opens there, and gives a kubeconfig that kubectl takes, until it is revoked', async () => {
      const id = await ask(opened.service, { username: 'console-jane', groups: ['ops-console'] });
      const read = async () =>
        as.request(await opened.service.as('bob')('get', `/v1/certificate-requests/${id}`).expect(200)).blastRadius;
      // The bindings are read once kubepass has started.
      await expect.poll(read).toBeTruthy();
      const review = await opened.visit('bob', `/console/requests/${id}`);
      const opens = review.getByText('Read secrets').locator('xpath=ancestor::section[1]');
      await opens.getByText('Exec in pods').waitFor();
      await opens.getByText('in default, for the group ops-console').first().waitFor();
      await review.keyboard.press('a');
      await review.getByLabel('Comment').fill('agreed');
      await review.keyboard.press('Control+Enter');
      await review.getByText('Nothing waits for you').waitFor();

      const page = await opened.visit('alice', `/console/requests/${id}`);
      const saved = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Get the kubeconfig' }).click();
      const file = join(directory.path, 'console.kubeconfig');
      await (await saved).saveAs(file);
      const whoami = ['auth', 'whoami', `--kubeconfig=${file}`, '--output=jsonpath={.status.userInfo.username}'];
      expect(await succeed(cluster, whoami)).toBe('console-jane');

      const identity = await opened.visit('root', '/console/identities/console-jane');
      await identity.getByRole('button', { name: 'Block' }).click();
      await identity.getByLabel('Comment').fill('left');
      await identity.getByRole('button', { name: 'Block now' }).click();
      await identity.getByRole('region', { name: 'Still works' }).getByText('Everything, until').waitFor();
      // This cluster does not learn of revocations, as the page says.
      expect(await succeed(cluster, whoami)).toBe('console-jane');
    });

    it('probes the cluster', async () => {
      const page = await opened.visit('root', '/console/clusters/real');
      await page.getByRole('button', { name: 'Probe', exact: true }).click();
      await page.getByText('as kubepass-probe').waitFor();
    });
  });
});
