// Tests packages/kubectl-kubepass/src/kubeconfig-entries.ts
import { expect, it } from 'vitest';
import { entriesOfService } from '../src/kubeconfig-entries.js';
import { PluginError } from '../src/plugin-error.js';

it('takes server, CA and TLS server name of an answered kubeconfig, and nothing that weakens it', () => {
  const { cluster, installHint } = entriesOfService(`
apiVersion: v1
kind: Config
clusters:
  - name: demo
    cluster:
      server: https://demo.example:6443
      certificate-authority-data: Q0E=
      tls-server-name: kubernetes
      insecure-skip-tls-verify: "true"
      proxy-url: http://proxy.example
      extensions: [{ name: x }]
users:
  - name: demo
    user: { exec: { installHint: get it } }
`);
  expect(cluster).toEqual({
    server: 'https://demo.example:6443',
    'certificate-authority-data': 'Q0E=',
    'tls-server-name': 'kubernetes',
  });
  expect(installHint).toBe('get it');
});

it('refuses an answer without a cluster', () => {
  expect(() => entriesOfService('clusters: []')).toThrow(PluginError);
});
