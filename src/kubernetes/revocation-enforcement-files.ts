import { doubleQuoted } from './render-kubeconfig.js';
import type { ListedName, RevocationSettings } from '../model/revocation-enforcement.js';

/** The file name of the kubeconfig with which the API server reaches kubepass. */
const webhookKubeconfigName = 'authorization-webhook.kubeconfig';

/** How many usernames mode `listed` holds. An API server rejects an expression of more than 100,000 characters. */
export const mostListed = 1_000;
/**
 * How many live certificates one condition names, and how many all conditions name: an API server takes 64 conditions.
 */
const idsInCondition = 1_000;
const mostLive = 20_000;

interface AuthorizationConfigurationParts {
  /**
   * The usernames about which kubepass is asked, unless they come with a live certificate. Null: kubepass is asked
   * about every certificate.
   */
  readonly listed: ReadonlyMap<string, Pick<ListedName, 'live'>> | null;
  readonly failurePolicy: 'Deny' | 'NoOpinion';
  /** The folder on the control-plane nodes, absolute, without a slash at its end. */
  readonly directory: string;
  /** The username of kubepass's own client certificate in the cluster; null: kubepass has no such certificate. */
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
  const certificates = [
    isCertificate('request.extra'),
    "!request.user.startsWith('system:') && !('system:nodes' in request.groups)",
    ...(ownUsername === null ? [] : [`request.user != ${celText(ownUsername)}`]),
    ...(listed === null ? [] : [isAmong('request.user', [...listed.keys()])]),
  ];
  const webhook = (name: string, policy: string, conditions: readonly string[]) => [
    '  - type: Webhook',
    `    name: ${name}`,
    '    webhook:',
    '      timeout: 3s',
    '      authorizedTTL: 1ms',
    '      unauthorizedTTL: 1ms',
    ...(knowsCacheFields ? ['      cacheAuthorizedRequests: false', '      cacheUnauthorizedRequests: false'] : []),
    '      subjectAccessReviewVersion: v1',
    '      matchConditionSubjectAccessReviewVersion: v1',
    `      failurePolicy: ${policy}`,
    '      connectionInfo:',
    '        type: KubeConfigFile',
    `        kubeConfigFile: ${doubleQuoted(`${directory}/${webhookKubeconfigName}`)}`,
    '      matchConditions:',
    ...conditions.map((condition) => `        - expression: ${doubleQuoted(condition)}`),
  ];
  const lines = [
    listed === null
      ? '# kubepass: asked about every client certificate'
      : `# kubepass: ${listed.size} of at most ${mostListed} usernames are listed`,
    'apiVersion: apiserver.config.k8s.io/v1',
    'kind: AuthorizationConfiguration',
    'authorizers:',
    '  - type: Node',
    '    name: node',
    ...webhook('kubepass', failurePolicy, [...certificates, ...(listed === null ? [] : notLive(listed))]),
    // This webhook refuses a live certificate as soon as it is revoked, and lets it work while kubepass is down.
    ...(listed === null ? [] : webhook('kubepass-live', 'NoOpinion', certificates)),
    '  - type: RBAC',
    '    name: rbac',
  ];
  return `${lines.join('\n')}\n`;
}

const isAmong = (value: string, texts: readonly string[]): string =>
  texts.length === 0 ? 'false' : `${value} in [${texts.toSorted().map(celText).join(',')}]`;

/**
 * The conditions that a certificate is not live. Live certificates beyond `mostLive` work as long as kubepass answers.
 */
function notLive(listed: ReadonlyMap<string, Pick<ListedName, 'live'>>): readonly string[] {
  const live = [...listed.values()].flatMap((name) => name.live.map((id) => `${certificatePrefix}${id}`)).sort();
  return Array.from({ length: Math.ceil(Math.min(live.length, mostLive) / idsInCondition) }, (_, i) => {
    const ids = live.slice(i * idsInCondition, (i + 1) * idsInCondition);
    return `!request.extra['${credentialId}'].exists(v, ${isAmong('v', ids)})`;
  });
}

/** The key of a username in the ConfigMap of mode `admission`: its UTF-8 in hex. A key has at most 253 characters. */
export const keyOfUsername = (username: string): string =>
  `${namePrefix}${Buffer.from(username).toString('hex')}`.slice(0, longestKey);

/** No fingerprint begins with this prefix. */
const namePrefix = 'user-';
const longestKey = 250;

/**
 * The value at this key has a line for each of these: the instant until which it holds, each username that shares the
 * key (behind `=`), and each of their live certificates. Usernames share a key only if more than their first 120 octets
 * are the same.
 */
export function valueOfUsernames({ until, usernames, live }: ValueOfUsernames): string {
  const end = until.toISOString().replace(/\.\d+Z$/, 'Z');
  return [end, ...usernames.map((name) => `=${name}`), ...live, ''].join('\n');
}

export interface ValueOfUsernames {
  readonly until: Date;
  readonly usernames: readonly string[];
  readonly live: readonly string[];
}

/** The reverse of `valueOfUsernames`; null where the text is no such value. */
export function readValueOfUsernames(text: string): ValueOfUsernames | null {
  const [end = '', ...lines] = text.split('\n');
  const until = new Date(end);
  if (lines.length === 0 || Number.isNaN(until.getTime())) return null;
  const usernames = lines.flatMap((line) => (line.startsWith('=') ? [line.slice(1)] : []));
  return { until, usernames, live: lines.filter((line) => /^[0-9a-f]{64}$/.test(line)) };
}

/**
 * Renders the ValidatingAdmissionPolicy that refuses what revoked certificates write, its binding, and the ConfigMap
 * with the list, which is empty until kubepass fills it. An admission policy never sees reads.
 */
export function renderRevocationPolicy({ whenInDoubt, configMap: { namespace, name } }: RevocationSettings): string {
  const isDeny = whenInDoubt === 'deny';
  const extra = 'request.userInfo.extra';
  const isFingerprint = `v.startsWith('${certificatePrefix}')`;
  const fingerprint = `v.substring(${certificatePrefix.length})`;
  // The keys of a ConfigMap cannot hold `=`, so they are the hex behind the prefix.
  const isRevoked = `${extra}['${credentialId}'].exists(v, ${isFingerprint} && ${fingerprint} in params.data)`;
  const key = `'${namePrefix}%x'.format([request.userInfo.username])`;
  const isListed = `variables.key in params.data && params.data[variables.key].contains('\\n=' + request.userInfo.username + '\\n')`;
  const isLive = `${extra}['${credentialId}'].all(v, !${isFingerprint} || params.data[variables.key].contains('\\n' + ${fingerprint} + '\\n'))`;
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
    '  variables:',
    '    - name: uncut',
    `      expression: ${doubleQuoted(key)}`,
    '    - name: key',
    `      expression: ${doubleQuoted(`variables.uncut.size() > ${longestKey} ? variables.uncut.substring(0, ${longestKey}) : variables.uncut`)}`,
    '  validations:',
    `    - expression: ${doubleQuoted(`!has(params.data) || !${isRevoked}`)}`,
    '      message: this client certificate was revoked',
    '      reason: Forbidden',
    `    - expression: ${doubleQuoted(`!has(params.data) || !(${isListed}) || ${isLive}`)}`,
    `      message: ${notLiveMessage}`,
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

/** The refusal of a certificate that is not among the live certificates of a listed name. */
export const notLiveMessage =
  'this client certificate was revoked or is unknown to kubepass, and only live certificates of this name pass';

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
