import { type LoginOptions, readContextArguments, type Selection } from './command-line.js';
import { ownContexts, type OwnEntries, withCurrentContext, withEntries } from './kubeconfig-entries.js';
import {
  changeKubeconfig,
  fileToWrite,
  kubeconfigFiles,
  readKubeconfigFile,
  removeUnfinishedBeside,
} from './kubeconfig-file.js';
import type { Machine } from './machine.js';
import { PluginError } from './plugin-error.js';
import type { Settings } from './settings.js';

type Where = Pick<LoginOptions, 'kubeconfig' | 'context' | 'use'>;

/** Throws where a kubeconfig cannot be read: before anybody signs in. */
export function mustBeReadable({ kubeconfig }: Pick<Where, 'kubeconfig'>, machine: Machine): void {
  currentContext(kubeconfigFiles(kubeconfig, machine));
}

/** Does all that `addContext` does but write, before a certificate is issued for which there would be no place. */
export async function tryContext(
  entries: OwnEntries,
  settings: Settings,
  where: Where,
  machine: Machine,
): Promise<void> {
  mustBeSame(entries.context, settings, where, machine);
  await change(entries, where, machine, (_after, before) => before);
}

/** Adds a context to the kubeconfig, or puts it in the place of its earlier one, and answers the file. */
export const addContext = (entries: OwnEntries, where: Where, machine: Machine): Promise<string> =>
  change(entries, where, machine, (after) => after);

async function change(
  entries: OwnEntries,
  { kubeconfig, use }: Where,
  machine: Machine,
  write: (after: string, before: string | null) => string | null,
): Promise<string> {
  const { context } = entries;
  const files = kubeconfigFiles(kubeconfig, machine);
  const file = fileWith(context, files) ?? fileToWrite(files);
  // The first file that has a current context counts, so a new one goes to the first file that is there, as kubectl
  // does it.
  const isCurrent = use || currentContext(files) === null;
  const currentFile = fileToWrite(files);
  await changeKubeconfig(
    file,
    (text) => write(withEntries(text, entries, isCurrent && file === currentFile), text),
    machine,
  );
  if (isCurrent && file !== currentFile)
    await changeKubeconfig(currentFile, (text) => write(withCurrentContext(text, context), text), machine);
  return file;
}

/** A context that is of another kubepass, or another cluster, gives way only to somebody who names it. */
function mustBeSame(
  context: string,
  { server, cluster }: Settings,
  { kubeconfig, context: named }: Where,
  machine: Machine,
): void {
  const file = fileWith(context, kubeconfigFiles(kubeconfig, machine));
  const found = file === undefined ? undefined : ownOf(file).own.find((one) => one.context === context);
  if (found === undefined) return;
  const old = settingsOf(found.args);
  if (old?.server === server && old.cluster === cluster) return;
  const whose = old === null ? 'arguments that cannot be read' : `cluster ${old.cluster} at ${old.server}`;
  if (named === null)
    throw new PluginError(
      `context ${JSON.stringify(context)} is there with ${whose}: name another one with --context, or this one to replace it`,
    );
  machine.say(
    `kubepass: context ${JSON.stringify(context)} was there with ${whose}, and is replaced. What was cached for it stays until: kubectl kubepass logout --all`,
  );
}

function settingsOf([, ...args]: readonly string[]): Settings | null {
  try {
    return readContextArguments(args).settings;
  } catch (error) {
    if (error instanceof PluginError) return null;
    throw error;
  }
}

function ownOf(file: string): ReturnType<typeof ownContexts> {
  const text = readKubeconfigFile(file);
  return text === null || text.trim() === '' ? { own: [], current: null } : ownContexts(text);
}

/** The current context of all files together. */
function currentContext(files: readonly string[]): string | null {
  const [first = null] = files.map((file) => ownOf(file).current).filter((current) => current !== null);
  return first;
}

/** A context that is there already stays in its file. */
const fileWith = (context: string, files: readonly string[]): string | undefined =>
  files.find((file) => ownOf(file).own.some((one) => one.context === context));

export interface SelectedContext {
  readonly context: string;
  readonly settings: Settings;
}

/** The contexts of kubepass that a command is about: the named context, else the current context, or all of them. */
export function selectedContexts(
  { kubeconfig, context, all }: Selection,
  machine: Machine,
): readonly SelectedContext[] {
  const files = kubeconfigFiles(kubeconfig, machine);
  const found = new Map<string, readonly string[]>();
  let current: string | null = null;
  for (const file of files) {
    removeUnfinishedBeside(file, machine);
    const inFile = ownOf(file);
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
