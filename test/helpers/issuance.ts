import { keysUnmeasured } from '../../src/model/measures.js';
import { issuersOf, loadSigningAuthority, signerOf, type TestSigningAuthority } from './signing-authority.js';
import { DirectoryUse, IdentityBlocks } from '../../src/context/standing.js';
import { directoryDefaults } from '../../src/model/directory.js';
import { randomBytes } from 'node:crypto';
import { readClientTrust } from '../../src/kubernetes/certificate-authorities.js';
import { ClusterProbes, AttemptsUnderWay } from '../../src/context/under-way.js';
import { embeddedRevocation } from '../../src/config/cluster-config.js';
import type { Context, IssuingCluster } from '../../src/context/context.js';
import { ListedNames } from '../../src/context/listed-names.js';
import { DenyList } from '../../src/access/deny-list.js';
import type { Cluster } from '../../src/model/cluster.js';
import { untraced } from '../../src/model/tracing.js';
import { signaturesHere } from '@kubepass/x509';
import { parsePolicySet } from '../../src/policy/parse-policy-set.js';
import type { PolicySet } from '../../src/policy/policy-set.js';
import type { Signer } from '../../src/signing/signer.js';
import { insertIssuer } from '../../src/store/tables/cluster-issuer-table.js';
import { localAuthority } from './local-authority.js';
import { openTestStore } from './test-store.js';

/** `team-*` is approved automatically, `ops-*` by bob or another approver. */
export const testPolicies = `
apiVersion: kubepass/v1
kind: Policy
metadata: { name: automatic }
spec:
  selector: { clusters: [demo] }
  allowed: { usernames: ["*"], groups: ["team-*"], collectors: ["*"] }
  constraints: { maxExpirationSeconds: 86400 }
  approval: { mode: auto }
---
apiVersion: kubepass/v1
kind: Policy
metadata: { name: by-hand }
spec:
  selector: { clusters: [demo] }
  allowed: { usernames: ["*"], groups: ["team-*", "ops-*"], collectors: ["*"] }
  constraints: { maxExpirationSeconds: 604800 }
  approval: { mode: manual }
`;

export function policySetOf(text: string): PolicySet {
  const parsed = parsePolicySet([{ path: 'test.yaml', text }]);
  if (!parsed.ok) throw new Error(parsed.errors.join('\n'));
  return parsed.policySet;
}

export interface TestIssuance {
  readonly context: Context;
  readonly authority: TestSigningAuthority;
  readonly caPem: string;
  /** Swaps the policies in force. */
  setPolicies(text: string): void;
  /** Moves the clock. */
  advance(seconds: number): void;
  /** Replaces the signer of the cluster. */
  setSigner(signer: Signer): unknown;
  /** The next process on the same store, after the first has died. */
  restarted(): Context;
  /** Another process beside the first. */
  replica(): Context;
  close(): Promise<void>;
}

/** The use cases on a real store with a real CA, with a clock that the test moves. */
export async function testIssuance(policies = testPolicies): Promise<TestIssuance> {
  const opened = await openTestStore();
  const { store } = opened;
  let now = Math.floor(Date.now() / 1000) * 1000;
  let policySet = policySetOf(policies);
  const { certificatePem, privateKeyPem } = await localAuthority();
  const authority = loadSigningAuthority(certificatePem, privateKeyPem);
  const trust = readClientTrust(certificatePem);
  const cluster: Cluster = {
    name: 'demo',
    server: 'https://127.0.0.1:6443',
    apiServers: ['https://127.0.0.1:6443'],
    tlsServerName: null,
    signer: 'localCA',
    servingCertificateAuthority: certificatePem,
    allowPrivilegedGroups: [],
    nameAlphabet: 'ascii',
    readsRoleBindings: false,
    revocation: embeddedRevocation,
  };
  const denyList = new DenyList({
    reader: store.revocations,
    clock: () => new Date(now),
    log: { info() {}, warn() {}, error() {} },
  });
  await denyList.load();
  const identityBlocks = new IdentityBlocks({
    reader: store.identityBlocks,
    clusters: ['demo'],
    log: { error() {} },
  });
  const listedNames = new ListedNames({
    ...{ store, denyList, identityBlocks },
    clock: () => new Date(now),
    log: { error() {} },
  });
  const clusters = new Map<string, IssuingCluster>();
  const issuers = issuersOf(authority);
  for (const issuer of issuers.recorded().values())
    await store.writer.commit({ operations: [insertIssuer(issuer)], events: [] });
  const setSigner = (signer: Signer) =>
    clusters.set('demo', {
      cluster,
      signer,
      issuers,
      connection: null,
      clientTrust: () => Promise.resolve(trust),
      roleBindings: null,
    });
  setSigner(signerOf(authority));
  const contextOf = (owner: string, soleProcess: boolean): Context => ({
    store,
    clusters,
    policySet: () => policySet,
    unsafeSettings: () => new Map(),
    clock: () => new Date(now),
    random: randomBytes,
    signatures: signaturesHere,
    owner,
    soleProcess,
    settings: {
      timeoutSeconds: 60,
      pendingExpiresAfterSeconds: 259_200,
      uncollectedExpiresAfterSeconds: 86_400,
      groupsMaxAgeSeconds: 2_592_000,
      expiryNoticeSeconds: [600, 3600, 86_400],
    },
    log: { info() {}, warn() {}, error() {} },
    deliveriesOf: () => [],
    probes: new ClusterProbes(store),
    directory: directoryDefaults,
    directoryUse: new DirectoryUse(store.directory),
    denyList,
    publicAddress: null,
    identityBlocks,
    listedNames,
    measures: { during: (_phase, _cluster, work) => work() },
    keyMeasures: keysUnmeasured,
    attempts: new AttemptsUnderWay(),
    tracing: untraced,
    lostRecords: { instance: 'test', recordLost: (step) => store.writer.commit(step) },
  });
  return {
    context: contextOf('process-1', true),
    authority,
    caPem: certificatePem,
    setPolicies(text) {
      policySet = policySetOf(text);
    },
    advance(seconds) {
      now += seconds * 1000;
    },
    setSigner,
    restarted: () => contextOf('process-2', true),
    replica: () => contextOf('process-2', false),
    close: () => opened.close(),
  };
}
