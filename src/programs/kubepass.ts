#!/usr/bin/env node
import { run as serve } from './serve.js';

/** `kubepass VERB …`. Each verb is a module, which is loaded when somebody calls the verb. */
interface Verb {
  /** In the list of `kubepass help`. */
  readonly does: string;
  readonly load: () => Promise<{ readonly run: (args: readonly string[]) => Promise<void> }>;
}

const verbs: Readonly<Record<string, Verb>> = {
  // This module is small, and hears signals before anything else is loaded.
  serve: { does: 'serves until SIGTERM or SIGINT', load: () => Promise.resolve({ run: serve }) },
  'check-config': {
    does: 'says everything that is wrong with the configuration, changes nothing',
    load: () => import('./check-config.js'),
  },
  migrate: { does: "migrates a PostgreSQL whose tables are not the service's own", load: () => import('./migrate.js') },
  backup: { does: 'writes a backup of the SQLite database', load: () => import('./backup.js') },
  restore: { does: 'puts the SQLite database back, or checks a database', load: () => import('./restore.js') },
  'upgrade drill': {
    does: 'tries the upgrade on a copy of the SQLite database',
    load: () => import('./upgrade-drill.js'),
  },
  'admin-token': { does: "makes or shows an admin's token", load: () => import('./admin-token.js') },
  'policy check': { does: 'loads policies and runs the tests beside them', load: () => import('./policy-check.js') },
  verify: { does: 'checks exports of the audit log', load: () => import('./verify.js') },
  inspect: { does: 'inspects certificates, keys and kubeconfigs in files', load: () => import('./inspect.js') },
  'client-ca-file': {
    does: 'keeps the client CAs of a control-plane node current',
    load: () => import('./client-ca-file.js'),
  },
  'revocation-file': {
    does: 'keeps the list of revoked certificates of a control-plane node current',
    load: () => import('./revocation-file.js'),
  },
};
const names = Object.keys(verbs);
const widest = Math.max(...names.map((name) => name.length));

const program = {
  name: 'kubepass',
  usage: `usage: kubepass VERB [OPTION | ARGUMENT]…
       kubepass help [VERB | WORD…]
       kubepass --version

${Object.entries(verbs)
  .map(([name, { does }]) => `  ${name.padEnd(widest)}  ${does}\n`)
  .join('')}
kubepass help WORD… finds the sections of docs/ that have these words.
The settings are in the environment and in the file that KUBEPASS_CONFIG names: docs/configuration.md
`,
  options: {},
  takesArguments: true,
} as const;

/** The verb with which a command line begins: `policy check` is a verb of two words. */
const verbIn = (args: readonly string[]) =>
  Object.entries(verbs).find(([name]) => name.split(' ').every((word, i) => args[i] === word));

async function main(given: readonly string[]): Promise<void> {
  const args = await withoutFormerOption(given);
  const isHelp = args[0] === 'help';
  const named = isHelp ? args.slice(1) : args;
  const found = verbIn(named);
  // More words than those of a verb are about something else.
  const isVerb = found !== undefined && found[0].split(' ').length === named.length;
  if (isHelp && !isVerb && (await tellSections(named))) return;
  if (found === undefined) return tellVerbs(isHelp && named.length === 0 ? ['--help'] : named);
  const [name, verb] = found;
  const { run } = await verb.load();
  await run(isHelp ? ['--help'] : named.slice(name.split(' ').length));
}

/** Shows what docs/ says about these words; false where it says nothing. */
async function tellSections(words: readonly string[]): Promise<boolean> {
  const { findInPages } = await import('./find-in-pages.js');
  const found = words.length === 0 || words.some((word) => word.startsWith('-')) ? null : findInPages(words);
  if (found === null) return false;
  const { print } = await import('@kubepass/inspect/command-line');
  print(found);
  return true;
}

/** Answers `--help` and `--version`. Refuses everything else, because no verb begins it. */
async function tellVerbs(args: readonly string[]): Promise<void> {
  const { answered, didYouMean, finish, UsageError } = await import('@kubepass/inspect/command-line');
  const list = `; the verbs are ${names.join(', ')}`;
  // Options behind an unknown verb are options of that verb.
  const run = answered(program, args.slice(0, 1), ({ positionals: [word] }) => {
    if (word === undefined) throw new UsageError(`name a verb${list}`);
    throw new UsageError(`there is no verb '${word}'${didYouMean(word, names) || list}`);
  });
  await finish(run);
}

/** The service was a program without verbs, and had this option. */
async function withoutFormerOption(args: readonly string[]): Promise<readonly string[]> {
  if (args[0] !== '--check-config') return args;
  const { complain } = await import('@kubepass/inspect/command-line');
  complain(
    '--check-config is a former option, and the next version lacks it. The new command is kubepass check-config\n',
  );
  return ['check-config', ...args.slice(1)];
}

await main(process.argv.slice(2));
