import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { uploadLimits } from '../model/budget.js';
import type { UploadPart } from '../model/inspection.js';

/** The files to inspect, and why others are not. */
interface FilesRead {
  readonly parts: readonly UploadPart[];
  /** Sentences about files that were asked for and cannot be inspected. */
  readonly problems: readonly string[];
  /** Sentences about files of folders that are passed over. */
  readonly notes: readonly string[];
}

/** Folders that hold copies of other people's files, or git's own. */
const passedOver: ReadonlySet<string> = new Set(['.git', 'node_modules']);

/**
 * Reads files, the files of folders at any depth, and the standard input for `-`. In folders, links are not followed,
 * and files that are larger than an upload may be are passed over.
 */
export function readFiles(paths: readonly string[]): FilesRead {
  const parts: UploadPart[] = [];
  const problems: string[] = [];
  const notes: string[] = [];
  for (const path of paths)
    try {
      if (path === '-') parts.push({ name: null, bytes: readFileSync(0) });
      else if (statSync(path).isDirectory()) readFolder(path, parts, notes);
      else if (statSync(path).size > uploadLimits.uploadOctets) problems.push(`${path} ${tooLarge}`);
      else parts.push({ name: path, isPath: true, bytes: readFileSync(path) });
    } catch (error) {
      problems.push(`${path} cannot be read: ${reasonOf(error)}`);
    }
  return { parts, problems, notes };
}

const tooLarge = `is larger than ${uploadLimits.uploadOctets} octets`;

function readFolder(folder: string, parts: UploadPart[], notes: string[]): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    // As the folder was given: `join` would make `pki` of `./pki`.
    const path = folder.endsWith('/') ? `${folder}${entry.name}` : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!passedOver.has(entry.name)) readFolder(path, parts, notes);
    } else if (entry.isFile())
      try {
        const { size } = lstatSync(path);
        if (size > uploadLimits.uploadOctets) notes.push(`${path} ${tooLarge}, and is passed over`);
        else if (size > 0) parts.push({ name: path, isPath: true, bytes: readFileSync(path) });
      } catch (error) {
        notes.push(`${path} is passed over: ${reasonOf(error)}`);
      }
  }
}

/** `EACCES`. The whole message would repeat the path. */
const reasonOf = (error: unknown): string =>
  error instanceof Error ? ('code' in error ? String(error.code) : error.message) : String(error);
