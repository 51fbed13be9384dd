import { answered, type ProgramRun, sentenceOf, UsageError } from '@kubepass/inspect/command-line';
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { type Checkpoint, readCheckpoint } from './checkpoint.js';
import { type ExportFault, type ExportReading, ExportVerifier } from './export-verifier.js';
import { type NoteKey, readNote, readVerifierKey } from './signed-note.js';
import { isReadOnce, readLastLine, readLines, readSmallFile } from './read-lines.js';
import { checkpointIn, rangeOfArchive } from './archive-reading.js';

/** A checkpoint is not one that counts. */
class CheckpointRefusedError extends Error {
  constructor(
    readonly reason: Extract<ExportFault['reason'], 'NotACheckpoint' | 'OtherLog'>,
    message: string,
  ) {
    super(message);
  }
}

/** An export ends with the checkpoint of its own log: `{"checkpoint":"…"}`. */
const checkpointLine = Buffer.from('{"checkpoint":');
/** More than any file of a checkpoint or of keys has. */
const mostOctets = 1024 * 1024;

/** The result, the file with the fault, and what was left unchecked. */
type Report = Omit<ExportReading, 'fault'> & {
  readonly fault: (ExportFault & { readonly file: string | null }) | null;
  readonly remarks: readonly string[];
};

/**
 * Checks exports of the audit log against checkpoints, without a network and without a private key. `name`: how the
 * program is called.
 */
export const verifyFiles = (args: readonly string[], name = 'kubepass-verify'): Promise<ProgramRun> =>
  answered(
    { name, usage: usageOf(name), options, takesArguments: true },
    args,
    async ({ values, positionals: files }) => {
      const { checkpoint: checkpointFiles = [], key: keys = [], json = false } = values;
      if (files.length === 0) throw new UsageError('no file is named');
      if (checkpointFiles.length > 0 && keys.length === 0)
        throw new UsageError('a checkpoint proves nothing without --key: anybody could have signed it');
      try {
        return written(await readAll(files, checkpointFiles, keys.flatMap(readKeys)), files.length > 1, json);
      } catch (error) {
        return { output: '', complaints: `${sentenceOf(error)}\n`, exitCode: 2 };
      }
    },
  );

/** Reads the files in their order, after all checkpoints: those that were kept, and those that the files end with. */
async function readAll(
  files: readonly string[],
  checkpointFiles: readonly string[],
  keys: readonly NoteKey[],
): Promise<Report> {
  const remarks: string[] = [];
  const lastLines = files.map((file) => (isReadOnce(file) ? null : lastCheckpoint(file)));
  if (keys.length === 0 && lastLines.some((line) => line !== null))
    remarks.push('the checkpoint at the end of the export is not checked: that takes --key');
  let checkpoints: readonly Checkpoint[];
  try {
    const kept = checkpointFiles.map((file) => signedCheckpoint(textOf(file), keys, file));
    const own = lastLines.flatMap((line, i) =>
      line === null || keys.length === 0
        ? []
        : [signedCheckpoint(checkpointIn(line.toString()) ?? '', keys, `the end of ${files[i] ?? ''}`)],
    );
    checkpoints = [...kept, ...own];
    const origins = new Set(checkpoints.map(({ origin }) => origin));
    if (origins.size > 1)
      throw new CheckpointRefusedError('OtherLog', `the checkpoints are of several logs: ${[...origins].join(', ')}`);
  } catch (error) {
    if (!(error instanceof CheckpointRefusedError)) throw error;
    const verifier = new ExportVerifier([]);
    verifier.fail(error.reason, null, null, error.message);
    return { ...located(verifier.end(), null), remarks };
  }
  const verifier = new ExportVerifier(checkpoints);
  const archives = new ToldArchives(files);
  for (const [i, file] of files.entries()) {
    const first = verifier.nextSeq;
    const line = await readEvents(file, verifier, archives);
    if (verifier.nextSeq === first) {
      const last = Math.max(first, ...checkpoints.map(({ size }) => size));
      verifier.fail('CutOff', first, last, 'the file holds no event: it was filtered, or the download broke off');
    }
    if (verifier.hasFailed())
      return { ...located(verifier.end(), file, verifier.nextSeq === first ? whyFirst(i) : ''), remarks };
    if (line === null) continue;
    // The first line was checked before. Every further line must be a line of an export.
    if (isReadOnce(file)) {
      const name = file === '-' ? 'standard input' : file;
      remarks.push(`the checkpoint at the end of ${name} is not checked: write the export into a file`);
    } else if (lastLines[i]?.equals(line) !== true) refuseLine(verifier);
    if (verifier.hasFailed()) return { ...located(verifier.end(), file), remarks };
  }
  // The service sends whole lines, so an export that broke off may end with one.
  if (keys.length > 0 && checkpointFiles.length === 0 && lastLines.at(-1) === null && !files.slice(-1).some(isReadOnce))
    verifier.fail('CutOff', verifier.nextSeq, verifier.nextSeq, noCheckpoint);
  const reading = located(verifier.end(), null);
  return { ...reading, fault: reading.fault ?? archives.fault(), remarks };
}

