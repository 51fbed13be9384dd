import { readContextArguments, type Selection } from './command-line.js';
import { kubeconfigFiles, readKubeconfigFile, removeUnfinishedBeside } from './kubeconfig-file.js';
import { ownContexts } from './kubeconfig-entries.js';
import type { Machine } from './machine.js';
import { PluginError } from './plugin-error.js';
import type { Settings } from './settings.js';

export interface SelectedContext {
  readonly context: string;
  readonly settings: Settings;
}

/** The contexts of kubepass that a command is about: the one that it names, else the current one, or all of them. */
export function selectedContexts(
  { kubeconfig, context, all }: Selection,
  machine: Machine,
): readonly SelectedContext[] {
  const files = kubeconfigFiles(kubeconfig, machine);
  const found = new Map<string, readonly string[]>();
  let current: string | null = null;
  for (const file of files) {
    removeUnfinishedBeside(file, machine);
    const text = readKubeconfigFile(file);
    if (text === null || text.trim() === '') continue;
    const inFile = ownContexts(text);
    current ??= inFile.current;
    // The first of several entries with one name counts, as for kubectl.
    for (const one of inFile.own)
      if (!found.has(one.context) && one.args[0] === 'get-credential') found.set(one.context, one.args.slice(1));
  }
  // Read when it is asked for: a context with odd arguments is not in the way of another one.
  const selectedOf = (name: string, args: readonly string[]) => ({
    context: name,
    settings: readContextArguments(args).settings,
  });
  if (all) return [...found].map(([name, args]) => selectedOf(name, args));
  const wanted = context ?? current;
  if (wanted === null) throw new PluginError('there is no current context: name one with --context, or say --all');
  const selected = found.get(wanted);
  if (selected === undefined)
    throw new PluginError(`context ${JSON.stringify(wanted)} is not of kubepass; see: kubectl kubepass status --all`);
  return [selectedOf(wanted, selected)];
}
