import type { KubernetesReading } from '../model/inspection.js';
import { attributeType, keyPurpose } from '@kubepass/x509';
import { type NameTree, textsOf } from '@kubepass/x509/tree';
import type { ExtensionFacts } from './extension-values.js';

/** The attribute from which Kubernetes reads a `uid`, since 1.33. */
const uidAttribute = '1.3.6.1.4.1.57683.2';
const anyExtendedKeyUsage = '2.5.29.37.0';

/**
 * The identity that an API server reads from a subject: the last CN, as Go does, all O in order, and a uid where there
 * is exactly one. Null for a subject without a CN, and where the extensions allow no client.
 */
export function kubernetesReading(
  subject: NameTree,
  { basicConstraints, extKeyUsage }: ExtensionFacts,
): Omit<KubernetesReading, 'credentialId'> | null {
  const mayBeClient =
    extKeyUsage === null || extKeyUsage.includes(keyPurpose.clientAuth) || extKeyUsage.includes(anyExtendedKeyUsage);
  if (!mayBeClient || basicConstraints?.ca === true) return null;
  const username = textsOf(subject, attributeType.commonName).at(-1) ?? '';
  if (username === '') return null;
  const uids = textsOf(subject, uidAttribute);
  return {
    username,
    groups: textsOf(subject, attributeType.organizationName),
    uid: uids.length === 1 && uids[0] !== '' ? (uids[0] ?? null) : null,
  };
}
