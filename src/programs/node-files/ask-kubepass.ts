import { readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { dirname } from 'node:path';
import { parse } from 'yaml';

/** kubepass as the API server of a cluster reaches it. */
export interface Reviewer {
  /** The https URL of the cluster's resource, with a slash at its end. */
  readonly address: string;
  /** PEM of the CA of kubepass's certificate; null: one of the CAs that Node.js knows. */
  readonly certificateAuthority: string | null;
  readonly token: string;
  /** The folder of the token, as the API server finds it. */
  readonly folder: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
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
 * Reads the webhook kubeconfig of a cluster and the token that it names; both may have changed since the last time.
 * Throws an `Error` that says what is wrong with them.
 */
export async function readReviewer(kubeconfigFile: string, cluster: string): Promise<Reviewer> {
  const kubeconfig = (parse(await readFile(kubeconfigFile, 'utf8')) ?? {}) as Kubeconfig;
  const { server = '', 'certificate-authority-data': ca } = kubeconfig.clusters?.[0]?.cluster ?? {};
  const tokenFile = kubeconfig.users?.[0]?.user?.tokenFile ?? '';
  if (!server.startsWith('https://') || !server.endsWith(`/v1/clusters/${cluster}/access-reviews`))
    throw new Error(`${kubeconfigFile} is not the webhook kubeconfig of cluster "${cluster}"`);
  return {
    address: server.replace(/access-reviews$/, ''),
    certificateAuthority: ca === undefined ? null : Buffer.from(ca, 'base64').toString('utf8'),
    token: (await readFile(tokenFile, 'utf8')).trim(),
    folder: dirname(tokenFile),
  };
}

/**
 * Gets a path below the cluster's resource. Answers 200, and 304 to an entity tag. Throws an `Error` that says why
 * there is no whole answer. An answer without a length may have been cut off, so it does not count as whole.
 */
export async function ask(
  { address, certificateAuthority, token }: Reviewer,
  path: string,
  { accept, entityTag = null }: { readonly accept: string; readonly entityTag?: string | null },
): Promise<Answer> {
  const answer = await new Promise<Answer>((resolve, reject) => {
    const asked = request(new URL(path, address), {
      ...(certificateAuthority !== null && { ca: certificateAuthority }),
      headers: {
        authorization: `Bearer ${token}`,
        accept: `${accept}, application/problem+json`,
        ...(entityTag !== null && { 'if-none-match': entityTag }),
      },
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
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    asked.end();
  });
  const { status, headers, text } = answer;
  if (status === 304 && entityTag !== null) return answer;
  if (status !== 200) throw new Error(`kubepass answers ${status}: ${detailOf(text)}`);
  const saysItsEnd = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  if (!saysItsEnd) throw new Error('the answer does not say where it ends, so that it may be cut off');
  return answer;
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
