// Tests docs/clusters.md, docs/kubectl-plugin.md
import { readFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { runPage } from '../../scripts/samples/run-page.js';
import { workingCopy } from '../../scripts/samples/working-copy.js';
import type { ControlPlane } from './control-plane.js';
import { describeControlPlane, openControlPlane } from './suite.js';

const checkout = fileURLToPath(new URL('../../', import.meta.url));

describeControlPlane('a page about clusters', () => {
  let copy: ReturnType<typeof workingCopy>;
  let cluster: ControlPlane;
  beforeAll(async () => {
    cluster = await openControlPlane();
  });
  beforeEach(() => {
    copy = workingCopy(checkout);
  });
  afterEach(() => {
    copy.remove();
  });
  afterAll(() => cluster.stop());

  it.each(['clusters.md', 'kubectl-plugin.md'])(
    'docs/%s works when it is pasted, and prints what it shows',
    async (name) => {
      const page = readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
      const { differences } = await runPage(page, 'bash', copy.path, {
        // The plugin's files are gone with the copy.
        HOME: copy.path,
        KUBECONFIG: cluster.adminKubeconfigPath,
        PATH: [dirname(cluster.kubectlPath), process.env['PATH']].join(delimiter),
      });
      expect(differences).toEqual([]);
    },
  );
});
