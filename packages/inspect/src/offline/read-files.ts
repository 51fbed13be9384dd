import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { codeOf, messageOf } from '@kubepass/x509';
import { uploadLimits } from '../model/budget.js';
import type { UploadPart } from '../model/inspection.js';

/** Where sentences go about files that are not inspected. */
interface Told {
  /** About a file that was asked for. */
  problem(sentence: string): void;
  /** About a file of a folder, which is passed over. */
  note(sentence: string): void;
}

/** Folders that hold copies of other people's files, or git's own. */
const passedOver: ReadonlySet<string> = new Set(['.git', 'node_modules']);

/**
 * Reads files, the files of folders at any depth, and the standard input for `-`. Each is read when the caller asks for
 * it. A pipe or a device that is named is read up to the limit of an upload. In folders, links are not followed. Pipes,
 * devices, and files that are larger than an upload may be are passed over there.
 */
export function* readFiles(paths: readonly string[], told: Told): Generator<UploadPart, void, void> {
  for (const path of paths)
    try {
      if (path === '-') {
        const bytes = readAtMost(0);
        if (bytes === null) told.problem(`standard input ${tooLarge}`);
        else yield { name: null, bytes };
      } else if (statSync(path).isDirectory()) yield* readFolder(path, told);
      else {
        const bytes = readNamed(path);
        if (bytes === null) told.problem(`${path} ${tooLarge}`);
        else yield { name: path, isPath: true, bytes };
      }
    } catch (error) {
      told.problem(`${path} cannot be read: ${reasonOf(error)}`);
    }
}

const tooLarge = `is larger than ${uploadLimits.uploadOctets} octets`;

function* readFolder(folder: string, told: Told): Generator<UploadPart, void, void> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    // As the folder was given: `join` would make `pki` of `./pki`.
    const path = folder.endsWith('/') ? `${folder}${entry.name}` : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!passedOver.has(entry.name)) yield* readFolder(path, told);
    } else if (entry.isFile())
      try {
        const bytes = readNamed(path, constants.O_NOFOLLOW | constants.O_NONBLOCK);
        if (bytes === null) told.note(`${path} ${tooLarge}, and is passed over`);
        else if (bytes.length > 0) yield { name: path, isPath: true, bytes };
      } catch (error) {
        told.note(`${path} is passed over: ${reasonOf(error)}`);
      }
  }
}

/**
 * The octets of a file, a pipe or a device; null if it has more octets than an upload may have. Throws if it cannot be
 * read. With flags it also throws if it is no file, because a pipe may have taken the place of the file since the
 * folder was listed.
 */
export function readNamed(path: string, flags = 0): Buffer | null {
  const file = openSync(path, constants.O_RDONLY | flags);
  try {
    if (flags !== 0 && !fstatSync(file).isFile()) throw new Error('it is no file');
    return readAtMost(file);
  } finally {
    closeSync(file);
  }
}

/** The octets are counted, because a file system may tell a wrong size, and a device tells no size. */
function readAtMost(file: number): Buffer | null {
  const pieces: Buffer[] = [];
  let left = uploadLimits.uploadOctets;
  for (;;) {
    const piece = Buffer.allocUnsafe(64 * 1024);
    const read = readSync(file, piece, 0, piece.length, null);
    if (read === 0) return Buffer.concat(pieces);
    left -= read;
    if (left < 0) return null;
    pieces.push(piece.subarray(0, read));
  }
}

/** `EACCES`. The whole message would repeat the path. */
const reasonOf = (error: unknown): string => codeOf(error) ?? messageOf(error);
