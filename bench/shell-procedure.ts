import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ControlPlane } from '../test/cluster/control-plane.js';
import { runCommand } from '../test/cluster/run-command.js';

const script = fileURLToPath(new URL('shell-procedure.sh', import.meta.url));

/** The procedure by hand with openssl and kubectl, as the cluster's administrator. */
export class ShellProcedure {
  private readonly environment: NodeJS.ProcessEnv;
  private readonly made: string[] = [];
  private count = 0;

  constructor(
    private readonly plane: ControlPlane,
    kubectl: string,
    private readonly directory: string,
  ) {
    const caFile = join(directory, 'ca.crt');
    writeFileSync(caFile, plane.caPem);
    this.environment = {
      PATH: process.env['PATH'],
      // kubectl keeps its discovery cache here, as it does for an administrator.
      HOME: directory,
      KUBECTL: kubectl,
      ADMIN_KUBECONFIG: plane.adminKubeconfigPath,
      SERVER: plane.server,
      CA_FILE: caFile,
    };
  }

  async once(): Promise<void> {
    const name = `by-hand-${this.count++}`;
    this.made.push(name);
    const { code, stderr } = await runCommand(
      'sh',
      ['-c', 'cd "$1" && sh "$2" "$3"', 'sh', this.directory, script, name],
      {
        env: this.environment,
      },
    );
    if (code !== 0) throw new Error(`the shell procedure failed: ${stderr}`);
  }

  /** Deletes the objects; not measured. */
  async end(): Promise<void> {
    await this.plane.kubectl(['delete', 'csr', ...this.made.splice(0)]);
  }
}
