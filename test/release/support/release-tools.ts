import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const names = ['crane', 'cosign', 'helm'] as const;
export type ToolPaths = Readonly<Record<(typeof names)[number], string>>;

/** The programs that `.ci/tool` brings; null where it says that it cannot. */
export function releaseTools(): ToolPaths | null {
  const found = names.map((name) => {
    const { status, stdout } = spawnSync('.ci/tool', [name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (status !== 0 && status !== 75) throw new Error(`.ci/tool ${name} ended with ${status}`);
    return [name, status === 0 ? stdout.trim() : null] as const;
  });
  return found.some(([, path]) => path === null) ? null : (Object.fromEntries(found) as ToolPaths);
}

/** A PATH with the tools under their names, and before them in `recording` ones that write down how they are called. */
export function toolFolders(tools: ToolPaths, directory: string, log: string) {
  const [plain, recording, silent] = ['tools', 'recording', 'silent'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [plain, recording, silent]) mkdirSync(folder);
  // Arguments end with NUL, and a call with a line break after it.
  const record = (name: string) => `#!/bin/sh\nprintf '%s\\0' ${name} "$@" >>'${log}'\necho >>'${log}'\n`;
  for (const [name, path] of Object.entries(tools)) {
    symlinkSync(path, join(plain, name));
    writeFileSync(join(recording, name), `${record(name)}exec '${path}' "$@"\n`);
    writeFileSync(join(silent, name), record(name));
    for (const folder of [recording, silent]) chmodSync(join(folder, name), 0o755);
  }
  const before = (folder: string) => `${folder}${delimiter}${process.env['PATH'] ?? ''}`;
  return { plain: before(plain), recording: before(recording), silent: before(silent) };
}
