import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { markDatabase, restoreDatabase } from './backup/restore-database.js';
import { verifiedInWords, verifyConfigured, verifySqlite } from './backup/verify-database.js';
import { loadConfig } from './config/config.js';
import { readEnvironment } from './config/env.js';
import type { Restoration } from './model/restoration.js';

const usage = `usage: restore FILE [--force] [--revocations LIST] [--checkpoint NOTE]
       restore --check [FILE]
       restore --mark [--checkpoint NOTE]
`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * `npm run restore -- FILE` puts the SQLite database back from a backup. `--check` checks a backup, or the configured
 * database, whichever it is. `--mark` records in that database that other means put it back.
 */
try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      force: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      mark: { type: 'boolean', default: false },
      revocations: { type: 'string' },
      checkpoint: { type: 'string' },
    },
  });
  const [file, ...others] = positionals;
  const { force, check, mark, revocations = null, checkpoint = null } = values;
  const isClear = check
    ? !mark && !force && revocations === null && checkpoint === null
    : mark
      ? file === undefined && !force && revocations === null
      : file !== undefined;
  if (others.length > 0 || !isClear) throw new TypeError(usage);
  const config = loadConfig(readEnvironment());
  const path = (given: string | null) => (given === null ? null : resolve(given));
  if (check) {
    const verified = file === undefined ? await verifyConfigured(config) : await verifySqlite(resolve(file));
    say(`${file ?? 'the database'} was checked: ${verifiedInWords(verified)}`);
  } else if (mark) {
    tell(await markDatabase(config, path(checkpoint), say), 'the database is marked as restored');
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
} catch (error) {
  process.stderr.write(`${(error instanceof Error ? error.message : String(error)).trimEnd()}\n`);
  process.exitCode = error instanceof TypeError ? 2 : 1;
}

function tell({ events, knownUntil, signedEvents }: Restoration, what: string): void {
  say(`${what}: it knows ${events} events${knownUntil === null ? '' : `, the last of ${knownUntil.toISOString()}`}`);
  if (signedEvents !== null)
    say(`a checkpoint vouches for ${signedEvents} events: no size up to there is signed again`);
  say(
    'the service says what it may not know (GET /readyz?verbose=true) until an admin says POST /v1/restored/acknowledge',
  );
}
