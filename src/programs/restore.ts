import { resolve } from 'node:path';
import { print, runProgram, UsageError } from '@kubepass/inspect/command-line';
import { markDatabase, restoreDatabase } from '../backup/restore-database.js';
import { verifiedInWords, verifyConfigured, verifySqlite } from '../backup/verify-database.js';
import { loadConfig } from '../config/config.js';
import { readEnvironment } from '../config/env.js';
import type { Restoration } from '../model/restoration.js';

const usage = `usage: kubepass restore FILE [--force] [--revocations LIST] [--checkpoint NOTE]
       kubepass restore --check [FILE]
       kubepass restore --mark [--revocations LIST] [--checkpoint NOTE]

Puts the SQLite database back from a backup. --check checks a backup, or without FILE the configured database, whichever
it is. --mark records in that database that other means put it back.

  --force            replaces a database that is there, and keeps it beside
  --revocations LIST the list of revocations that was kept beside the lost database, or in the data dir of a replica
  --checkpoint NOTE  a kept checkpoint: no size of the log up to it is signed again
`;

const say = (line: string): void => print(`${line}\n`);

const options = {
  force: { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
  mark: { type: 'boolean', default: false },
  revocations: { type: 'string' },
  checkpoint: { type: 'string' },
} as const;

const program = { name: 'kubepass restore', usage, options, takesArguments: true } as const;

/** `kubepass restore FILE`. */
export const run = (args: readonly string[]): Promise<void> =>
  runProgram(program, args, async ({ values, positionals }) => {
    const [file, ...others] = positionals;
    const { force, check, mark, revocations = null, checkpoint = null } = values;
    const isClear = check
      ? !mark && !force && revocations === null && checkpoint === null
      : mark
        ? file === undefined && !force
        : file !== undefined;
    if (others.length > 0 || !isClear) throw new UsageError('these options and files do not go together');
    const config = loadConfig(readEnvironment());
    const path = (given: string | null) => (given === null ? null : resolve(given));
    if (check) {
      const verified = file === undefined ? await verifyConfigured(config) : await verifySqlite(resolve(file));
      say(`${file ?? 'the database'} was checked: ${verifiedInWords(verified)}`);
    } else if (mark) {
      tell(
        await markDatabase(config, { revocations: path(revocations), checkpoint: path(checkpoint) }, say),
        'the database is marked as restored',
      );
    } else {
      const ask = { backup: resolve(file ?? ''), force, revocations: path(revocations), checkpoint: path(checkpoint) };
      const { restoration, keptAs, revocationsAtHand } = await restoreDatabase(config, ask, say);
      tell(restoration, 'the database is restored');
      if (keptAs !== null) say(`the database that was there is ${keptAs}, with its log if it had one`);
      if (!revocationsAtHand)
        say(
          'no list of revocations is beside it: certificates that were revoked since count as valid. If you have that list, stop the service and restore again with --force --revocations LIST',
        );
    }
    return 0;
  });

function tell({ events, knownUntil, signedEvents }: Restoration, what: string): void {
  say(`${what}: it knows ${events} events${knownUntil === null ? '' : `, the last of ${knownUntil.toISOString()}`}`);
  if (signedEvents !== null)
    say(`a checkpoint vouches for ${signedEvents} events: no size up to there is signed again`);
  say(
    'the service says what it may not know (GET /readyz?verbose=true) until an admin says POST /v1/restored/acknowledge',
  );
}
