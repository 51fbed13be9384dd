import { readFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runPage } from '../../scripts/samples/run-page.js';
import { workingCopy } from '../../scripts/samples/working-copy.js';
import type { ControlPlane } from './control-plane.js';
import { describeControlPlane, openControlPlane } from './suite.js';

const checkout = fileURLToPath(new URL('../../', import.meta.url));

describeControlPlane('docs/clusters.md', () => {
  let copy: ReturnType<typeof workingCopy>;
  let cluster: ControlPlane;
  beforeAll(async () => {
    copy = workingCopy(checkout);
    cluster = await openControlPlane();
  });
  afterAll(async () => {
    copy.remove();
    await cluster.stop();
  });

  it('works when it is pasted, and prints what it shows', async () => {
    const page = readFileSync(new URL('../../docs/clusters.md', import.meta.url), 'utf8');
    const { differences } = await runPage(page, 'bash', copy.path, {
      KUBECONFIG: cluster.adminKubeconfigPath,
      PATH: [dirname(cluster.kubectlPath), process.env['PATH']].join(delimiter),
    });
    expect(differences).toEqual([]);
  });
});
