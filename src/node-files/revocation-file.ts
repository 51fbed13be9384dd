import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { dirname, resolve } from 'node:path';
import type { parseArgs } from 'node:util';
import { UsageError } from '@kubepass/inspect/command-line';
import { parse } from 'yaml';

interface Keeping {
  readonly fetch: () => Promise<string>;
  /** Writes the file whole: a half-written one would be refused by the API server. */
  readonly replace: (path: string, text: string) => Promise<void>;
  readonly say: (line: string) => void;
  readonly complain: (line: string) => void;
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly isStopped: () => boolean;
}

/** From so much of the longest list on, each change is said with a warning. */
const nearlyFull = 0.8;

/**
 * Writes the file where it differs, once or until it is stopped. While kubepass does not answer, the file stays as it
 * is. Answers the exit code: 1 where it was to be written once and could not be.
 */
export async function keepRevocationFile(
  { out, watch, everySeconds }: RevocationFileOptions,
  keeping: Keeping,
): Promise<number> {
  const { fetch, replace, say, complain, pause, isStopped } = keeping;
  let lastComplaint: string | null = null;
  for (;;) {
    try {
      const text = await fetch();
      if (text !== (await contentOf(out))) {
        await replace(out, text);
        const { listed, most } = countIn(text);
        say(`${out}: ${listed} revoked certificates are listed`);
        if (listed >= most * nearlyFull)
          complain(
            `the list is nearly too long: an API server loads ${most}. Shorter lifetimes, or mode webhook, help`,
          );
      }
      if (lastComplaint !== null) say('kubepass answers again');
      lastComplaint = null;
    } catch (error) {
      const complaint = error instanceof Error ? error.message : String(error);
      if (complaint !== lastComplaint) complain(`${out} stays as it is: ${complaint}`);
      lastComplaint = complaint;
    }
    if (!watch) return lastComplaint === null ? 0 : 1;
    await pause(everySeconds * 1000);
    if (isStopped()) return 0;
  }
}

/** As the first line of the file says. */
function countIn(text: string): { readonly listed: number; readonly most: number } {
  const [, listed = '0', most = 'Infinity'] =
    /^# kubepass: (\d+) of at most (\d+) revoked certificates are listed\n/.exec(text) ?? [];
  return { listed: Number(listed), most: Number(most) };
}

async function contentOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return null;
  }
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
 * time like its token. The files are in the folder of the kubeconfig. Throws an `Error` that says why there is none.
 */
export async function fetchConfiguration(kubeconfigFile: string, cluster: string): Promise<string> {
  const kubeconfig = (parse(await readFile(kubeconfigFile, 'utf8')) ?? {}) as Kubeconfig;
  const { server = '', 'certificate-authority-data': ca } = kubeconfig.clusters?.[0]?.cluster ?? {};
  const tokenFile = kubeconfig.users?.[0]?.user?.tokenFile ?? '';
  const ending = `/v1/clusters/${cluster}/access-reviews`;
  if (!server.startsWith('https://') || !server.endsWith(ending))
    throw new Error(`${kubeconfigFile} is not the webhook kubeconfig of cluster "${cluster}"`);
  const token = (await readFile(tokenFile, 'utf8')).trim();
  const url = new URL(server.replace(/access-reviews$/, 'authorization-configuration'));
  url.searchParams.set('mode', 'listed');
  url.searchParams.set('directory', dirname(tokenFile));
  const answer = await get(url, token, ca === undefined ? undefined : Buffer.from(ca, 'base64').toString('utf8'));
  if (answer.status !== 200) throw new Error(`kubepass answers ${answer.status}: ${detailOf(answer.text)}`);
  if (!/^apiVersion: apiserver\.config\.k8s\.io\//m.test(answer.text) || !answer.text.endsWith('\n'))
    throw new Error('kubepass answers something else than an authorization configuration');
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

export type RevocationFileOptions = ReturnType<typeof chosenOptions>;

export const usage = `usage: revocation-file --cluster NAME --out FILE [--watch] [--every SECONDS] [--kubeconfig FILE]

Keeps the authorization configuration of mode "listed" current on a control-plane node.
--out         the file that --authorization-config of kube-apiserver names
--watch       goes on until it is stopped; without it the file is written once
--every       seconds between two looks; default 2
--kubeconfig  what GET /v1/clusters/NAME/authorization-webhook-kubeconfig answered; default: the file
              authorization-webhook.kubeconfig beside --out
`;

export const options = {
  cluster: { type: 'string' },
  out: { type: 'string' },
  kubeconfig: { type: 'string' },
  watch: { type: 'boolean', default: false },
  every: { type: 'string', default: '2' },
} as const;

type GivenOptions = ReturnType<typeof parseArgs<{ readonly options: typeof options }>>['values'];

/** The options of a command line, with absolute paths. Throws `UsageError`. */
export function chosenOptions({ cluster, out, kubeconfig, watch, every }: GivenOptions, workingFolder: string) {
  if (cluster === undefined) throw new UsageError('name the cluster: --cluster NAME');
  if (out === undefined) throw new UsageError('name the file: --out FILE');
  if (!/^[1-9]\d{0,3}$/.test(every)) throw new UsageError('--every takes whole seconds, from 1 to 9999');
  const file = resolve(workingFolder, out);
  const beside = resolve(dirname(file), 'authorization-webhook.kubeconfig');
  return {
    cluster,
    out: file,
    /** The rendered kubeconfig of the webhook, which says where kubepass is and where the reviewer's token is. */
    kubeconfig: kubeconfig === undefined ? beside : resolve(workingFolder, kubeconfig),
    watch,
    everySeconds: Number(every),
  };
}
