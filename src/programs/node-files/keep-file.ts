import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { complain, print, UsageError } from '@kubepass/inspect/command-line';
import { messageOf } from '@kubepass/x509';
import { replaceFile } from './replace-file.js';

/** The options that every program of this room has. */
export const commonOptions = {
  cluster: { type: 'string' },
  out: { type: 'string' },
  kubeconfig: { type: 'string' },
  watch: { type: 'boolean', default: false },
  every: { type: 'string', default: '2' },
} as const;

export const commonUsage = `--watch       goes on until it is stopped; without it the file is written once
--every       seconds between two looks; default 2
--kubeconfig  what GET /v1/clusters/NAME/authorization-webhook-kubeconfig answered; default: the file
              authorization-webhook.kubeconfig beside --out
`;

interface GivenOptions {
  readonly cluster?: string | undefined;
  readonly out?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly watch: boolean;
  readonly every: string;
}

export type CommonOptions = ReturnType<typeof chosenCommonOptions>;

/** The common options of a command line, with absolute paths. Throws `UsageError`. */
export function chosenCommonOptions({ cluster, out, kubeconfig, watch, every }: GivenOptions, workingFolder: string) {
  if (cluster === undefined) throw new UsageError('name the cluster: --cluster NAME');
  if (out === undefined) throw new UsageError('name the file: --out FILE');
  if (!/^[1-9]\d{0,3}$/.test(every)) throw new UsageError('--every takes whole seconds, from 1 to 9999');
  const file = resolve(workingFolder, out);
  return {
    cluster,
    out: file,
    /** The rendered kubeconfig of the webhook, which says where kubepass is and where the reviewer's token is. */
    kubeconfig: resolve(workingFolder, kubeconfig ?? resolve(file, '..', 'authorization-webhook.kubeconfig')),
    watch,
    everySeconds: Number(every),
  };
}

/** The text that a file should have now. */
export interface WantedText {
  readonly text: string;
  /** In words: what the file has with it. */
  readonly has: string;
  /** Is said when the file gets this text; null: nothing is. */
  readonly warning: string | null;
  /** Why something newer could not be had; null where this is the newest. */
  readonly problem: string | null;
}

/** The process around the loop. */
export interface Surroundings {
  readonly say: (line: string) => void;
  readonly complain: (line: string) => void;
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly isStopped: () => boolean;
}

/**
 * Writes a file where it differs from what it should be, once or until it is stopped. While nobody can say what it
 * should be, it stays as it is. Answers the exit code: 1 where it was to be written once and could not be.
 */
export async function keepFile(
  { out, watch, everySeconds }: Pick<CommonOptions, 'out' | 'watch' | 'everySeconds'>,
  newMode: number,
  want: () => Promise<WantedText>,
  { say, complain, pause, isStopped }: Surroundings,
): Promise<number> {
  let lastComplaint: string | null = null;
  for (;;) {
    const complaint = await look();
    if (complaint === null && lastComplaint !== null) say('kubepass answers again');
    if (complaint !== null && complaint !== lastComplaint) complain(complaint);
    lastComplaint = complaint;
    if (!watch) return complaint === null ? 0 : 1;
    if (!isStopped()) await pause(everySeconds * 1000);
    if (isStopped()) return 0;
  }

  async function look(): Promise<string | null> {
    try {
      const { text, has, warning, problem } = await want();
      if (text !== (await contentOf(out))) {
        await replaceFile(out, text, newMode);
        say(`${out}: ${has}`);
        if (warning !== null) complain(warning);
      }
      return problem;
    } catch (error) {
      return `${out} stays as it is: ${messageOf(error)}`;
    }
  }
}

async function contentOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return null;
  }
}

/** This process: it writes lines with the program's name, and SIGINT and SIGTERM stop it between two looks. */
export function ownProcess(program: string): Surroundings {
  let wake = (): void => undefined;
  let stopped = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      stopped = true;
      wake();
    });
  return {
    say: (line) => print(`${line}\n`),
    complain: (line) => complain(`${program}: ${line}\n`),
    isStopped: () => stopped,
    pause: (milliseconds) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
  };
}
