import type { CachedCredential } from './credential-cache.js';
import { PluginError } from './plugin-error.js';
import { expirationTime } from './renewal-times.js';

const versions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];

/** kubectl's question, in the variable KUBERNETES_EXEC_INFO. */
export interface ExecInfo {
  readonly apiVersion: string;
  /** Whether a person sits before standard input. */
  readonly interactive: boolean;
}

/** Without the variable somebody calls the plugin by hand, and looks at its answer. */
export function readExecInfo(text: string | undefined): ExecInfo {
  if (text === undefined || text === '') return { apiVersion: versions[0] ?? '', interactive: false };
  let info: unknown;
  try {
    info = JSON.parse(text);
  } catch {
    throw new PluginError('KUBERNETES_EXEC_INFO is no JSON: this command is for kubectl');
  }
  const { apiVersion, spec } = (info ?? {}) as { apiVersion?: unknown; spec?: { interactive?: unknown } };
  if (typeof apiVersion !== 'string' || !versions.includes(apiVersion))
    throw new PluginError(
      `kubectl asks for ${JSON.stringify(apiVersion)}; the user of the kubeconfig needs apiVersion: ${versions[0] ?? ''}`,
    );
  return { apiVersion, interactive: spec?.interactive === true };
}

/** The answer (client.authentication.k8s.io/v1). It holds the private key: it goes to kubectl and nowhere else. */
export function execCredential(credential: CachedCredential, now: number, apiVersion: string): string {
  return `${JSON.stringify({
    apiVersion,
    kind: 'ExecCredential',
    status: {
      // Go reads RFC 3339; kubectl needs no more than seconds.
      expirationTimestamp: new Date(expirationTime(credential, now)).toISOString().replace(/\.\d+Z$/, 'Z'),
      clientCertificateData: credential.certificatePem,
      clientKeyData: credential.keyPem,
    },
  })}\n`;
}
