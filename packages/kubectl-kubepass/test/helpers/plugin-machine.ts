import type { Machine } from '../../src/machine.js';

/** A machine of a test: a home directory and a clock of its own, and all that the plugin says. */
export interface TestMachine extends Machine {
  readonly homeDirectory: string;
  /** Standard output since the last call. */
  takeOutput(): string;
  /** Standard error since the last call, line by line. */
  takeLines(): readonly string[];
}

export function testMachine(
  homeDirectory: string,
  options: {
    readonly environment?: Readonly<Record<string, string>>;
    readonly now?: () => number;
    readonly random?: () => number;
    readonly sleep?: Machine['sleep'];
    readonly isRunning?: Machine['isRunning'];
    readonly processId?: number;
    readonly userId?: number | null;
    readonly confirm?: Machine['confirm'];
  } = {},
): TestMachine {
  let output = '';
  let lines: string[] = [];
  return {
    environment: options.environment ?? {},
    now: options.now ?? (() => Date.now()),
    elapsed: () => performance.now(),
    random: options.random ?? (() => 0.5),
    homeDirectory,
    userId: options.userId === undefined ? (process.geteuid?.() ?? null) : options.userId,
    platform: 'linux',
    processId: options.processId ?? process.pid,
    isRunning: options.isRunning ?? (() => true),
    standardOutput: () => ({}),
    confirm: options.confirm ?? (async () => null),
    sleep: options.sleep ?? ((milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))),
    say: (line) => void lines.push(line),
    print: (text) => void (output += text),
    printInColours: (text) => void (output += text),
    takeOutput() {
      const taken = output;
      output = '';
      return taken;
    },
    takeLines() {
      const taken = lines;
      lines = [];
      return taken;
    },
  };
}
