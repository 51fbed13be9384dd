import type { RevocationSettings } from '../../model/enforcement.js';
import { doubleQuoted } from '../yaml/double-quoted.js';
import { certificatePrefix, credentialId, isCertificate } from './credential-id.js';

/**
 * Renders the ValidatingAdmissionPolicy that refuses what revoked certificates write, its binding, and the ConfigMap with
 * the list, which is empty until kubepass fills it. An admission policy never sees reads.
 */
export function renderRevocationPolicy({ whenInDoubt, configMap: { namespace, name } }: RevocationSettings): string {
  const isDeny = whenInDoubt === 'deny';
  const extra = 'request.userInfo.extra';
  // The keys of a ConfigMap cannot hold `=`, so they are the hex behind the prefix.
  const isRevoked = `${extra}['${credentialId}'].exists(v, v.startsWith('${certificatePrefix}') && v.substring(${certificatePrefix.length}) in params.data)`;
  const lines = [
    'apiVersion: v1',
    'kind: ConfigMap',
    'metadata:',
    `  name: ${doubleQuoted(name)}`,
    `  namespace: ${doubleQuoted(namespace)}`,
    '---',
    'apiVersion: admissionregistration.k8s.io/v1',
    'kind: ValidatingAdmissionPolicy',
    'metadata:',
    '  name: kubepass-revoked-certificates',
    'spec:',
    `  failurePolicy: ${isDeny ? 'Fail' : 'Ignore'}`,
    '  paramKind:',
    '    apiVersion: v1',
    '    kind: ConfigMap',
    '  matchConstraints:',
    '    resourceRules:',
    "      - apiGroups: ['*']",
    "        apiVersions: ['*']",
    "        operations: ['*']",
    "        resources: ['*/*']",
    '  matchConditions:',
    '    - name: client-certificate',
    `      expression: ${doubleQuoted(`has(${extra}) && ${isCertificate(extra)}`)}`,
    '  validations:',
    `    - expression: ${doubleQuoted(`!has(params.data) || !${isRevoked}`)}`,
    '      message: this client certificate was revoked',
    '      reason: Forbidden',
    '---',
    'apiVersion: admissionregistration.k8s.io/v1',
    'kind: ValidatingAdmissionPolicyBinding',
    'metadata:',
    '  name: kubepass-revoked-certificates',
    'spec:',
    '  policyName: kubepass-revoked-certificates',
    '  validationActions: [Deny, Audit]',
    '  paramRef:',
    `    name: ${doubleQuoted(name)}`,
    `    namespace: ${doubleQuoted(namespace)}`,
    `    parameterNotFoundAction: ${isDeny ? 'Deny' : 'Allow'}`,
  ];
  return `${lines.join('\n')}\n`;
}
