#!/usr/bin/env node
import { isatty } from 'node:tty';
import { version } from '@kubepass/inspect/command-line';
import { complete } from './completion.js';
import { printable } from './machine.js';
import { thisMachine } from './this-machine.js';

const usage = `usage: kubectl_complete-kubepass WORD…

kubectl runs it where it has to complete \`kubectl kubepass …\`, with the words so far. It answers the candidates for the
last one, and a directive.
`;

/** kubectl completes the words `--help` and `--version`, too: at a terminal alone they are questions of a person. */
const words = process.argv.slice(2);
const asked = isatty(1) && words.length === 1 ? words[0] : undefined;
void answerTo(words);

async function answerTo(words: readonly string[]): Promise<void> {
  process.stdout.write(
    asked === '--help' || asked === '-h'
      ? usage
      : asked === '--version'
        ? `kubectl_complete-kubepass ${version}\n`
        : printable(await complete(words, { ...thisMachine, say: () => undefined })),
  );
}