const noCheckpoint =
  'no checkpoint is given, and the last file does not end with one, as an export with hashes does: it broke off, or was made without hashes';

const located = (
  { fault, ...reading }: ExportReading,
  file: string | null,
  addition = '',
): Omit<Report, 'remarks'> => ({
  ...reading,
  fault: fault && {
    ...fault,
    message: `${fault.message}${fault.reason === 'NotInOrder' ? addition : ''}`,
    file,
  },
});

/** Why the first event of a file may not be the next one. */
const whyFirst = (index: number): string =>
  index === 0
    ? '; files with events before it, such as archives, come first'
    : '; a file before this one is missing or was cut, or the files stand in another order';

/**
 * Reads the events of a file. Answers the line of a checkpoint behind them; null: there is none, or there is a fault.
 */
async function readEvents(file: string, verifier: ExportVerifier, archives: ToldArchives): Promise<Buffer | null> {
  let checkpoint: Buffer | null = null;
  const hashing = archives.reading(file);
  for await (const { lines, end } of readLines(file, { onOctets: (octets) => hashing?.add(octets) }))
    for (const line of lines) {
      if (checkpoint !== null) {
        refuseLine(verifier);
        return null;
      }
      const { nextSeq } = verifier;
      if (end === 'Whole' && isCheckpoint(line)) checkpoint = Buffer.from(line);
      else if (end === 'Cut')
        verifier.fail('CutOff', nextSeq, nextSeq, `the file ends within the line of event ${nextSeq}`);
      else if (verifier.add(line)) {
        archives.add(line);
        continue;
      }
      if (checkpoint === null) return null;
    }
  hashing?.end();
  return checkpoint;
}

function refuseLine(verifier: ExportVerifier): void {
  const { nextSeq } = verifier;
  verifier.fail('NotAnEvent', nextSeq, nextSeq, 'a checkpoint stands in the place of the event');
}

const isCheckpoint = (line: Buffer): boolean => line.subarray(0, checkpointLine.length).equals(checkpointLine);

function lastCheckpoint(file: string): Buffer | null {
  const line = readLastLine(file);
  return line !== null && isCheckpoint(line) ? line : null;
}

/** The text of a file; empty where it is too large. */
const textOf = (file: string): string => readSmallFile(file, mostOctets)?.toString() ?? '';

function readKeys(keyOrFile: string): readonly NoteKey[] {
  const key = readVerifierKey(keyOrFile);
  if (key !== null) return [key];
  const lines = textOf(keyOrFile)
    .split('\n')
    .filter((line) => line !== '');
  if (lines.length === 0) throw new Error(`${keyOrFile} holds no verifier key`);
  return lines.map((line, i) => {
    const read = readVerifierKey(line);
    if (read === null) throw new Error(`${keyOrFile}: line ${i + 1} is no verifier key`);
    return read;
  });
}

function signedCheckpoint(note: string, keys: readonly NoteKey[], place: string): Checkpoint {
  const refuse = (why: string) => new CheckpointRefusedError('NotACheckpoint', `${place}: ${why}`);
  const read = readNote(note, keys);
  if (!read.ok) throw refuse(whyNotNote[read.reason]);
  const checkpoint = readCheckpoint(read.note.text);
  if (checkpoint === null) throw refuse('this is no checkpoint');
  if (!read.note.signedBy.some(({ name }) => name === checkpoint.origin))
    throw refuse('the checkpoint is signed in the name of another log');
  return checkpoint;
}

const whyNotNote = {
  Malformed: 'this is no signed note',
  NoKnownSignature: 'none of the given keys has signed this checkpoint',
  BadSignature: 'a signature does not fit the checkpoint: it was changed',
};

function written(
  { events, vouchedFor, root, hashes, fault, remarks }: Report,
  isOfSeveralFiles: boolean,
  json: boolean,
): ProgramRun {
  const exitCode = fault === null ? 0 : 1;
  if (json) {
    const body = { valid: fault === null, events, vouchedFor, root: root.toString('base64'), hashes, fault, remarks };
    return { output: `${JSON.stringify(body)}\n`, complaints: '', exitCode, isData: true };
  }
  const lines = fault === null ? praise({ events, vouchedFor, root, hashes }) : [blame(fault)];
  if (fault !== null && fault.file !== null && isOfSeveralFiles) lines.push(`it lies in ${fault.file}`);
  return { output: [...lines, ...remarks].map((line) => `${line}\n`).join(''), complaints: '', exitCode };
}

