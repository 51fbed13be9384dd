// Tests packages/console/src/pages/requests/, packages/console/src/pages/home/, packages/console/src/pages/ask/,
// packages/console/src/pages/audit/, packages/console/src/pages/identities/, docs/console.md
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { images, stampFile, stampOfPictures } from '../helpers/console-pictures.js';
import { chromiumPath } from '../browser/chromium.js';
import { approve, ask, issue, tokenFor } from '../browser/console/seeds.js';
import { useConsole } from '../browser/console/support.js';
import { FakeApiServer } from '../helpers/fake-api-server.js';
import { kubepassRules } from '../helpers/fake-api-server/rbac.js';
import { binding, role } from '../helpers/rbac-objects.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { as } from '../http/support/call.js';
import { startService, type TestService } from '../http/support/service.js';
import { withPalette } from './palette-png.js';
import { rbacGroup, rbacResources } from '../../src/kubernetes/role-bindings.js';

/**
 * `npm run screenshots`: draws a request as its approver sees it, once in each scheme, and the pages that most people
 * see, on a desktop and on a phone, into docs/images/. It writes the stamp of the sources beside the pictures.
 */
if (chromiumPath === undefined) throw new Error('the pictures need Chromium: set CHROMIUM_PATH');

const policies = `
apiVersion: kubepass/v1
kind: Policy
metadata: { name: production-on-call }
spec:
  selector: { clusters: ['prod-*'] }
  allowed: { usernames: ['*@example.com'], groups: ['team-*', 'on-call'] }
  constraints:
    maxExpirationSeconds: 43200
    reason: { pattern: '(INC|CHG)-[0-9]{4,8}.*' }
  approval:
    mode: manual
    stages:
      - { count: 2, approvers: { groups: ['team-leads'] } }
      - { count: 1, approvers: { groups: ['security'] } }
---
apiVersion: kubepass/v1
kind: Policy
metadata: { name: reading }
spec:
  selector: { clusters: ['prod-*'] }
  allowed: { usernames: ['*@example.com'], groups: ['viewers'] }
  constraints: { maxExpirationSeconds: 86400 }
  approval: { mode: auto }
`;

const roleBindings = [
  role('debugger', [
    { verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['pods', 'pods/log'] },
    { verbs: ['create'], apiGroups: [''], resources: ['pods/exec'] },
    { verbs: ['get'], apiGroups: [''], resources: ['secrets'] },
  ]),
  role('view', [{ verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['configmaps', 'pods', 'services'] }]),
  binding('on-call-debug', 'ClusterRole/debugger', ['group:on-call'], 'payments'),
  binding('payments-view', 'ClusterRole/view', ['group:team-payments']),
];

const directory = temporaryDirectory();
let apiServer: FakeApiServer;
/**
 * How far the service's clock is behind, in milliseconds, so that the request is some minutes old when it is drawn.
 * Role bindings that were read over three minutes ago are not shown.
 */
let behind = 150_000;

async function start(): Promise<TestService> {
  apiServer = await FakeApiServer.start();
  const reading = { apiGroups: [rbacGroup], resources: rbacResources, verbs: ['list', 'watch'] };
  apiServer.rbac.allowUser('kubepass', [...kubepassRules, reading]);
  apiServer.roleBindings.apply(roleBindings);
  const kubeconfig = join(directory.path, 'kubeconfig');
  writeFileSync(kubeconfig, await apiServer.kubeconfig({ username: 'kubepass' }), { mode: 0o600 });
  const config = `clusters:
  - { name: prod-eu, server: "${apiServer.url}", signer: kubernetes, readRoleBindings: true, kubeconfig: ${kubeconfig} }
`;
  return startService({ policies, config, overrides: { clock: () => new Date(Date.now() - behind) } });
}

const opened = useConsole({ start });

it(
  'draws the review of a request in each scheme, and the pages that most people see at both widths',
  {
    timeout: 120_000,
  },
  async () => {
    const { service } = opened;
    const leads = { groups: ['team-leads'] };
    const otto = service.withToken(await tokenFor(service, 'otto', leads));
    const mary = await tokenFor(service, 'mary', { roles: ['approver', 'auditor'], ...leads });
    const janes = await tokenFor(service, 'jane@example.com', { roles: ['requester'] });
    const jane = service.withToken(janes);
    const id = await ask(
      service,
      {
        cluster: 'prod-eu',
        username: 'jane@example.com',
        groups: ['team-payments', 'on-call'],
        expirationSeconds: 28_800,
        reason:
          'INC-4711: payment retries pile up since 09:12. I need to look at the pods of checkout-worker and restart them one by one.',
        labels: { incident: 'inc-4711', team: 'payments' },
      },
      jane,
    );
    await expect
      .poll(
        async () =>
          as.request(await service.withToken(mary)('get', `/v1/certificate-requests/${id}`)).blastRadius?.grants.length,
      )
      .toBeGreaterThan(1);
    behind -= 60_000;
    await approve(service, id, otto, 'agreed in the incident channel');
    behind = 0;
    for (const scheme of ['light', 'dark'] as const) {
      const page = await opened.visit({ token: mary }, `/console/requests/${id}`, {
        ...{ scheme, height: 800, timezone: 'Europe/Berlin' },
      });
      await page.getByRole('region', { name: 'Your decision' }).waitFor();
      await page.getByText('Read secrets').waitFor();
      await page.getByText('1 waiting for you').waitFor({ state: 'attached' });
      await page.evaluate('document.activeElement.blur()');
      writeFileSync(join(images, `console-${scheme}.png`), withPalette(await page.screenshot()));
    }
    for (const name of ['ann', 'ben', 'carol', 'dora', 'erik'])
      await issue(service, `${name}@example.com`, 'viewers', jane);
    for (const width of [1280, 360])
      for (const [name, token, path, text] of [
        ['home', mary, '', '1 request'],
        // On a desktop, the request is above.
        ...(width === 360 ? [['request', mary, `requests/${id}`, 'Read secrets'] as const] : []),
        ['ask', janes, 'ask', 'up to 12 hours'],
        ['audit', mary, 'audit', 'Certificate requested'],
        ['identities', mary, 'identities', 'valid'],
      ] as const) {
        const page = await opened.visit({ token }, `/console/${path}`, {
          ...{ width, height: width === 360 ? 740 : 800, touch: width === 360, timezone: 'Europe/Berlin' },
        });
        await page.getByText(text).filter({ visible: true }).first().waitFor();
        await page.evaluate('document.activeElement.blur()');
        writeFileSync(join(images, `console-${name}-${width}.png`), withPalette(await page.screenshot()));
      }
    writeFileSync(stampFile, `${stampOfPictures()}\n`);
    await apiServer.close();
    directory.remove();
  },
);
