import { randomBytes } from 'node:crypto';
import type { Announcement } from '../../src/model/webhook-delivery.js';
import type { Context } from '../../src/context/context.js';
import { trustOfIssuers } from '../../src/clusters/issuers/client-bundle.js';
import type { ProbingContext } from '../../src/clusters/issuers/probe-issuer.js';
import { showCertificate } from '../../src/kubernetes/show-certificate.js';
import type { IssuerState, RecordedIssuer } from '../../src/model/issuer.js';
import { generateCertificateAuthority } from '../../src/signing/generate-certificate-authority.js';
import { ClusterIssuers, type LoadedIssuer } from '../../src/signing/cluster-issuers.js';
import { LocalCaSigner } from '../../src/signing/local-ca-signer.js';
import { insertIssuer } from '../../src/store/tables/cluster-issuer-table.js';
import { FakeApiServer } from './fake-api-server.js';
import { testIssuance, type TestIssuance } from './issuance.js';
import { certifiedIssuer, loadSigningAuthority, type TestSigningAuthority } from './signing-authority.js';

let made: ReturnType<typeof generateCertificateAuthority> | undefined;

/** The CA `users-2027`, one for all tests of a worker. */
export async function nextAuthority(): Promise<TestSigningAuthority & { readonly pem: string }> {
  made ??= generateCertificateAuthority({ commonName: 'users-2027', now: new Date(), random: randomBytes });
  const { certificatePem, privateKeyPem } = await made;
  return { ...loadSigningAuthority(certificatePem, privateKeyPem), pem: certificatePem };
}

/** A cluster whose issuer `default` is active, with another one, `users-2027`, which is next. */
export interface TestIssuers {
  readonly issuance: TestIssuance;
  readonly context: ProbingContext;
  readonly issuers: ClusterIssuers;
  /** Each trusts the CA of `default` alone. */
  readonly servers: readonly FakeApiServer[];
  readonly next: TestSigningAuthority & { readonly pem: string };
  readonly announced: Announcement[];
  /** Another process on the same store. */
  replica(): { readonly context: ProbingContext; readonly issuers: ClusterIssuers };
  states(): Promise<Readonly<Record<string, IssuerState>>>;
  close(): Promise<void>;
}

export async function testIssuers({ servers: count = 1 } = {}): Promise<TestIssuers> {
  const issuance = await testIssuance();
  const next = await nextAuthority();
  const { store } = issuance.context;
  const recorded: RecordedIssuer = {
    ...{ cluster: 'demo', name: 'users-2027', state: 'next', since: new Date(), probe: null },
    ...{ spkiSha256: next.spkiSha256, fingerprints: [next.fingerprintSha256] },
  };
  await store.writer.commit({ operations: [insertIssuer(recorded)], events: [] });
  const servers = await Promise.all(Array.from({ length: count }, () => FakeApiServer.start()));
  for (const server of servers) server.trustClients(issuance.caPem);
  const announced: Announcement[] = [];
  const loaded = [loadedIssuer(issuance.authority, 'default'), loadedIssuer(next, 'users-2027')];

  const processOf = async (base: Context) => {
    const issuers = new ClusterIssuers('demo', loaded, () => store.issuers.ofCluster('demo'));
    await issuers.refresh();
    const found = base.clusters.get('demo');
    if (found === undefined) throw new Error('no cluster');
    const cluster = {
      ...found.cluster,
      server: servers[0]?.url ?? found.cluster.server,
      apiServers: servers.map(({ url }) => url),
      servingCertificateAuthority: servers[0]?.servingAuthority.pem ?? '',
    };
    const signer = new LocalCaSigner(issuers);
    const clusters = new Map([
      ['demo', { ...found, cluster, signer, issuers, clientTrust: trustOfIssuers(issuers, null) }],
    ]);
    const context: ProbingContext = {
      ...base,
      clusters,
      deliveriesOf: (announcement) => {
        announced.push(announcement);
        return [];
      },
      probePorts: {
        signerOf: (issuer) => new LocalCaSigner({ active: () => issuer }),
        show: (server, shown) => showCertificate(server, shown, 2_000),
      },
    };
    return { context, issuers };
  };
  const first = await processOf(issuance.context);
  const second = await processOf(issuance.replica());
  return {
    ...first,
    ...{ issuance, servers, next, announced },
    replica: () => second,
    async states() {
      return Object.fromEntries((await store.issuers.ofCluster('demo')).map(({ name, state }) => [name, state]));
    },
    async close() {
      await Promise.all(servers.map((server) => server.close()));
      await issuance.close();
    },
  };
}

function loadedIssuer(authority: TestSigningAuthority, name: string): LoadedIssuer {
  const certified = certifiedIssuer(authority, { name });
  return { name, key: certified.key, certified, requestedSubject: null };
}
