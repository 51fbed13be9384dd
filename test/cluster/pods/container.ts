import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ProcessGuard } from '../process-guard.js';
import { type Finished, runCommand } from '../run-command.js';
import type { Image } from './image.js';

/** A container as it is run: its command, environment and mounts are final. */
export interface ContainerSettings {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Folders or files of this machine by their path in the container. */
  readonly mounts: ReadonlyMap<string, { readonly from: string; readonly readOnly: boolean }>;
  readonly readOnlyRootFilesystem: boolean;
  readonly user: number;
  readonly group: number;
}

/**
 * Mounts all in a namespace of its own, then runs the command there as the user: without capabilities, and without a
 * way to new ones. Arguments: root, user, group, working directory, `ro` or `rw` for the root, the number of mounts,
 * then path, source and `ro` or `rw` of each, then the command.
 */
const script = `
set -eu
root=$1 user=$2 group=$3 directory=$4 mode=$5 count=$6
shift 6
mount --bind "$root" "$root"
while [ "$count" -gt 0 ]; do
  mount --bind "$2" "$root$1"
  [ "$3" = rw ] || mount -o remount,ro,bind "$root$1"
  count=$((count - 1))
  shift 3
done
mount -t proc proc "$root/proc"
[ "$mode" = rw ] || mount -o remount,ro,bind "$root"
exec setpriv --no-new-privs unshare --root "$root" --wd "$directory" --setgid "$group" --setuid "$user" "$@"`;

/** A container without a runtime: a process with a mount namespace of its own, the image's files and its mounts. */
export class RunningContainer {
  /** Its lines, stdout and stderr, in the order in which they came. */
  readonly lines: string[] = [];
  readonly ended: Promise<number | NodeJS.Signals>;

  private constructor(
    private readonly child: ChildProcess,
    private readonly settings: ContainerSettings,
  ) {
    for (const stream of [child.stdout, child.stderr])
      if (stream) createInterface({ input: stream }).on('line', (line) => this.lines.push(line));
    this.ended = once(child, 'close').then(
      ([code, signal]: (number | NodeJS.Signals | null)[]) => code ?? signal ?? 'SIGKILL',
    );
  }

  static start(image: Image, settings: ContainerSettings, guard: ProcessGuard): RunningContainer {
    const mounts = [
      ...Object.entries(image.mounts).map(([path, from]) => [path, { from, readOnly: true }] as const),
      ...['null', 'zero', 'random', 'urandom'].map(
        (name) => [`/dev/${name}`, { from: `/dev/${name}`, readOnly: false }] as const,
      ),
      ...settings.mounts,
    ];
    for (const [path, { from }] of mounts) makePlace(join(image.root, path), statSync(from).isDirectory());
    mkdirSync(join(image.root, 'proc'), { recursive: true });
    const child = spawn(
      'unshare',
      [
        ...['--mount', '--', '/bin/bash', '-c', script, 'container'],
        ...[image.root, String(settings.user), String(settings.group), image.workingDirectory],
        ...[settings.readOnlyRootFilesystem ? 'ro' : 'rw', String(mounts.length)],
        ...mounts.flatMap(([path, { from, readOnly }]) => [path, from, readOnly ? 'ro' : 'rw']),
        ...settings.command,
      ],
      { env: settings.environment, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    guard.watch(child);
    return new RunningContainer(child, settings);
  }

  get pid(): number {
    return this.child.pid ?? NaN;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Runs one more command in the container, as `kubectl exec` does. */
  exec(command: readonly string[]): Promise<Finished> {
    const { user, group, environment } = this.settings;
    return runCommand(
      'nsenter',
      [
        '--target',
        String(this.pid),
        '--mount',
        '--root',
        '--wd',
        '--setgid',
        String(group),
        '--setuid',
        String(user),
        '--',
        ...command,
      ],
      { env: environment },
    );
  }
}

/** Something of the same kind that another may be mounted over. */
function makePlace(path: string, isFolder: boolean): void {
  if (existsSync(path)) return;
  mkdirSync(isFolder ? path : dirname(path), { recursive: true });
  if (!isFolder) writeFileSync(path, '');
}
