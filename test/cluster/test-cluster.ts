import { runCommand, type Finished } from './run-command.js';

/** A cluster to test against, with its administrator's kubeconfig. */
export interface TestCluster {
  /** `https://host:port` of its API server. */
  readonly server: string;
  readonly adminKubeconfigPath: string;
  /** The CA that the API server's certificate chains to. */
  readonly caPem: string;
  /** The CA that user certificates chain to. */
  readonly clientCaPem: string;
  /**
   * Runs kubectl as the administrator, or as the user of a `--kubeconfig` among the arguments. `input` goes to stdin.
   */
  kubectl(args: readonly string[], input?: string): Promise<Finished>;
  stop(): Promise<void>;
}

/** The cluster of a kubeconfig's current context: kind, k3d, any. Stopping it leaves it alone. */
export async function existingCluster(kubeconfig: string, kubectl: string): Promise<TestCluster> {
  const run = (args: readonly string[], input?: string): Promise<Finished> =>
    runCommand(kubectl, [`--kubeconfig=${kubeconfig}`, ...args], input === undefined ? {} : { input });
  const ask = async (...args: string[]): Promise<string> => {
    const { stdout, stderr, code } = await run(args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} failed: ${stderr.trim()}`);
    return stdout;
  };
  const view = JSON.parse(await ask('config', 'view', '--raw', '--minify', '--flatten', '--output=json')) as {
    clusters: { cluster: { server: string; 'certificate-authority-data'?: string } }[];
  };
  const cluster = view.clusters[0]?.cluster;
  if (cluster?.['certificate-authority-data'] === undefined)
    throw new Error(`${kubeconfig} names no cluster with a CA for its current context`);
  return {
    server: cluster.server,
    adminKubeconfigPath: kubeconfig,
    caPem: Buffer.from(cluster['certificate-authority-data'], 'base64').toString(),
    clientCaPem: await ask(
      'get',
      'configmap',
      'extension-apiserver-authentication',
      '--namespace=kube-system',
      '--output=jsonpath={.data.client-ca-file}',
    ),
    kubectl: run,
    stop: () => Promise.resolve(),
  };
}
