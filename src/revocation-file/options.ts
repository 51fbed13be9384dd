import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface RevocationFileOptions {
  readonly cluster: string;
  /** The file to keep; absolute. */
  readonly out: string;
  /** The rendered kubeconfig of the webhook, which says where kubepass is and where the reviewer's token is. */
  readonly kubeconfig: string;
  /** Whether to go on until it is stopped. */
  readonly watch: boolean;
  /** Between two looks. */
  readonly everySeconds: number;
}

export const usage = `usage: revocation-file --cluster NAME --out FILE [--watch] [--every SECONDS] [--kubeconfig FILE]

Keeps the authorization configuration of mode "listed" current on a control-plane node.
--out         the file that --authorization-config of kube-apiserver names
--watch       goes on until it is stopped; without it the file is written once
--every       seconds between two looks; default 2
--kubeconfig  what GET /v1/clusters/NAME/authorization-webhook-kubeconfig answered; default: the file
              authorization-webhook.kubeconfig beside --out
`;

/** The options of a command line; the problem in words where they cannot be understood. */
export function readOptions(
  args: readonly string[],
  workingFolder: string,
): RevocationFileOptions | { readonly problem: string } {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        cluster: { type: 'string' },
        out: { type: 'string' },
        kubeconfig: { type: 'string' },
        watch: { type: 'boolean', default: false },
        every: { type: 'string', default: '2' },
      },
    }));
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
  const { cluster, out, watch, every } = values;
  if (cluster === undefined) return { problem: 'name the cluster: --cluster NAME' };
  if (out === undefined) return { problem: 'name the file: --out FILE' };
  if (!/^[1-9]\d{0,3}$/.test(every)) return { problem: '--every takes whole seconds, from 1 to 9999' };
  const file = resolve(workingFolder, out);
  const kubeconfig =
    values.kubeconfig === undefined
      ? resolve(dirname(file), 'authorization-webhook.kubeconfig')
      : resolve(workingFolder, values.kubeconfig);
  return { cluster, out: file, kubeconfig, watch, everySeconds: Number(every) };
}
