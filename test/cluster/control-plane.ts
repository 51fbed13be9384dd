import { X509Certificate } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BackgroundProcess, type Flags } from './background-process.js';
import type { Binaries } from './binaries.js';
import { type ControlPlanePki, type Credentials, makeControlPlanePki } from './control-plane-pki.js';
import { freePorts } from '../helpers/free-ports.js';
import { ProcessGuard } from './process-guard.js';
import { type Finished, runCommand } from './run-command.js';
import type { TestCluster } from './test-cluster.js';

export interface ControlPlaneOptions {
  /** Whether the controller-manager has the CA's key; without it nothing is signed. Default true. */
  readonly signing?: boolean;
  /** The longest lifetime that the cluster's signer gives, as Go writes durations. Default `8760h`. */
  readonly signingDuration?: string;
  /** Whether client certificates have a CA of their own. Default false: one CA, as with kubeadm. */
  readonly separateClientCa?: boolean;
  /** PEM: CAs that the API server takes client certificates of, besides. */
  readonly furtherClientCas?: string;
  /** Controllers besides those of `controllers`. */
  readonly moreControllers?: readonly string[];
  /** Flags that are added to ours or replace them; null leaves one out. */
  readonly etcdFlags?: Flags;
  readonly apiServerFlags?: Flags;
  readonly controllerManagerFlags?: Flags;
}

/** The controllers that a cluster needs for user certificates, RBAC and service accounts; nothing here runs pods. */
const controllers = [
  'certificatesigningrequest-signing-controller',
  'certificatesigningrequest-approving-controller',
  'certificatesigningrequest-cleaner-controller',
  'root-ca-certificate-publisher-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'clusterrole-aggregation-controller',
  'namespace-controller',
  'garbage-collector-controller',
];

/** The time until a new cluster must have its first service account. */
const NAMESPACE_SECONDS = 60;

/**
 * Starts etcd, kube-apiserver and kube-controller-manager on 127.0.0.1 in a temporary directory, and waits until they
 * serve, which takes five to ten seconds. `stop` ends them, and at the latest the end of this process does.
 */
export async function startControlPlane(binaries: Binaries, options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const directory = mkdtempSync(join(tmpdir(), 'kubepass-control-plane-'));
  const guard = new ProcessGuard(directory);
  try {
    const pki = await makeControlPlanePki(directory, { separateClientCa: options.separateClientCa ?? false });
    const [client, peer, apiServer, controllerManager] = (await freePorts(4)) as [number, number, number, number];
    const plane = new ControlPlane(binaries, options, directory, guard, pki, {
      client,
      peer,
      apiServer,
      controllerManager,
    });
    await plane.start();
    return plane;
  } catch (error) {
    await guard.end();
    throw error;
  }
}

export class ControlPlane implements TestCluster {
  readonly server: string;
  readonly adminKubeconfigPath: string;
  readonly caPem: string;
  readonly clientCaPem: string;
  readonly clientCaKeyPath: string;
  /** The file of `--client-ca-file`, from which the API server reads again what somebody renames into its place. */
  readonly clientCaPath: string;
  readonly kubectlPath: string;
  private apiServer: BackgroundProcess | null = null;
  private controllerManager: BackgroundProcess | null = null;

  /** For `startControlPlane`. */
  constructor(
    private readonly binaries: Binaries,
    private readonly options: ControlPlaneOptions,
    private readonly directory: string,
    private readonly guard: ProcessGuard,
    private readonly pki: ControlPlanePki,
    private readonly ports: Readonly<Record<'client' | 'peer' | 'apiServer' | 'controllerManager', number>>,
  ) {
    this.server = `https://127.0.0.1:${ports.apiServer}`;
    this.adminKubeconfigPath = join(directory, 'admin.kubeconfig');
    this.caPem = pki.caPem;
    this.clientCaPem = pki.clientCaPem;
    this.clientCaKeyPath = pki.clientCaKeyFile;
    this.clientCaPath = options.furtherClientCas === undefined ? pki.clientCaFile : join(directory, 'client-cas.crt');
    if (options.furtherClientCas !== undefined)
      writeFileSync(this.clientCaPath, pki.clientCaPem + options.furtherClientCas);
    this.kubectlPath = binaries.kubectl;
  }

  async start(): Promise<void> {
    this.writeKubeconfig(
      this.adminKubeconfigPath,
      await this.pki.clientCredentials('kubernetes-admin', ['system:masters']),
    );
    this.writeKubeconfig(
      this.controllerManagerKubeconfigPath,
      await this.pki.clientCredentials('system:kube-controller-manager', []),
    );
    await this.startEtcd();
    await this.startApiServer();
    await this.startControllerManager({ signing: this.options.signing ?? true });
    await this.untilDefaultNamespaceIsReady();
  }

  async startApiServer(): Promise<void> {
    if (this.apiServer?.isRunning) return;
    this.apiServer = await this.runApiServer(this.ports.apiServer, this.clientCaPath);
  }

  /** Starts one more API server on the same etcd, and answers its `https://host:port`. */
  async addApiServer(clientCaPath: string): Promise<string> {
    const [port] = (await freePorts(1)) as [number];
    await this.runApiServer(port, clientCaPath);
    return `https://127.0.0.1:${port}`;
  }

