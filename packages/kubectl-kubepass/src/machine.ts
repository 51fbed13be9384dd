import type { OutputStream } from '@kubepass/inspect/offline';

/** The plugin reads and says through it alone, so that a test can stand in for the machine. */
export interface Machine {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970, as certificates count. */
  readonly now: () => number;
  /** Milliseconds that never go back, for waiting. */
  readonly elapsed: () => number;
  /** 0 … 1. */
  readonly random: () => number;
  /** Null: the system does not know this user, and HOME is not set, as in some containers. */
  readonly homeDirectory: string | null;
  /** The user who runs the plugin; null: the system does not number users. */
  readonly userId: number | null;
  readonly platform: string;
  readonly processId: number;
  /** Whether a process of this machine runs. */
  readonly isRunning: (processId: number) => boolean;
  /** Whether a person says yes; null: nobody sits before a terminal. */
  readonly confirm: (question: string) => Promise<boolean | null>;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** One line to standard error. */
  readonly say: (line: string) => void;
  /** Whether it is a terminal, and how that looks. */
  readonly standardOutput: () => OutputStream;
  /** To standard output. */
  readonly print: (text: string) => void;
  /** The same, with colours of our own. */
  readonly printInColours: (text: string) => void;
}

/**
 * Text for a terminal. A server may have written it, so control characters, and those that turn the direction of text,
 * are shown as U+FFFD. Line ends and tabs stay.
 */
export const printable = (text: string): string =>
  text.replace(/(?![\n\t])[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, '\ufffd');

/** The same, but colours stay: for a text in which nobody else can have written any. */
export const printableInColours = (text: string): string =>
  text
    .split('\u001b')
    .map((part, i) => (i === 0 ? '' : /^\[\d+m/.test(part) ? '\u001b' : '\ufffd') + printable(part))
    .join('');

/** The same, where line ends and tabs would make it look like something else. */
export const oneLine = (text: string): string => printable(text.replace(/[\n\t]+/g, ' '));
