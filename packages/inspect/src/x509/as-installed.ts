import type { FindingCode } from '../model/catalogue.js';
import type { CertificateContent, CertificateRole } from '../model/inspection.js';
import { commonName, nameOfCa, roleOfCa, valuesOf } from './kubernetes-role.js';

type Named = Pick<CertificateContent, 'role' | 'subject' | 'issuer' | 'inventory'>;

const masters = 'system:masters';

/**
 * The groups that distributions give beside the username: by role to components, and by CA and username to others that
 * kubeadm (and kind), k3s, RKE2 and minikube make. `minikube` is its API server.
 */
const installed = new Map<string, readonly string[]>([
  ['ApiServerKubeletClient', ['kubeadm:cluster-admins', masters]],
  ...['ControllerManager', 'Scheduler', 'KubeProxy'].map((role) => [role, []] as const),
  ['KubeletClient', ['system:nodes']],
  ['kubernetes/kubernetes-admin', ['kubeadm:cluster-admins']],
  ['kubernetes/kubernetes-super-admin', [masters]],
  ...['k3s', 'rke2'].flatMap((name) =>
    ['admin', `${name}-supervisor`, `${name}-controller`].map(
      (user) => [`${name}-client-ca/system:${user}`, [masters]] as const,
    ),
  ),
  ['minikubeCA/minikube-user', [masters]],
  ['minikubeCA/minikube', [masters]],
]);

/** Distributions put these into system:masters in vain: no API server lets them in by the CA that signs them. */
const harmlessMasters: ReadonlySet<CertificateRole | null> = new Set<CertificateRole>([
  'ApiServerEtcdClient',
  'EtcdHealthcheckClient',
  'FrontProxyClient',
]);

/** kubeadm makes a member of system:masters for emergencies. Its certificate belongs in this file alone. */
const emergencyFile = /(?:^|\/)super-admin\.conf#/;

/**
 * Tells which groups the software that made a cluster gives to the username of a certificate. Null for a username that
 * it does not make, such as a person's.
 */
export function groupsAsInstalled(
  { role, subject, issuer, inventory }: Named,
  path: string,
): ((group: string) => boolean) | null {
  // kubepass issued it, so it is a person's, whatever its name.
  if (inventory !== null) return null;
  const ca = roleOfCa(issuer);
  // An API server lets no clients of these CAs in, unless one of its own CAs signed a CA of that name.
  if (ca === 'EtcdCA' || ca === 'FrontProxyCA')
    return role === 'User' || role === 'Serving' ? null : (group) => group !== masters || harmlessMasters.has(role);
  const username = commonName(subject);
  if (username === 'kubernetes-super-admin' && !emergencyFile.test(path)) return null;
  const groups = installed.get(`${nameOfCa(issuer)}/${username}`) ?? installed.get(role ?? '');
  // A CA that no distribution made gives system:masters to nobody on purpose.
  return groups ? (group) => groups.includes(group) && (group !== masters || ca === 'ClusterCA') : null;
}

/** minikube counts its certificates from 1, lets all of them serve, and makes them for three years. */
const habitsOfMinikube: ReadonlySet<FindingCode> = new Set([
  'SerialNumberLowEntropy',
  'DuplicateSerialNumber',
  'ServerPurposeWithoutName',
  'ValidityTooLong',
]);

/** kubeadm and k3s give keyEncipherment to keys of ECDSA, too: to those of CAs and of what the CAs sign. */
function isInstalled(certificate: Named): boolean {
  const { role, subject, issuer } = certificate;
  if (role === roleOfCa(subject)) return role !== 'CA';
  const serves = role === 'ApiServerServing' || role === 'KubeletServing';
  return serves ? roleOfCa(issuer) === 'ClusterCA' : groupsAsInstalled(certificate, '') !== null;
}

/** Whether a certificate has a finding because of the software that made it, which makes all of them so. */
export function isHabit(code: FindingCode, certificate: Named): boolean {
  if (code === 'KeyUsageNotForKey') return isInstalled(certificate);
  if (!habitsOfMinikube.has(code)) return false;
  const { subject, issuer } = certificate;
  const ca = commonName(issuer);
  if (ca === 'minikubeCA' || ca === 'proxyClientCA') return groupsAsInstalled(certificate, '') !== null;
  if (ca !== '' || commonName(subject) !== '') return false;
  // Certificates for the Docker of its machines have an organization alone: `jane.minikube` by `jane`.
  const [maker = '', organization = '', ...others] = [...valuesOf(issuer, 'O'), ...valuesOf(subject, 'O')];
  return others.length === 0 && maker !== '' && organization.startsWith(`${maker}.`);
}