  private runApiServer(port: number, clientCaPath: string): Promise<BackgroundProcess> {
    const { pki, ports } = this;
    return this.run('kube-apiserver', {
      flags: {
        'etcd-servers': `http://127.0.0.1:${ports.client}`,
        'bind-address': '127.0.0.1',
        'secure-port': String(port),
        // There may be no other network interface, and nothing uses the endpoints of service `kubernetes`.
        'advertise-address': '127.0.0.1',
        'endpoint-reconciler-type': 'none',
        'tls-cert-file': pki.servingCertificateFile,
        'tls-private-key-file': pki.servingKeyFile,
        'client-ca-file': clientCaPath,
        'authorization-mode': 'Node,RBAC',
        'enable-admission-plugins': 'NodeRestriction',
        'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
        'service-account-key-file': pki.serviceAccountPublicKeyFile,
        'service-account-signing-key-file': pki.serviceAccountKeyFile,
        'service-cluster-ip-range': '10.96.0.0/16',
        profiling: 'false',
        ...this.options.apiServerFlags,
      },
      isReady: () => isOk(`https://127.0.0.1:${port}/readyz`, pki.caPem),
    });
  }

  async stopApiServer(): Promise<void> {
    await this.apiServer?.kill();
  }

  async startControllerManager({ signing }: { readonly signing: boolean }): Promise<void> {
    if (this.controllerManager?.isRunning) throw new Error('the controller-manager runs already: stop it first');
    const { pki, ports } = this;
    const signerFlags: Flags = signing
      ? {
          'cluster-signing-cert-file': pki.clientCaFile,
          'cluster-signing-key-file': pki.clientCaKeyFile,
          'cluster-signing-duration': this.options.signingDuration ?? '8760h',
        }
      : {};
    this.controllerManager = await this.run('kube-controller-manager', {
      flags: {
        kubeconfig: this.controllerManagerKubeconfigPath,
        'bind-address': '127.0.0.1',
        'secure-port': String(ports.controllerManager),
        'tls-cert-file': pki.servingCertificateFile,
        'tls-private-key-file': pki.servingKeyFile,
        'leader-elect': 'false',
        'use-service-account-credentials': 'true',
        'service-account-private-key-file': pki.serviceAccountKeyFile,
        'root-ca-file': pki.caFile,
        controllers: [...controllers, ...(this.options.moreControllers ?? [])].join(','),
        profiling: 'false',
        ...signerFlags,
        ...this.options.controllerManagerFlags,
      },
      isReady: () => isOk(`https://127.0.0.1:${ports.controllerManager}/healthz`, pki.caPem),
    });
  }

  async stopControllerManager(): Promise<void> {
    await this.controllerManager?.kill();
  }

  kubectl(args: readonly string[], input?: string): Promise<Finished> {
    return runCommand(this.binaries.kubectl, [`--kubeconfig=${this.adminKubeconfigPath}`, ...args], {
      // kubectl keeps its cache and preferences in the home directory.
      env: { PATH: process.env['PATH'], HOME: this.directory },
      ...(input === undefined ? {} : { input }),
    });
  }

  /**
   * Writes a kubeconfig whose client certificate somebody signed by hand with the CA's key, past every signer. Answers
   * the DER's SHA-256 in lower-case hex.
   */
  async writeKubeconfigByHand(file: string, username: string, groups: readonly string[]): Promise<string> {
    const credentials = await this.pki.clientCredentials(username, groups);
    this.writeKubeconfig(file, credentials);
    return new X509Certificate(credentials.certificatePem).fingerprint256.replaceAll(':', '').toLowerCase();
  }

  /** Ends all processes at once and removes the directory. */
  stop(): Promise<void> {
    return this.guard.end();
  }

  private get controllerManagerKubeconfigPath(): string {
    return join(this.directory, 'controller-manager.kubeconfig');
  }

  private async startEtcd(): Promise<void> {
    const client = `http://127.0.0.1:${this.ports.client}`;
    const peer = `http://127.0.0.1:${this.ports.peer}`;
    await this.run('etcd', {
      flags: {
        'data-dir': join(this.directory, 'etcd'),
        'listen-client-urls': client,
        'advertise-client-urls': client,
        'listen-peer-urls': peer,
        'initial-advertise-peer-urls': peer,
        'initial-cluster': `default=${peer}`,
        // Nothing here has to survive a crash of the machine.
        'unsafe-no-fsync': 'true',
        'log-level': 'warn',
        ...this.options.etcdFlags,
      },
      isReady: async () => (await fetch(`${client}/health`)).ok,
    });
  }

  private run(
    name: Exclude<keyof Binaries, 'kubectl'>,
    options: { readonly flags: Flags; readonly isReady: () => Promise<boolean> },
  ): Promise<BackgroundProcess> {
    const { directory, guard } = this;
    return BackgroundProcess.start({ command: this.binaries[name], directory, guard, ...options });
  }

  /**
   * Objects that users find in a cluster which has run for a while. The controllers make them within a second or two.
   */
  private async untilDefaultNamespaceIsReady(): Promise<void> {
    const deadline = performance.now() + NAMESPACE_SECONDS * 1000;
    for (;;) {
      const found = await this.kubectl(['get', 'serviceaccount/default', 'configmap/kube-root-ca.crt']);
      if (found.code === 0) return;
      if (performance.now() > deadline)
        throw new Error(`the default namespace is not ready after ${NAMESPACE_SECONDS} s: ${found.stderr}`);
      await sleep(100);
    }
  }

  private writeKubeconfig(file: string, credentials: Credentials): void {
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const kubeconfig = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster: { server: this.server, 'certificate-authority-data': base64(this.caPem) } }],
      users: [
        {
          name: 'test',
          user: {
            'client-certificate-data': base64(credentials.certificatePem),
            'client-key-data': base64(credentials.privateKeyPem),
          },
        },
      ],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      'current-context': 'test',
    };
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(kubeconfig, null, 2), { mode: 0o600 });
  }
}

/** Whether a GET over TLS gets a 200. Throws if there is no answer. */
function isOk(url: string, ca: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const request = get(url, { ca, timeout: 5000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
  });
}
