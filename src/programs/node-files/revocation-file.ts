import { ask, readReviewer } from './ask-kubepass.js';
import {
  type CommonOptions,
  commonOptions,
  commonUsage,
  keepFile,
  type Surroundings,
  type WantedText,
} from './keep-file.js';

export const options = commonOptions;

export const usage = `usage: kubepass revocation-file --cluster NAME --out FILE [--watch] [--every SECONDS] [--kubeconfig FILE]

Keeps the authorization configuration of mode "listed" current on a control-plane node.
--out         the file that --authorization-config of kube-apiserver names
${commonUsage}`;

/** Keeps the file of mode `listed`; see `keepFile`. */
export function keepRevocationFile(options: CommonOptions, surroundings: Surroundings): Promise<number> {
  // The file names a kubeconfig that names a token, so that a new one is for the owner of the process alone.
  return keepFile(options, 0o600, () => fetchConfiguration(options), surroundings);
}

/** From so much of the longest list on, each change is said with a warning. */
const nearlyFull = 0.8;

async function fetchConfiguration({ kubeconfig, cluster }: CommonOptions): Promise<WantedText> {
  const reviewer = await readReviewer(kubeconfig, cluster);
  const query = new URLSearchParams({ mode: 'listed', directory: reviewer.folder });
  const { text } = await ask(reviewer, `authorization-configuration?${query.toString()}`, {
    accept: 'application/yaml',
  });
  if (!/^apiVersion: apiserver\.config\.k8s\.io\//m.test(text) || !text.endsWith('\n'))
    throw new Error('kubepass answers something else than an authorization configuration');
  const { listed, most } = countIn(text);
  return {
    text,
    has: `${listed} usernames are listed`,
    warning:
      listed >= most * nearlyFull
        ? `the list is nearly too long: an API server loads ${most}. Shorter lifetimes, or mode webhook, help`
        : null,
    problem: null,
  };
}

/** As the first line of the file says. */
function countIn(text: string): { readonly listed: number; readonly most: number } {
  const [, listed = '0', most = 'Infinity'] =
    /^# kubepass: (\d+) of at most (\d+) usernames are listed\n/.exec(text) ?? [];
  return { listed: Number(listed), most: Number(most) };
}
