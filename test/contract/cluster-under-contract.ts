import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import {
  type ClusterConnection,
  type ConnectionOptions,
  openClusterConnection,
} from '../../src/kubernetes/cluster-connection.js';
import { type CsrObject, kubeApiserverClient, type NewCsrObject } from '../../src/kubernetes/csr-object.js';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import type { Rule } from '../helpers/fake-api-server/rbac.js';
import { startTcpProxy, type TcpProxy } from '../helpers/tcp-proxy.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';

/** A cluster that signs, as the contract suite needs it. */
export interface ContractCluster {
  /** The text of a kubeconfig of a cluster administrator. */
  readonly adminKubeconfig: string;
  /** Gives a user these rights on the whole cluster, and nothing else beyond the rights of everyone. */
  allow(username: string, rules: readonly Rule[]): Promise<void>;
  close(): Promise<void>;
}

interface Kubeconfig {
  readonly clusters: {
    readonly name: string;
    readonly cluster: Record<string, unknown> & { readonly server: string };
  }[];
  readonly users: unknown[];
}

/** Names that no other test and no other run uses. */
export const uniqueName = (stem: string): string => `contract-${stem}-${randomBytes(5).toString('hex')}`;

export const soon = (seconds = 120): Date => new Date(Date.now() + seconds * 1000);

/** Connections to one cluster. A test opens them as it needs them, and its end closes them all. */
export class ConnectionBench {
  readonly #directory = temporaryDirectory();
  readonly #opened: { close(): Promise<void> }[] = [];
  readonly #kubeconfig: Kubeconfig;
  #files = 0;

  constructor(private readonly cluster: ContractCluster) {
    this.#kubeconfig = parse(cluster.adminKubeconfig) as Kubeconfig;
  }

  admin(options: Partial<ConnectionOptions> = {}): Promise<ClusterConnection> {
    return this.open(this.#kubeconfig, options);
  }

  /** A connection of the administrator over a wire that the test can cut. */
  async adminByProxy(
    options: Partial<ConnectionOptions> = {},
  ): Promise<{ readonly connection: ClusterConnection; readonly proxy: TcpProxy }> {
    const { hostname, port } = new URL(this.#cluster.server);
    const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
    this.#opened.push(proxy);
    const connection = await this.open(this.withCluster({ server: `https://127.0.0.1:${proxy.port}` }), options);
    return { connection, proxy };
  }

  /** A connection of a user of that name, whose certificate the cluster itself signs, with exactly these rules. */
  async as(
    username: string,
    rules: readonly Rule[],
    groups: readonly string[] = [],
    options: Partial<ConnectionOptions> = {},
  ): Promise<ClusterConnection> {
    await this.cluster.allow(username, rules);
    const { certificatePem, privateKeyPem } = await this.issue(username, groups);
    const connection = await this.open(
      this.withUser({
        'client-certificate-data': Buffer.from(certificatePem).toString('base64'),
        'client-key-data': Buffer.from(privateKeyPem).toString('base64'),
      }),
      options,
    );
    await untilAllowed(connection, rules);
    return connection;
  }

  async issue(username: string, groups: readonly string[] = []) {
    const admin = await this.admin();
    const { pem, keyPair } = await csrFor(username, groups);
    const created = await admin.csrs.create(newCsr(pem));
    await admin.csrs.approve(created, 'Contract', 'a test asks for it');
    const certificatePem = await issued(admin, created.name);
    return { certificatePem, privateKeyPem: keyPair.privateKeyPem };
  }

  withUser(user: Readonly<Record<string, unknown>>): Kubeconfig {
    return { ...this.#kubeconfig, users: [{ ...(this.#kubeconfig.users[0] as object), user }] };
  }

  withCluster(fields: Readonly<Record<string, unknown>>): Kubeconfig {
    const [first] = this.#kubeconfig.clusters;
    return { ...this.#kubeconfig, clusters: [{ name: first!.name, cluster: { ...this.#cluster, ...fields } }] };
  }

  async open(kubeconfig: unknown, options: Partial<ConnectionOptions> = {}): Promise<ClusterConnection> {
    const file = join(this.#directory.path, `kubeconfig-${this.#files++}`);
    writeFileSync(file, JSON.stringify(kubeconfig), { mode: 0o600 });
    const connection = await openClusterConnection(
      { kind: 'kubeconfig', file, context: null },
      { allowExec: false, ...options },
    );
    this.#opened.push(connection);
    return connection;
  }

  async close(): Promise<void> {
    for (const opened of this.#opened.splice(0)) await opened.close();
    this.#directory.remove();
  }

  get #cluster() {
    return this.#kubeconfig.clusters[0]!.cluster;
  }
}

export function newCsr(request: string, fields: Partial<NewCsrObject> = {}): NewCsrObject {
  return {
    name: uniqueName('csr'),
    labels: {},
    annotations: {},
    request,
    signerName: kubeApiserverClient,
    usages: ['client auth', 'digital signature'],
    expirationSeconds: 3600,
    ...fields,
  };
}

/** The certificate in the object, as soon as the watch delivers it. */
export async function issued(connection: ClusterConnection, name: string): Promise<string> {
  const waited = await connection.csrWatch.waitFor(name, (csr) => csr === null || csr.certificate !== null, soon());
  const certificate = waited.kind === 'settled' ? waited.csr?.certificate : null;
  if (typeof certificate !== 'string') throw new Error(`${name} is not signed`);
  return certificate;
}

export const hasCondition =
  (type: string) =>
  (csr: CsrObject | null): boolean =>
    csr?.conditions.some((condition) => condition.type === type) === true;

/** RBAC needs up to a second to take effect. */
async function untilAllowed(connection: ClusterConnection, rules: readonly Rule[]): Promise<void> {
  const accesses = rules.flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
    resources.flatMap((path) => {
      const [resource = path, subresource] = path.split('/');
      return verbs.map((verb) => ({
        verb,
        group: apiGroups[0] ?? '',
        resource,
        ...(subresource === undefined ? {} : { subresource }),
        ...(resourceNames?.[0] === undefined ? {} : { name: resourceNames[0] }),
      }));
    }),
  );
  const isRefused = async () => (await connection.accessReviews(accesses)).some(({ allowed }) => !allowed);
  // `expect.poll` works within a test alone, and hooks call this, too. Their time limit ends the loop.
  while (await isRefused());
}
