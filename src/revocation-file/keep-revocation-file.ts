import { readFile } from 'node:fs/promises';
import type { RevocationFileOptions } from './options.js';

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
 * Writes the file where it differs, once or until it is stopped. While kubepass does not answer, the file stays as it is.
 * Answers the exit code: 1 where it was to be written once and could not be.
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
