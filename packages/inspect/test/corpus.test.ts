// Tests packages/inspect/src/inspect.ts, packages/inspect/src/reading/read-bytes.ts,
// packages/inspect/src/findings/find-all.ts, packages/inspect/src/relations/relations.ts,
// packages/inspect/src/model/catalogue.ts
import { describe, expect, it } from 'vitest';
import { findingKinds } from '../src/model/catalogue.js';
import type {
  CertificateRole,
  Inspection,
  InspectionFormat,
  InspectedObject,
  RelationType,
} from '../src/model/inspection.js';
import { answerTo } from './helpers/inspected-corpus.js';
import { readCorpus, readFixture } from './helpers/inspection-corpus.js';
import { corpusSecrets, secretsIn } from './corpus-secrets.js';

const corpus = readCorpus();
const goldens = new Map(corpus.map(({ name, answer }) => [name, JSON.parse(answer()) as Inspection]));
const golden = (name: string): Inspection => goldens.get(name)!;
const formats: readonly InspectionFormat[] = ['application/json', 'application/sarif+json', 'text/plain', 'text/html'];

describe('the corpus', () => {
  it.each(corpus)('is answered as before: $name, $about', async (fixture) => {
    expect(JSON.parse(await answerTo(fixture, 'application/json'))).toEqual(golden(fixture.name));
  });

  it.each(corpus.filter(({ raises }) => raises.length > 0))('raises $raises: $name', ({ name, raises }) => {
    expect(golden(name).findings.map(({ code }) => code)).toEqual(expect.arrayContaining([...raises]));
  });

  // The corpus is inspected without an inventory: test/each-database/http/revoke.test.ts has a revoked certificate.
  // No upload asks about a server: packages/inspect/test/offline/asked-server.test.ts has a chain to another CA.
  // An upload goes to a service: packages/inspect/test/offline/folders.test.ts has a request without one.
  const elsewhere = ['CertificateRevoked', 'ChainNotToGivenCa', 'RequestNotForKubepass'];
  const ofUploads = Object.entries(findingKinds).filter(([code]) => !elsewhere.includes(code));
  it.each(ofUploads)('raises %s on one object, and not on another of its type', (code, kind) => {
    const raised = corpus.flatMap(({ name }) => golden(name).findings.filter((finding) => finding.code === code));
    const typesOfRaised = new Set(
      corpus.flatMap(({ name }) => objectsWith(golden(name), code).map(({ type }) => type)),
    );
    expect(raised.length).toBeGreaterThan(0);
    for (const { severity, advice, reference } of raised)
      expect({ severity, advice, reference }).toEqual({
        severity: kind.severity,
        advice: kind.advice,
        reference: kind.reference,
      });
    for (const type of typesOfRaised) {
      // It is said of every list, whatever it holds.
      if (code === 'ListNotConsulted') continue;
      const spared = corpus.flatMap(({ name }) => {
        const raisedOn = new Set(objectsWith(golden(name), code));
        return golden(name).objects.filter((object) => object.type === type && !raisedOn.has(object));
      });
      expect(spared.length, `every ${type} raises it`).toBeGreaterThan(0);
    }
  });

  it('has every type of object, every role, every relation and every encoding of a private key', () => {
    const objects = [...goldens.values()].flatMap((inspection) => inspection.objects);
    expect(new Set(objects.map(({ type }) => type))).toEqual(new Set(objectTypes));
    expect(new Set(objects.flatMap((object) => (object.type === 'Certificate' ? (object.role ?? []) : [])))).toEqual(
      new Set(roles),
    );
    expect(new Set(objects.flatMap((object) => (object.type === 'PrivateKey' ? object.encoding : [])))).toEqual(
      new Set(['PKCS#1', 'SEC1', 'PKCS#8', 'EncryptedPKCS#8', 'LegacyEncryptedPEM', 'OpenSSH']),
    );
    expect(new Set([...goldens.values()].flatMap(({ relations }) => relations.map(({ type }) => type)))).toEqual(
      new Set(relationTypes),
    );
  });

  it('refers to objects of the same answer alone, and names each by one path', () => {
    for (const { name } of corpus) {
      const { objects, relations, findings } = golden(name);
      const paths = new Set(objects.map(({ path }) => path));
      expect(paths.size, name).toBe(objects.length);
      for (const { object } of findings) expect(paths, name).toContain(object);
      for (const { from, to } of relations) {
        expect(paths, name).toContain(from);
        if (!to.startsWith('/v1/')) expect(paths, name).toContain(to);
      }
      expect(new Set(relations.map((relation) => JSON.stringify(relation))).size, name).toBe(relations.length);
    }
  });

  it('finds nothing worse than a hint in what is good', () => {
    for (const name of good) {
      const bad = golden(name).findings.filter(({ severity }) => severity !== 'info');
      expect(bad, name).toEqual([]);
    }
  });
});

