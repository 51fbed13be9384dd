import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** crane's registry in memory, on a free port of loopback. */
export class LoopbackRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, host: string) {
    this.#child = child;
    this.host = host;
  }

  static async start(crane: string): Promise<LoopbackRegistry> {
    const child = spawn(crane, ['registry', 'serve', '--address', '127.0.0.1:0'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    const port = await new Promise<string>((resolve, reject) => {
      child.on('error', reject).on('exit', () => reject(new Error(`the registry ended: ${said}`)));
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        // It goes on to write a line for each request, which must be read.
        if (said.length < 10_000) said += text;
        const [, found] = /serving on port (\d+)/.exec(said) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
    return new LoopbackRegistry(child, `127.0.0.1:${port}`);
  }

  /** Each tag of each repository, also those that carry signatures, with its digest. */
  async tags(): Promise<Record<string, string>> {
    const ask = async (path: string) => fetch(`http://${this.host}/v2/${path}`);
    const { repositories } = (await (await ask('_catalog')).json()) as {
      readonly repositories: readonly string[] | null;
    };
    const digests: Record<string, string> = {};
    for (const repository of repositories ?? []) {
      const { tags } = (await (await ask(`${repository}/tags/list`)).json()) as { readonly tags: readonly string[] };
      for (const tag of tags) {
        const { headers } = await ask(`${repository}/manifests/${tag}`);
        digests[`${repository}:${tag}`] = headers.get('docker-content-digest') ?? '';
      }
    }
    return digests;
  }

  async stop(): Promise<void> {
    this.#child.kill();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }
}
