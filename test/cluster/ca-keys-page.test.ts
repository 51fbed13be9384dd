// Tests docs/ca-keys.md, deploy/kms-agent/
import { copyFileSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runPage } from '../../scripts/samples/run-page.js';
import { workingCopy } from '../../scripts/samples/working-copy.js';
import { missingKeyTools } from '../keys/support/key-tools.js';
import type { ControlPlane } from './control-plane.js';
import { describeControlPlane, openControlPlane } from './suite.js';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(new URL('../../docs/ca-keys.md', import.meta.url), 'utf8');

describeControlPlane('the page about keys of CAs', () => {
  describe.skipIf(missingKeyTools().length > 0)('with SoftHSM', () => {
    let copy: ReturnType<typeof workingCopy>;
    let cluster: ControlPlane;
    beforeAll(async () => {
      cluster = await openControlPlane();
    });
    beforeEach(() => {
      copy = workingCopy(checkout);
    });
    afterEach(() => {
      endProcessesIn(copy.path);
      copy.remove();
    });
    afterAll(() => cluster.stop());

    it('works when it is pasted, and prints what it shows', async () => {
      const node = join(copy.path, 'node');
      mkdirSync(join(node, 'pki'), { recursive: true });
      copyFileSync(cluster.clientCaKeyPath, join(node, 'pki', 'ca.key'));
      copyFileSync(cluster.clientCaPath, join(node, 'pki', 'ca.crt'));
      // The file of `--client-ca-file`.
      symlinkSync(dirname(cluster.clientCaPath), join(node, 'kubepass'));
      const here = page.replaceAll('/etc/kubernetes', node);
      const { differences } = await runPage(here, 'bash', copy.path, {
        HOME: copy.path,
        KUBECONFIG: cluster.adminKubeconfigPath,
        PATH: [dirname(cluster.kubectlPath), process.env['PATH']].join(delimiter),
        // Go keeps its modules and its build where they are.
        ...(process.env['HOME'] !== undefined && {
          GOPATH: process.env['GOPATH'] ?? join(process.env['HOME'], 'go'),
          GOCACHE: process.env['GOCACHE'] ?? join(process.env['HOME'], '.cache', 'go-build'),
        }),
      });
      expect(differences).toEqual([]);
    });
  });

  it('has the agent before a KMS as it is', () => {
    const agent = readFileSync(new URL('../../deploy/kms-agent/main.go', import.meta.url), 'utf8');
    expect(page).toContain(`\`\`\`go\n${agent}\`\`\`\n`);
  });
});

/** Ends what a failed block has left in the background: processes whose working directory is below a folder. */
function endProcessesIn(folder: string): void {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (readlinkSync(`/proc/${name}/cwd`).startsWith(folder)) process.kill(Number(name), 'SIGKILL');
    } catch {
      // It has ended, or belongs to somebody else.
    }
  }
}