describe('the PKI of other distributions', () => {
  it.each(Object.entries(layouts))('has the role of every certificate, and no error: %s', (name, expected) => {
    const { objects, findings } = golden(name);
    const found = objects.flatMap((object) => (object.type === 'Certificate' ? [[object.path, object.role]] : []));
    expect(Object.fromEntries(found)).toEqual(expected);
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});

describe('a text with a line that is no YAML', () => {
  const typesIn = (name: string): readonly string[] => golden(name).objects.map(({ path, type }) => `${path} ${type}`);

  it('hides no certificate and no key', () => {
    expect(typesIn('kubeconfig-broken-line')).toEqual([
      'upload Unknown',
      'certificate-authority-data Certificate',
      'client-certificate-data Certificate',
      'client-key-data PrivateKey',
    ]);
    expect(typesIn('kubeconfig-pasted-with-prompt')).toEqual(typesIn('kubeconfig-broken-line'));
    expect(typesIn('manifest-helm-template').filter((line) => line.endsWith(' Certificate'))).toHaveLength(2);
  });

  it('has the same certificates as without that line', () => {
    const fingerprints = (name: string) =>
      golden(name).objects.flatMap((object) => (object.type === 'Certificate' ? [object.fingerprintSha256] : []));
    expect(new Set(fingerprints('kubeconfig-broken-line'))).toEqual(new Set(fingerprints('kubeconfig-of-ours')));
  });
});

it('tells the worst findings first', () => {
  const rank = { error: 0, warning: 1, info: 2 };
  for (const { name } of corpus) {
    const ranks = (golden(name).findings as Inspection['findings'] | undefined)?.map(({ severity }) => rank[severity]);
    expect(ranks, name).toEqual(ranks && [...ranks].sort((a, b) => a - b));
  }
});

describe('what an answer holds', () => {
  it.each(formats)('no private octet, no password and no token, as %s', async (format) => {
    for (const fixture of corpus) {
      const text = await answerTo(fixture, format);
      expect(text.length, fixture.name).toBeGreaterThan(20);
      expect(secretsIn(text), fixture.name).toEqual([]);
    }
  });

  it('would be caught with a private key, however it is written', () => {
    const [secret] = corpusSecrets.octets;
    expect(secretsIn(`the key is ${secret!.toString('hex')}`)).not.toEqual([]);
    expect(secretsIn(`the key is ${secret!.toString('hex').replace(/../g, '$&:')}`)).not.toEqual([]);
    expect(secretsIn(`{"key":"${secret!.toString('base64')}"}`)).not.toEqual([]);
    expect(secretsIn(Buffer.from(readFixture('key-pkcs8-ec').upload.parts[0]!.bytes).toString())).not.toEqual([]);
    expect(secretsIn(Buffer.from(readFixture('kubeconfig-of-ours').upload.parts[0]!.bytes).toString())).not.toEqual([]);
    expect(secretsIn(Buffer.from(readFixture('kubeconfig-token').upload.parts[0]!.bytes).toString())).not.toEqual([]);
  });

  it('is a page without script for each fixture, and a report that names each object', async () => {
    for (const fixture of corpus) {
      const { name } = fixture;
      const html = await answerTo(fixture, 'text/html');
      expect(html, name).toMatch(/^<!doctype html>/i);
      expect(html, name).not.toMatch(/<script|\son\w+=|javascript:/i);
      const text = await answerTo(fixture, 'text/plain');
      for (const { path } of golden(name).objects.slice(0, 20)) expect(text, name).toContain(path.slice(0, 20));
    }
  });
});

describe("kubeadm's PKI folder", () => {
  const { objects, relations, findings } = golden('kubeadm-pki');
  const files = objects.filter(({ type }) => type !== 'Archive');
  const to = (type: RelationType, from: string) =>
    relations.flatMap((relation) => (relation.type === type && relation.from === from ? relation.to : []));

  it('is 22 files, every certificate with its role', () => {
    expect(files).toHaveLength(22);
    expect(
      Object.fromEntries(files.flatMap((file) => (file.type === 'Certificate' ? [[file.path, file.role]] : []))),
    ).toEqual({
      'pki/ca.crt': 'ClusterCA',
      'pki/apiserver.crt': 'ApiServerServing',
      'pki/apiserver-kubelet-client.crt': 'ApiServerKubeletClient',
      'pki/apiserver-etcd-client.crt': 'ApiServerEtcdClient',
      'pki/front-proxy-ca.crt': 'FrontProxyCA',
      'pki/front-proxy-client.crt': 'FrontProxyClient',
      'pki/etcd/ca.crt': 'EtcdCA',
      'pki/etcd/server.crt': 'EtcdServer',
      'pki/etcd/peer.crt': 'EtcdPeer',
      'pki/etcd/healthcheck-client.crt': 'EtcdHealthcheckClient',
    });
  });

  it('matches every key with the file of its name', () => {
    const keys = files.filter(({ type }) => type === 'PrivateKey');
    expect(keys).toHaveLength(11);
    for (const { path } of keys) {
      const other = path.replace(/\.key$/, path.endsWith('sa.key') ? '.pub' : '.crt');
      expect(to('IsKeyOf', path)).toEqual([other]);
    }
  });

  it('closes every chain at the CA of its folder', () => {
    for (const file of files) {
      if (file.type !== 'Certificate' || file.selfSigned === true) continue;
      const ca = /etcd/.test(file.path)
        ? 'pki/etcd/ca.crt'
        : file.path.includes('front-proxy')
          ? 'pki/front-proxy-ca.crt'
          : 'pki/ca.crt';
      expect(to('SignedBy', file.path), file.path).toEqual([ca]);
      expect(to('ChainsTo', file.path), file.path).toEqual([ca]);
    }
  });

  it('raises no error, nor does all of /etc/kubernetes', () => {
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(golden('kubeadm-kubernetes').findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});

describe('a folder that an installer made', () => {
  const told = (name: string) => golden(name).findings.filter(({ severity }) => severity !== 'info');

  it.each(['kubeadm-pki', 'kubeadm-kubernetes', 'healthy-kubeadm', 'healthy-kind', 'healthy-k3s', 'healthy-minikube'])(
    'has no warning: %s',
    (name) => {
      expect(golden(name).objects.length).toBeGreaterThan(15);
      expect(told(name)).toEqual([]);
    },
  );

  it('has them where people or other CAs use its names and places', () => {
    const found = told('unhealthy-folder');
    expect(
      Object.fromEntries(
        Map.groupBy(found, ({ object }) => object)
          .entries()
          .map(([object, all]) => [object, all.map(({ code }) => code)]),
      ),
    ).toEqual({
      'person-in-masters.crt': ['SystemMasters'],
      'person-in-nodes.crt': ['PrivilegedName'],
      'person-with-role.crt': ['PrivilegedName'],
      'person-as-admin.crt': ['SystemMasters'],
      'person-by-minikube.crt': ['SerialNumberLowEntropy', 'ValidityTooLong', 'SystemMasters'],
      'scheduler-in-masters.crt': ['SystemMasters'],
      'scheduler-by-case.crt': ['PrivilegedName'],
      'scheduler-expired.crt': ['CertificateExpired'],
      'scheduler-of-another-ca.crt': ['IssuerMissing'],
      'kubelet-client-by-corp.crt': ['SystemMasters'],
      'proxy-by-cluster-ca.crt': ['PrivilegedName'],
      'etcd-client-by-cluster-ca.crt': ['SystemMasters'],
      '.kube/config#users[0].user.client-certificate-data': ['SystemMasters'],
      'half-in-place.kubeconfig': Array(3).fill('FilePathWillNotTravel'),
      'by-detour.kubeconfig': Array(2).fill('FilePathWillNotTravel'),
    });
  });
});

function objectsWith({ objects, findings }: Inspection, code: string): readonly InspectedObject[] {
  const paths = new Set(findings.flatMap((finding) => (finding.code === code ? finding.object : [])));
  return objects.filter(({ path }) => paths.has(path));
}

const rancherRoles = {
  'tls/client-ca.crt': 'ClusterCA',
  'tls/server-ca.crt': 'ClusterCA',
  'tls/request-header-ca.crt': 'FrontProxyCA',
  'tls/etcd/server-ca.crt': 'EtcdCA',
  'tls/etcd/peer-ca.crt': 'EtcdCA',
  'tls/client-admin.crt': 'User',
  'tls/client-kube-apiserver.crt': 'ApiServerKubeletClient',
  'tls/client-controller.crt': 'ControllerManager',
  'tls/client-scheduler.crt': 'Scheduler',
  'tls/client-kubelet.crt': 'KubeletClient',
  'tls/serving-kube-apiserver.crt': 'ApiServerServing',
  'tls/serving-kubelet.crt': 'KubeletServing',
  'tls/client-auth-proxy.crt': 'FrontProxyClient',
  'tls/etcd/client.crt': 'ApiServerEtcdClient',
  'tls/etcd/server-client.crt': 'EtcdServer',
  'tls/etcd/peer-server-client.crt': 'EtcdPeer',
} as const satisfies Record<string, CertificateRole>;

const layouts: Readonly<Record<string, Readonly<Record<string, CertificateRole>>>> = {
  'layout-k3s': rancherRoles,
  'layout-rke2': rancherRoles,
  'layout-minikube': {
    'minikube/ca.crt': 'ClusterCA',
    'minikube/proxy-client-ca.crt': 'FrontProxyCA',
    'minikube/client.crt': 'User',
    'minikube/apiserver.crt': 'ApiServerServing',
    'minikube/proxy-client.crt': 'FrontProxyClient',
  },
  'layout-rke1': {
    'ssl/kube-ca.pem': 'ClusterCA',
    'ssl/kube-apiserver-requestheader-ca.pem': 'FrontProxyCA',
    'ssl/kube-apiserver.pem': 'ApiServerServing',
    'ssl/kube-apiserver-proxy-client.pem': 'FrontProxyClient',
    'ssl/kube-controller-manager.pem': 'ControllerManager',
    'ssl/kube-scheduler.pem': 'Scheduler',
    'ssl/kube-proxy.pem': 'KubeProxy',
    'ssl/kube-node.pem': 'KubeletClient',
    'ssl/kube-kubelet-10-0-0-1.pem': 'KubeletServing',
    'ssl/kube-etcd-10-0-0-1.pem': 'EtcdServerAndPeer',
    'ssl/kube-admin.pem': 'User',
  },
  'layout-kops': {
    'srv/kubernetes/ca.crt': 'ClusterCA',
    'srv/kubernetes/kube-apiserver/apiserver-aggregator-ca.crt': 'FrontProxyCA',
    'etcd-main/etcd-clients-ca.crt': 'EtcdCA',
    'etcd-main/etcd-peers-ca.crt': 'EtcdCA',
    'etcd-main/etcd-manager-ca.crt': 'EtcdCA',
    'srv/kubernetes/kube-apiserver/server.crt': 'ApiServerServing',
    'srv/kubernetes/kube-apiserver/kubelet-api.crt': 'ApiServerKubeletClient',
    'srv/kubernetes/kube-apiserver/apiserver-aggregator.crt': 'FrontProxyClient',
    'srv/kubernetes/kube-apiserver/etcd-client.crt': 'ApiServerEtcdClient',
    'srv/kubernetes/kubelet-server.crt': 'KubeletServing',
    'srv/kubernetes/kubelet.crt': 'KubeletClient',
    'srv/kubernetes/kubecfg.crt': 'User',
    'etcd-main/server.crt': 'EtcdServer',
    'etcd-main/me.crt': 'EtcdPeer',
    'etcd-main/etcd-manager-server.crt': 'EtcdPeer',
  },
  'layout-openshift': {
    'ca/kube-apiserver-lb-signer.crt': 'ClusterCA',
    'ca/kube-apiserver-service-network-signer.crt': 'ClusterCA',
    'ca/kube-apiserver-localhost-signer.crt': 'ClusterCA',
    'ca/admin-kubeconfig-signer.crt': 'ClusterCA',
    'ca/aggregator-client-signer.crt': 'FrontProxyCA',
    'ca/kube-apiserver-to-kubelet-signer.crt': 'ClusterCA',
    'ca/etcd-signer.crt': 'EtcdCA',
    'ca/csr-signer.crt': 'ClusterCA',
    'ca/service-ca.crt': 'CA',
    'external-loadbalancer.crt': 'ApiServerServing',
    'service-network.crt': 'ApiServerServing',
    'localhost.crt': 'ApiServerServing',
    'admin.crt': 'User',
    'aggregator-client.crt': 'FrontProxyClient',
    'kubelet-client.crt': 'ApiServerKubeletClient',
    'etcd-client.crt': 'ApiServerEtcdClient',
    'etcd-serving-master-0.crt': 'EtcdServer',
    'etcd-peer-master-0.crt': 'EtcdPeer',
    'kubelet-client-current.pem': 'KubeletClient',
    'kubelet-server-current.pem': 'KubeletServing',
    'router-metrics.crt': 'Serving',
  },
  'layout-talos': {
    'kubernetes/ca.crt': 'ClusterCA',
    'kubernetes/aggregator-ca.crt': 'FrontProxyCA',
    'etcd/ca.crt': 'EtcdCA',
    'talos/ca.crt': 'CA',
    'kubernetes/apiserver.crt': 'ApiServerServing',
    'kubernetes/apiserver-kubelet-client.crt': 'ApiServerKubeletClient',
    'kubernetes/front-proxy-client.crt': 'FrontProxyClient',
    'kubernetes/etcd-client.crt': 'ApiServerEtcdClient',
    'kubernetes/admin.crt': 'User',
    'etcd/server.crt': 'EtcdServer',
    'etcd/peer.crt': 'EtcdPeer',
    'talos/admin.crt': 'User',
  },
  'layout-lesser-roles': {
    'openshift/etcd-signer.crt': 'EtcdCA',
    'openshift/etcd-metric-signer.crt': 'EtcdCA',
    'openshift/secrets/etcd-client/tls.crt': 'ApiServerEtcdClient',
    'openshift/secrets/etcd-metric-client/tls.crt': 'EtcdClient',
    'talos/etcd/ca.crt': 'EtcdCA',
    'talos/etcd/admin.crt': 'EtcdClient',
    'rke1/kube-ca.pem': 'ClusterCA',
    'rke1/kube-etcd-10-0-0-1.pem[0]': 'EtcdServerAndPeer',
    'rke1/kube-etcd-10-0-0-1.pem[1]': 'CA',
    'rke1/of-another-name.pem': 'EtcdServerAndPeer',
    'rke1/kube-service-account-token.pem': 'ServiceAccountSigner',
  },
};

const objectTypes: readonly InspectedObject['type'][] = [
  'Certificate',
  'CertificationRequest',
  'CertificateList',
  'PublicKey',
  'PrivateKey',
  'PKCS7',
  'PKCS12',
  'Kubeconfig',
  'CertificateSigningRequest',
  'Secret',
  'ConfigMap',
  'Archive',
  'Unknown',
];

const roles: readonly CertificateRole[] = [
  'ClusterCA',
  'EtcdCA',
  'FrontProxyCA',
  'CA',
  'ApiServerServing',
  'ApiServerKubeletClient',
  'ApiServerEtcdClient',
  'FrontProxyClient',
  'EtcdServer',
  'EtcdPeer',
  'EtcdServerAndPeer',
  'EtcdHealthcheckClient',
  'EtcdClient',
  'KubeletClient',
  'KubeletServing',
  'ControllerManager',
  'Scheduler',
  'KubeProxy',
  'ServiceAccountSigner',
  'Serving',
  'User',
];

const relationTypes: readonly RelationType[] = [
  'IsKeyOf',
  'SignedBy',
  'ChainsTo',
  'SameAs',
  'PointsAt',
  'IssuedFor',
  'RevokedBy',
  'ChainStopsAt',
];

/** Fixtures without problems. */
const good = [
  'user',
  'user-der',
  'user-without-groups',
  'user-groups-in-rdns',
  'user-with-uid',
  'user-ed25519',
  'user-p384',
  'user-p521',
  'user-rsa',
  'signed-with-pss',
  'dns-names-of-all-kinds',
  'cluster-ca',
  'other-ca',
  'api-server',
  'web-server',
  'every-general-name',
  'chain-in-parts',
  'chain-with-root',
  'cross-signed',
  'ca-bundle',
  'name-permitted',
  'path-long-enough',
  'pem-several',
  'pem-with-text',
  'pem-crlf',
  'base64-wrapped',
  'base64-unwrapped',
  'base64-of-pem',
  'request',
  'request-der',
  'request-rsa',
  'request-ed25519',
  'request-tolerated-extensions',
  'key-and-certificate',
  'key-pair',
  'key-encrypted',
  'key-encrypted-with-password',
  'pkcs7-der',
  'pkcs7-pem',
  'list-of-a-ca-for-lists',
  'kubeconfig-of-ours',
  'kubeconfig-json',
  'kubeconfig-beside-its-good-server',
  'manifest-csr',
  'manifest-csr-issued',
  'manifest-secret-tls',
  'manifest-config-map',
  'manifest-list',
  'archive-tar',
  'archive-tar-gz',
  'mixed',
];
