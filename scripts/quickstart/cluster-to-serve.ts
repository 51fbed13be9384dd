import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { messageOf } from '@kubepass/x509';
import { loadKubeConfig } from '../../src/kubernetes/load-kube-config.js';
import { replaceSecretFile } from '../../src/config/secrets.js';
import { ServiceError } from './service-process.js';

/** The cluster of the command line: `--kubeconfig FILE [--context NAME] [--name NAME]`. */
export interface ClusterToServe {
  /** An absolute path. */
  readonly kubeconfig: string;
  readonly context: string | undefined;
  readonly name: string | undefined;
}

/**
 * Writes a configuration into the data dir that serves this one cluster through its own signer, and returns its path.
 * The database of the cluster is in the same place. Throws `ServiceError` if the kubeconfig or the name cannot be used.
 */
export async function writeConfiguration(asked: ClusterToServe, dataDir: string): Promise<string> {
  const { context, server } = await readContext(asked);
  const name = asked.name ?? dnsLabel(context);
  if (name !== dnsLabel(name))
    throw new ServiceError(`"${name}" is no name for a cluster: a-z, 0-9 and inner -, at most 63 characters`);
  // All records refer to the cluster by name.
  if (name === 'demo' && existsSync(join(dataDir, 'ca')))
    throw new ServiceError(
      `"demo" is the quickstart's own cluster in ${dataDir}: give this one another --name, or another KUBEPASS_DATA_DIR`,
    );

  const configuration = {
    clusters: [{ name, server, signer: 'kubernetes', kubeconfig: asked.kubeconfig, context }],
    // The timeout is shorter than the caller's wait for the answer.
    issuing: { timeoutSeconds: 30 },
  };
  const file = join(dataDir, 'quickstart.yaml');
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await replaceSecretFile(file, `# Written by the quickstart each time anew.\n${stringify(configuration)}`);
  return file;
}

async function readContext({ kubeconfig, context: wanted }: ClusterToServe) {
  try {
    // The service reads it in the same way, so the quickstart reports at once what the service would refuse.
    const loaded = loadKubeConfig({ kind: 'kubeconfig', file: kubeconfig, context: wanted ?? null }, false);
    const { 'current-context': current } = parse(await readFile(kubeconfig, 'utf8')) as { 'current-context'?: string };
    return { context: wanted ?? current ?? '', server: loaded.getCurrentCluster()?.server ?? '' };
  } catch (error) {
    throw new ServiceError(messageOf(error), { cause: error });
  }
}

/** The DNS label that is closest to the text: `kubernetes-admin@kubernetes` becomes `kubernetes-admin-kubernetes`. */
function dnsLabel(text: string): string {
  const label = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63)
    .replace(/-+$/, '');
  return label === '' ? 'cluster' : label;
}