function blame({ firstSeq, lastSeq, reason, message }: ExportFault): string {
  if (firstSeq === null) return `NOT VALID (${reason}): ${message}`;
  const where = firstSeq === lastSeq ? `event ${firstSeq}` : `events ${firstSeq} to ${lastSeq ?? firstSeq}`;
  return `NOT VALID at ${where} (${reason}): ${message}`;
}

const praise = ({ events, vouchedFor, root, hashes }: Omit<ExportReading, 'fault'>): string[] => [
  `${events} events in order, root ${root.toString('base64')}`,
  hashes
    ? 'each event follows from the one before it'
    : 'the export has no hashes: an edit shows by a checkpoint alone',
  vouchedFor === 0 ? 'no checkpoint vouches for any of them' : `a checkpoint vouches for the first ${vouchedFor}`,
];

const usageOf = (name: string): string => `usage: ${name} FILE… [--checkpoint FILE]… [--key KEY]… [--json]

Checks exports of the audit log, NDJSON files in the order of their events: archives first, then the export that goes on
behind them. "-" is standard input.

  --checkpoint FILE  a checkpoint that was kept outside: the events must be those that it vouches for
  --key KEY          a key whose signature on a checkpoint counts, as GET /v1/audit-events/checkpoint-keys
                     shows it, or a file with one key on each line
  --json             the result as JSON

Exit code 0: the log is whole. 1: it was changed, cut or reordered, or a file holds no event. 2: it could not be checked.
`;
const options = {
  checkpoint: { type: 'string', multiple: true },
  key: { type: 'string', multiple: true },
  json: { type: 'boolean' },
} as const;

/** An event of this type tells of an archive. RFC 8785 puts the type behind all other members. */
const ending = Buffer.from(',"type":"AuditEventsArchived"}');
const wrappedEnding = ',"previousHash":"","hash":""}'.length + 128;

interface ToldArchive {
  readonly file: string;
  readonly from: number;
  readonly to: number;
  readonly sha256: string;
}

/** Compares the archives among the files with what later events of the log tell of them: each octet counts. */
class ToldArchives {
  /** The names of the given files. A log may tell of any number of archives, and only these files can be compared. */
  readonly #names: ReadonlySet<string>;
  readonly #told = new Map<string, ToldArchive>();
  readonly #found = new Map<string, { readonly path: string; readonly sha256: string }>();

  constructor(paths: readonly string[]) {
    this.#names = new Set(paths.map((path) => basename(path)));
  }

  /** Where the octets of a file go while it is read; null where it has not the name of an archive. */
  reading(path: string): { add(octets: Buffer): void; end(): void } | null {
    const name = basename(path);
    if (rangeOfArchive(name) === null) return null;
    const hash = createHash('sha256');
    return {
      add: (octets) => void hash.update(octets),
      end: () => void this.#found.set(name, { path, sha256: hash.digest('hex') }),
    };
  }

  /** Takes a line that holds an event, with hashes or without. */
  add(line: Buffer): void {
    const bare = endsWith(line, line.length) ? line : line.subarray(0, Math.max(0, line.length - wrappedEnding));
    if (!endsWith(bare, bare.length)) return;
    const told = detailsIn(line);
    if (told !== null && this.#names.has(told.file)) this.#told.set(told.file, told);
  }

  /** The first archive that is not the one of which the log tells. */
  fault(): (ExportFault & { readonly file: string }) | null {
    for (const { file, from, to, sha256 } of this.#told.values()) {
      const found = this.#found.get(file);
      if (found === undefined || found.sha256 === sha256) continue;
      const message = 'the file is not the archive that the log tells of: its SHA-256 is another one';
      return { reason: 'OtherArchive', firstSeq: from, lastSeq: to, message, file: found.path };
    }
    return null;
  }
}

const endsWith = (octets: Buffer, end: number): boolean =>
  end >= ending.length && octets.compare(ending, 0, ending.length, end - ending.length, end) === 0;

function detailsIn(line: Buffer): ToldArchive | null {
  try {
    const parsed = JSON.parse(line.toString()) as { event?: unknown };
    const { details } = (parsed.event ?? parsed) as { details?: Partial<ToldArchive> };
    const { file, from, to, sha256 } = details ?? {};
    return typeof file === 'string' && typeof from === 'number' && typeof to === 'number' && typeof sha256 === 'string'
      ? { file, from, to, sha256 }
      : null;
  } catch {
    return null;
  }
}
