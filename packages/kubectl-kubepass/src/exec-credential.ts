import { codeOf } from '@kubepass/x509';
import { type CachedCredential, cacheOf } from './credential-cache.js';
import { PluginError } from './plugin-error.js';
import { expirationTime, isFresh } from './renewal-times.js';
import { readCredentialCommand } from './command-line.js';
import type { Machine } from './machine.js';

const versions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];

/** kubectl's question, in the variable KUBERNETES_EXEC_INFO. */
interface ExecInfo {
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

/**
 * The answer to kubectl where the cache has it; null where there is more to do, or to complain about. kubectl waits for
 * this before most of its calls, so it is all that is compiled then.
 */
export function answerFromCache([command, ...args]: readonly string[], machine: Machine): string | null {
  if (command !== 'get-credential') return null;
  try {
    const cached = cacheOf(readCredentialCommand(args), machine).read('credential');
    const now = machine.now();
    if (cached === null || !isFresh(cached, now)) return null;
    return execCredential(cached, now, readExecInfo(machine.environment['KUBERNETES_EXEC_INFO']).apiVersion);
  } catch (error) {
    // A file that cannot be read is met again, and complained about, where there is more time.
    if (error instanceof PluginError || codeOf(error) !== undefined) return null;
    throw error;
  }
}
