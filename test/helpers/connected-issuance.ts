import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { embeddedRevocation } from '../../src/config/cluster-config.js';
import { readClientTrust } from '../../src/kubernetes/certificate-authorities.js';
import { type ClusterConnection, openClusterConnection } from '../../src/kubernetes/cluster-connection.js';
import { ClusterProbes } from '../../src/context/under-way.js';
import type { Context, IssuingCluster } from '../../src/context/context.js';
import { KubernetesSigner } from '../../src/signing/kubernetes-signer.js';
import { FakeApiServer } from './fake-api-server.js';
import { kubepassRules } from './fake-api-server/rbac.js';
import { type TestIssuance, testIssuance } from './issuance.js';
import { temporaryDirectory } from './temporary-directory.js';

export interface ConnectedIssuance {
  readonly server: FakeApiServer;
  readonly issuance: TestIssuance;
  /** The connection of kubepass itself. */
  readonly connection: ClusterConnection;
  readonly context: Context;
  /** Another process on the same store, with a connection of its own. */
  replica(): Promise<Context>;
  /** A connection of any user. */
  connect(username: string): Promise<ClusterConnection>;
  close(): Promise<void>;
}

/** The use cases with cluster `demo`, which signs for itself. Only its API server is a fake. */
export async function connectedIssuance(
  settings: Partial<Context['settings']> = {},
  readsRoleBindings = false,
): Promise<ConnectedIssuance> {
  const directory = temporaryDirectory();
  const server = await FakeApiServer.start();
  server.rbac.allowUser('kubepass', kubepassRules);
  const issuance = await testIssuance();
  const connections: ClusterConnection[] = [];
  const connect = async (username: string) => {
    const file = join(directory.path, `${username}.kubeconfig`);
    writeFileSync(file, await server.kubeconfig({ username }));
    const opened = await openClusterConnection({ kind: 'kubeconfig', file, context: null }, { allowExec: false });
    connections.push(opened);
    return opened;
  };
  const contextOver = (base: Context, connection: ClusterConnection): Context => {
    const probes = new ClusterProbes(base.store);
    const clock = () => new Date();
    const signer = new KubernetesSigner(
      {
        name: 'demo',
        instance: 'test',
        csrs: connection.csrs,
        watch: connection.csrWatch,
        whoAmI: () => connection.whoAmI(),
        whyNotSigning: () => probes.whyNotSigning('demo'),
      },
      clock,
    );
    const trust = readClientTrust(server.clientAuthority.pem);
    const cluster: IssuingCluster = {
      cluster: {
        name: 'demo',
        server: server.url,
        apiServers: [server.url],
        tlsServerName: null,
        signer: 'kubernetes',
        servingCertificateAuthority: server.servingAuthority.pem,
        allowPrivilegedGroups: [],
        nameAlphabet: 'ascii',
        readsRoleBindings,
        revocation: embeddedRevocation,
      },
      signer,
      issuers: null,
      connection,
      clientTrust: () => Promise.resolve(trust),
      roleBindings: readsRoleBindings ? connection.roleBindings() : null,
    };
    return {
      ...base,
      clock,
      probes,
      clusters: new Map([['demo', cluster]]),
      settings: { ...base.settings, ...settings },
    };
  };
  const connection = await connect('kubepass');
  return {
    server,
    issuance,
    connection,
    context: contextOver(issuance.context, connection),
    replica: async () => contextOver(issuance.replica(), await connect('kubepass')),
    connect,
    async close() {
      for (const opened of connections) await opened.close();
      await server.close();
      await issuance.close();
      directory.remove();
    },
  };
}
