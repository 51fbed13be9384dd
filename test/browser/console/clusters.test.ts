// Tests packages/console/src/pages/clusters/
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeApiServer } from '../../helpers/fake-api-server.js';
import { kubepassRules } from '../../helpers/fake-api-server/rbac.js';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { startService } from '../../http/support/service.js';
import { localCluster } from '../../http/support/local-cluster.js';
import { chromiumPath } from '../chromium.js';
import { hostileWords } from './seeds.js';
import { axeFindings, beyondWindow, useConsole } from './support.js';

describe.skipIf(chromiumPath === undefined)('clusters in the console', () => {
  const directory = temporaryDirectory();
  let server: FakeApiServer;
  let away: FakeApiServer;

  /** A cluster whose CA key kubepass holds, one that signs itself, and one that cannot be reached. */
  const start = async () => {
    server = await FakeApiServer.start();
    away = await FakeApiServer.start();
    server.rbac.allowUser('kubepass', kubepassRules);
    const own = async (name: string, of: FakeApiServer) => {
      const file = join(directory.path, `${name}.kubeconfig`);
      writeFileSync(file, await of.kubeconfig({ username: 'kubepass' }), { mode: 0o600 });
      return `
  - name: ${name}
    server: ${of.url}
    signer: kubernetes
    kubeconfig: ${file}
    revocation: { mode: webhook }
`;
    };
    const clusters = (await own('prod', server)) + (await own('away', away));
    await away.close();
    const publicAddress = 'publicAddress: { url: "https://kubepass.example" }\n';
    return startService({
      overrides: { probeTimes: { answerSeconds: 0.2, patienceMilliseconds: 2_500 } },
      config: publicAddress + (await localCluster(directory.path)) + clusters,
    });
  };
  const opened = useConsole({ start });
  beforeAll(async () => {
    const { pem } = await csrFor(hostileWords.image, ['team-a']);
    const spec = {
      request: Buffer.from(pem).toString('base64'),
      signerName: 'example.com/own',
      usages: ['client auth'],
    };
    server.storage.create({ name: 'by-somebody' }, { ...spec, username: hostileWords.direction, groups: [] });
  });
  afterAll(async () => {
    await server.close();
    directory.remove();
  });

  it('says in a table what each was found able to do, and on its page what to do about it', async () => {
    const page = await opened.visit('audrey', '/console/clusters');
    const row = (name: string) => page.getByRole('row', { name });
    await row('away').getByText('cannot be reached').waitFor();
    await row('demo').getByText('go on working').waitFor();
    await row('prod').getByText('refused by webhook, not proven').waitFor();
    await page.getByRole('link', { name: 'away' }).click();
    const probe = page.getByRole('region', { name: 'Last probe' });
    await probe.getByText('See that the API server runs and can be reached from here').waitFor();
    await page.goto('/console/clusters/demo');
    await page.getByRole('region', { name: 'Issuers' }).getByText('active').waitFor();
    expect(await page.getByRole('button', { name: 'Probe' }).count()).toBe(0);
    await page.goto('/console/clusters/nowhere');
    await page.getByRole('alert').getByText('Request id').waitFor();
  });

  it('is probed by an admin, and shows the result after the service has answered that the probe goes on', async () => {
    const page = await opened.visit('root', '/console/clusters/prod');
    const probe = page.getByRole('region', { name: 'Last probe' });
    const before = await probe.locator('time').getAttribute('datetime');
    await probe.getByLabel('Revoke its certificate').check();
    await probe.getByRole('button', { name: 'Probe' }).click();
    await probe.getByText('The probe is under way.').waitFor();
    await probe.getByText('The probe is under way.').waitFor({ state: 'hidden' });
    await expect.poll(() => probe.locator('time').getAttribute('datetime')).not.toBe(before);
    await probe.getByText('The certificate worked for').waitFor();
    await page.getByRole('region', { name: 'Its CSRs' }).getByText('by-somebody').waitFor();
  });

  it('gives the files that make a cluster refuse revoked certificates to whoever may read them', async () => {
    const page = await opened.visit('root', '/console/clusters/prod');
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'authorization-configuration.yaml' }).click();
    const file = await download;
    expect(file.suggestedFilename()).toBe('prod-authorization-configuration.yaml');
    expect(readFileSync(await file.path(), 'utf8')).toContain('kind: AuthorizationConfiguration');
    const other = await opened.visit('alice', '/console/clusters/prod');
    await other.getByText('What goes on after a revocation').waitFor();
    expect(await other.getByText('authorization-configuration').count()).toBe(0);
    expect(await other.getByRole('region', { name: 'Its CSRs' }).count()).toBe(0);
  });

  it('keeps hostile words as text, scrolls sideways nowhere, prints no buttons, and axe finds nothing', async () => {
    for (const [path, awaited, options] of [
      ['', 'works', { width: 320 }],
      ['/demo', 'Of the API server', { scheme: 'dark' }],
      ['/prod', '<img src=x', { width: 320, scheme: 'dark' }],
      ['/away', 'ECONNREFUSED', { width: 320 }],
    ] as const) {
      const page = await opened.visit('root', `/console/clusters${path}`, options);
      await page.getByText(awaited).last().waitFor();
      expect(await beyondWindow(page)).toBe(0);
      expect(await axeFindings(page)).toEqual([]);
      await page.emulateMedia({ media: 'print' });
      expect(await page.getByRole('button').count()).toBe(0);
    }
  });
});
