import { readFileSync } from 'node:fs';
import { readCheckpoint, type Checkpoint } from '../audit/checkpoint.js';
import { ExportVerifier, type ExportFault, type ExportReading } from '../audit/export-verifier.js';
import { readNote, readVerifierKey, type NoteKey } from '../audit/signed-note.js';
import { readLastLine, readLines } from './read-lines.js';
import { ToldArchives } from './told-archives.js';
import { readVerifyOptions, usage, type VerifyOptions } from './verify-options.js';

/** The end of a run of `kubepass-verify`. */
export interface Verification {
  readonly output: string;
  readonly complaints: string;
  readonly exitCode: 0 | 1 | 2;
}

/** The run cannot go on; the message says why. */
class NotCheckedError extends Error {}

/** An export ends with the checkpoint of its own log: `{"checkpoint":"…"}`. */
const checkpointLine = Buffer.from('{"checkpoint":');

/** Checks exports of the audit log against checkpoints, without a network and without a private key. */
export async function verifyFiles(args: readonly string[]): Promise<Verification> {
  const options = readVerifyOptions(args);
  if ('problem' in options) return { output: '', complaints: `${options.problem}\n${usage}`, exitCode: 2 };
  try {
    const keys = options.keys.flatMap(readKeys);
    const kept = options.checkpointFiles.map((file) => signedCheckpoint(readText(file), keys, file));
    const origins = new Set(kept.map(({ origin }) => origin));
    if (origins.size > 1) throw new NotCheckedError(`the checkpoints are of several logs: ${[...origins].join(', ')}`);
    return report(options, await readAll(options, keys, kept));
  } catch (error) {
    return { output: '', complaints: `${error instanceof Error ? error.message : String(error)}\n`, exitCode: 2 };
  }
}

/** A reading with the file in which its fault lies. */
type FilesReading = Omit<ExportReading, 'fault'> & {
  readonly fault: (ExportFault & { readonly file: string | null }) | null;
};

/**
 * Reads the files in their order as one log, and compares it with the checkpoint that each of them ends with, if its
 * signature can be checked.
 */
async function readAll(
  { files }: VerifyOptions,
  keys: readonly NoteKey[],
  kept: readonly Checkpoint[],
): Promise<FilesReading> {
  const own = keys.length === 0 ? [] : files.flatMap((file) => ownCheckpoint(file, keys) ?? []);
  const origins = new Set([...kept, ...own].map(({ origin }) => origin));
  if (origins.size > 1) throw new NotCheckedError('the exports and the checkpoints are of several logs');
  const verifier = new ExportVerifier([...kept, ...own]);
  const archives = new ToldArchives();
  for (const [i, file] of files.entries()) {
    const hashing = archives.reading(file);
    let isFirst = true;
    for await (const lines of readLines(file, { onOctets: (octets) => hashing?.add(octets) }))
      for (const line of lines) {
        if (isCheckpoint(line)) continue;
        if (!verifier.add(line)) return faultIn(file, verifier.end(), isFirst ? whyFirst(i) : '');
        archives.add(line);
        isFirst = false;
      }
    hashing?.end();
  }
  const reading = faultIn(null, verifier.end());
  return { ...reading, fault: reading.fault ?? archives.fault() };
}

const faultIn = (file: string | null, { fault, ...reading }: ExportReading, addition = ''): FilesReading => ({
  ...reading,
  fault: fault && { ...fault, message: `${fault.message}${addition}`, file },
});

/** Why the first event of a file may not be the next one. */
const whyFirst = (index: number): string =>
  index === 0
    ? ': the files with the events before it, such as archives, come first'
    : ': a file before this one is missing or was cut, or files stand in another order';

const isCheckpoint = (line: Buffer): boolean => line.subarray(0, checkpointLine.length).equals(checkpointLine);

function ownCheckpoint(file: string, keys: readonly NoteKey[]): Checkpoint | null {
  // Standard input cannot be read twice.
  const line = file === '-' ? null : readLastLine(file);
  return line !== null && isCheckpoint(line) ? signedCheckpoint(noteIn(line, file), keys, `the end of ${file}`) : null;
}

function noteIn(line: Buffer, file: string): string {
  const { checkpoint } = JSON.parse(line.toString()) as { readonly checkpoint?: unknown };
  if (typeof checkpoint !== 'string') throw new NotCheckedError(`${file}: the last line holds no checkpoint`);
  return checkpoint;
}

function readKeys(keyOrFile: string): readonly NoteKey[] {
  const key = readVerifierKey(keyOrFile);
  if (key !== null) return [key];
  const lines = readText(keyOrFile)
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line, i) => {
    const read = readVerifierKey(line);
    if (read === null) throw new NotCheckedError(`${keyOrFile}: line ${i + 1} is no verifier key`);
    return read;
  });
}

function signedCheckpoint(note: string, keys: readonly NoteKey[], place: string): Checkpoint {
  const read = readNote(note, keys);
  if (!read.ok) throw new NotCheckedError(`${place}: ${whyNotNote[read.reason]}`);
  const checkpoint = readCheckpoint(read.note.text);
  if (checkpoint === null) throw new NotCheckedError(`${place}: this is no checkpoint`);
  if (!read.note.signedBy.some(({ name }) => name === checkpoint.origin))
    throw new NotCheckedError(`${place}: the checkpoint is signed in the name of another log`);
  return checkpoint;
}

const whyNotNote = {
  Malformed: 'this is no signed note',
  NoKnownSignature: 'none of the given keys has signed this checkpoint',
  BadSignature: 'a signature does not fit the checkpoint: it was changed',
};

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new NotCheckedError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function report({ json }: VerifyOptions, reading: FilesReading): Verification {
  const { events: count, vouchedFor, root, hashes, fault } = reading;
  const exitCode = fault === null ? 0 : 1;
  if (json) {
    const body = { valid: fault === null, events: count, vouchedFor, root: root.toString('base64'), hashes, fault };
    return { output: `${JSON.stringify(body)}\n`, complaints: '', exitCode };
  }
  if (fault !== null) {
    const { firstSeq, lastSeq, reason, message, file } = fault;
    const events = firstSeq === lastSeq ? `event ${firstSeq}` : `events ${firstSeq} to ${lastSeq}`;
    const where = file === null ? events : `${events} in ${file}`;
    return { output: `NOT VALID at ${where} (${reason}): ${message}\n`, complaints: '', exitCode };
  }
  const lines = [
    `${count} events in order, root ${root.toString('base64')}`,
    hashes
      ? 'each event follows from the one before it'
      : 'the export has no hashes: an edit shows by a checkpoint alone',
    vouchedFor === 0 ? 'no checkpoint vouches for any of them' : `a checkpoint vouches for the first ${vouchedFor}`,
  ];
  return { output: lines.map((line) => `${line}\n`).join(''), complaints: '', exitCode };
}
