import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config/config.js';
import { readEnvironment } from '../../src/config/env.js';

/** The service's own refusals of a configuration file, in the environment that the chart makes. */
export interface ServiceVerdict {
  /** Each reads `place: message`; empty where the service takes it. */
  refusals(config: unknown): readonly string[];
  close(): void;
}

export function openServiceVerdict(): ServiceVerdict {
  const folder = mkdtempSync(join(tmpdir(), 'kubepass-chart-'));
  const file = join(folder, 'kubepass.yaml');
  const environment = readEnvironment({
    KUBEPASS_CONFIG: file,
    KUBEPASS_POLICIES_DIR: '/etc/kubepass/policies',
    KUBEPASS_DATA_DIR: '/var/lib/kubepass/data',
    KUBEPASS_HOST: '0.0.0.0',
    KUBEPASS_PORT: '8443',
    KUBEPASS_TLS_CERT_FILE: '/etc/kubepass/tls/tls.crt',
    KUBEPASS_TLS_KEY_FILE: '/etc/kubepass/tls/tls.key',
  });
  return {
    refusals(config) {
      // JSON is YAML, and is written in a moment.
      writeFileSync(file, JSON.stringify(config));
      return readConfig(environment).errors.map((error) => error.replace(/^.*?kubepass\.yaml(?::\d+)*: /, ''));
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}
