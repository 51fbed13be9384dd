import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { dirname } from 'node:path';
import { parse } from 'yaml';

/** kubepass did not answer with the file; the one that is there stays. */
class NoConfigurationError extends Error {
  override readonly name = 'NoConfigurationError';
}

interface Kubeconfig {
  readonly clusters?: readonly {
    readonly cluster?: { readonly server?: string; readonly 'certificate-authority-data'?: string };
  }[];
  readonly users?: readonly { readonly user?: { readonly tokenFile?: string } }[];
}

const timeoutMilliseconds = 10_000;
const mostOctets = 4 * 1024 * 1024;

/**
 * Asks kubepass for the authorization configuration of mode `listed`, as the kubeconfig says, which is read anew each
 * time like its token. The files are in the folder of the kubeconfig. Throws `NoConfigurationError`.
 */
export async function fetchConfiguration(kubeconfigFile: string, cluster: string): Promise<string> {
  const kubeconfig = (parse(await readFile(kubeconfigFile, 'utf8')) ?? {}) as Kubeconfig;
  const { server = '', 'certificate-authority-data': ca } = kubeconfig.clusters?.[0]?.cluster ?? {};
  const tokenFile = kubeconfig.users?.[0]?.user?.tokenFile ?? '';
  const ending = `/v1/clusters/${cluster}/access-reviews`;
  if (!server.startsWith('https://') || !server.endsWith(ending))
    throw new NoConfigurationError(`${kubeconfigFile} is not the webhook kubeconfig of cluster "${cluster}"`);
  const token = (await readFile(tokenFile, 'utf8')).trim();
  const url = new URL(server.replace(/access-reviews$/, 'authorization-configuration'));
  url.searchParams.set('mode', 'listed');
  url.searchParams.set('directory', dirname(tokenFile));
  const answer = await get(url, token, ca === undefined ? undefined : Buffer.from(ca, 'base64').toString('utf8'));
  if (answer.status !== 200)
    throw new NoConfigurationError(`kubepass answers ${answer.status}: ${detailOf(answer.text)}`);
  if (!/^apiVersion: apiserver\.config\.k8s\.io\//m.test(answer.text) || !answer.text.endsWith('\n'))
    throw new NoConfigurationError('kubepass answers something else than an authorization configuration');
  return answer.text;
}

function get(
  url: URL,
  token: string,
  ca: string | undefined,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      ...(ca !== undefined && { ca }),
      headers: { authorization: `Bearer ${token}`, accept: 'application/yaml, application/problem+json' },
      agent: false,
      signal: AbortSignal.timeout(timeoutMilliseconds),
    });
    asked.on('error', reject);
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > mostOctets) asked.destroy(new Error('the answer is too long'));
      });
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    asked.end();
  });
}

/** The `detail`, or '' if the body is not a problem document. */
function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { readonly detail?: unknown };
    return typeof detail === 'string' ? detail : '';
  } catch {
    return '';
  }
}
