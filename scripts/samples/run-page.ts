import { delimiter } from 'node:path';
import { freePort } from '../quickstart/service-process.js';
import { readBlocks, type PageBlock } from './page-blocks.js';
import { ShellSession, type ShellName } from './shell-session.js';
import { maskVolatile, shortenBase64 } from './volatile-values.js';

/** The address in the pages. Another process may have the port, so the blocks run with a free one. */
const written = '127.0.0.1:8080';

export interface PageRun {
  /** The page with the samples that this run printed. A sample that differs only in volatile values stays as it is. */
  readonly page: string;
  readonly differences: readonly { readonly line: number; readonly sample: string; readonly printed: string }[];
}

/**
 * Pastes the blocks of a page into a shell in `directory`, one after the other. `settings` are added to the
 * environment. Throws `ShellFailure` if a command fails.
 */
export async function runPage(
  page: string,
  shell: ShellName,
  directory: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<PageRun> {
  const blocks = readBlocks(page).filter(({ role }) => role !== 'elsewhere');
  const port = await freePort('127.0.0.1', 0);
  const env = { ...environment(settings), KUBEPASS_PORT: String(port) };
  const open = () => new ShellSession(shell, { cwd: directory, env });
  const sessions = [open()];
  const [reader] = sessions as [ShellSession];
  const run = async ({ role, commands, line }: PageBlock): Promise<string> => {
    const lines = commands.replaceAll(written, `127.0.0.1:${port}`);
    try {
      if (role === 'paste') return await reader.paste(lines);
      const server = open();
      sessions.push(server);
      return await server.serve(lines, (printed) => isServing(port, printed));
    } catch (error) {
      if (error instanceof Error) error.message = `the block at line ${line}: ${error.message}`;
      throw error;
    }
  };

  const differences: PageRun['differences'][number][] = [];
  const pieces: string[] = [];
  let end = 0;
  try {
    for (const block of blocks) {
      const printed = (await run(block)).replaceAll(`127.0.0.1:${port}`, written);
      const { sample, line } = block;
      if (sample === null || maskVolatile(sample.text) === maskVolatile(shortenBase64(printed))) continue;
      differences.push({ line, sample: maskVolatile(sample.text), printed: maskVolatile(shortenBase64(printed)) });
      pieces.push(page.slice(end, sample.offset), shortenBase64(printed));
      end = sample.offset + sample.text.length;
    }
  } finally {
    for (const session of sessions.reverse()) await session.close();
  }
  return { page: [...pieces, page.slice(end)].join(''), differences };
}

/** A service is ready when it says so; the quickstart goes on until it has done its job. */
async function isServing(port: number, printed: string): Promise<boolean> {
  if (/^quickstart: /m.test(printed) && !printed.includes('quickstart: serving')) return false;
  const reply = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
  return reply?.status === 200;
}

/** Without the settings of who runs this, and without the folders that npm puts on the path of a script. */
function environment(settings: Readonly<Record<string, string>>): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:KUBEPASS_|DATABASE_URL$|NODE_|npm_|INIT_CWD$|VITEST)/.test(name),
  );
  const path = (settings['PATH'] ?? process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !/node_modules.\.bin$|node-gyp-bin$/.test(folder));
  return { ...Object.fromEntries(inherited), ...settings, PATH: path.join(delimiter) };
}
