import type { TreeHead } from './merkle-tree.js';
import { strictBase64 } from './signed-note.js';

/**
 * A checkpoint as C2SP has it (c2sp.org/tlog-checkpoint): who keeps the log, how many events it has, and their root.
 */
export interface Checkpoint extends TreeHead {
  /** `kubepass/<instance id>`. */
  readonly origin: string;
}

/** A checkpoint with its signatures. */
export interface SignedCheckpoint extends TreeHead {
  /** The signed note: `text/plain`. */
  readonly note: string;
  readonly signedAt: Date;
}

/** The text to sign. */
export const checkpointText = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${root.toString('base64')}\n`;

/**
 * Reads the text of a checkpoint; null where the text is no checkpoint. Lines behind the third are extensions, which
 * say nothing here.
 */
export function readCheckpoint(text: string): Checkpoint | null {
  const [origin = '', sizeText = '', rootText = '', ...others] = text.split('\n');
  const root = strictBase64(rootText);
  const size = Number(sizeText);
  if (origin === '' || !/^(?:0|[1-9]\d{0,15})$/.test(sizeText) || !Number.isSafeInteger(size)) return null;
  if (root?.length !== 32 || others.at(-1) !== '' || others.slice(0, -1).includes('')) return null;
  return { origin, size, root };
}
