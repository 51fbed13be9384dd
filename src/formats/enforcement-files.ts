import { doubleQuoted } from './kubeconfig/render-kubeconfig.js';
import type { RevocationSettings } from '../model/enforcement.js';

/** The file name of the kubeconfig with which the API server reaches kubepass. */
const webhookKubeconfigName = 'authorization-webhook.kubeconfig';

/** How many revoked certificates mode `listed` holds: 1,000 (78 KB) load, and the API server rejects 5,000. */
export const mostListed = 1_000;

interface AuthorizationConfigurationParts {
  /** Revoked certificates that the conditions name; null: kubepass is asked about every certificate. */
  readonly listed: readonly string[] | null;
  readonly failurePolicy: 'Deny' | 'NoOpinion';
  /** The folder on the control-plane nodes, absolute, without a slash at its end. */
  readonly directory: string;
  /** The username that kubepass itself has in the cluster by a client certificate; null where it has none. */
  readonly ownUsername: string | null;
  /** Whether the cluster knows the fields that switch caching off (1.34). */
  readonly knowsCacheFields: boolean;
}

/**
 * Renders the file for `--authorization-config`, as one document. The webhook stands before RBAC and is asked about
 * people with client certificates alone, so that no node, controller or service account depends on it. Nothing is
 * cached: a TTL of zero would mean the default, of 5 minutes and 30 seconds.
 */
export function renderAuthorizationConfiguration(parts: AuthorizationConfigurationParts): string {
  const { listed, failurePolicy, directory, ownUsername, knowsCacheFields } = parts;
  const conditions = [
    isCertificate('request.extra'),
    "!request.user.startsWith('system:') && !('system:nodes' in request.groups)",
    ...(ownUsername === null ? [] : [`request.user != ${celText(ownUsername)}`]),
    ...(listed === null ? [] : [isListed(listed)]),
  ];
  const lines = [
    listed === null
      ? '# kubepass: asked about every client certificate'
      : `# kubepass: ${listed.length} of at most ${mostListed} revoked certificates are listed`,
    'apiVersion: apiserver.config.k8s.io/v1',
    'kind: AuthorizationConfiguration',
    'authorizers:',
    '  - type: Node',
    '    name: node',
    '  - type: Webhook',
    '    name: kubepass',
    '    webhook:',
    '      timeout: 3s',
    '      authorizedTTL: 1ms',
    '      unauthorizedTTL: 1ms',
    ...(knowsCacheFields ? ['      cacheAuthorizedRequests: false', '      cacheUnauthorizedRequests: false'] : []),
    '      subjectAccessReviewVersion: v1',
    '      matchConditionSubjectAccessReviewVersion: v1',
    `      failurePolicy: ${failurePolicy}`,
    '      connectionInfo:',
    '        type: KubeConfigFile',
    `        kubeConfigFile: ${doubleQuoted(`${directory}/${webhookKubeconfigName}`)}`,
    '      matchConditions:',
    ...conditions.map((condition) => `        - expression: ${doubleQuoted(condition)}`),
    '  - type: RBAC',
    '    name: rbac',
  ];
  return `${lines.join('\n')}\n`;
}

function isListed(fingerprints: readonly string[]): string {
  if (fingerprints.length === 0) return 'false';
  const ids = fingerprints.map((fingerprint) => celText(`${certificatePrefix}${fingerprint}`)).join(',');
  return `request.extra['${credentialId}'].exists(v, v in [${ids}])`;
}

/**
 * Renders the ValidatingAdmissionPolicy that refuses what revoked certificates write, its binding, and the ConfigMap
 * with the list, which is empty until kubepass fills it. An admission policy never sees reads.
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

/** The extra of a user that names its credential; of client certificates from Kubernetes 1.32 on. */
export const credentialId = 'authentication.kubernetes.io/credential-id';

/** The beginning of the credential id of a client certificate; SHA-256 of its DER in lower-case hex follows. */
export const certificatePrefix = 'X509SHA256=';

/** The text as a literal of CEL, for texts without quotes and controls. */
function celText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/**
 * CEL: whether the user of this map of extras came with a client certificate. A look whether the extra is there is not
 * enough, because tokens of service accounts have one too (`JTI=…`).
 */
const isCertificate = (extra: string): string =>
  `'${credentialId}' in ${extra} && ${extra}['${credentialId}'].exists(v, v.startsWith('${certificatePrefix}'))`;
