// Tests deploy/chart/kubepass/files/kubepass.rules.yaml
import { describe, expect, it } from 'vitest';
import { promtool } from './prometheus.js';

const folder = 'deploy/chart/kubepass/files';

describe('promtool', () => {
  it('accepts the alert rules', () => {
    const { status, output } = promtool(['check', 'rules', `${folder}/kubepass.rules.yaml`]);
    expect(output).toMatch(/SUCCESS: \d+ rules found/);
    expect(status).toBe(0);
  });

  it('shows each alert firing and silent', () => {
    const { status, output } = promtool(['test', 'rules', `${folder}/kubepass.rules.test.yaml`]);
    expect(output).not.toMatch(/FAILED/);
    expect(status).toBe(0);
  });

  it('accepts the configuration that docker compose mounts, together with the rules', () => {
    const { status, output } = promtool(['check', 'config', `${folder}/prometheus.yaml`]);
    expect(output).toMatch(/1 rule files found/);
    expect(status).toBe(0);
  });
});
