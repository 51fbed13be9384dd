import { invisible } from '../formats/json/place.js';
import { uploadLimits } from '../model/budget.js';
import type { UploadPart } from '../model/inspection.js';

/** The path of a part without a name, where it is the only part. */
export const NAMELESS = 'upload';

/**
 * Makes a path for display from the name of a part or an archive entry: `/` between steps, no step upwards, no
 * invisible characters, bounded. Null where nothing remains. No file is ever opened by it.
 */
export function cleanPath(name: string): string | null {
  const steps = name
    .slice(0, 4 * uploadLimits.nameLength)
    .split(/[/\\]+/)
    .filter((step) => step !== '' && step !== '.' && step !== '..');
  const path = steps.join('/').replaceAll(invisible, '\ufffd');
  return path === '' ? null : shortened(path);
}

/** The path of a part: that of a file as it was given, so that people can open it. Null for a part without a name. */
export const partPath = ({ name, isPath = false }: Pick<UploadPart, 'name' | 'isPath'>): string | null =>
  name === null ? null : isPath ? name.replaceAll(invisible, '\ufffd') : cleanPath(name);

/** Bounds a text of any length for display. */
export function shortened(text: string): string {
  const { nameLength } = uploadLimits;
  if (text.length <= nameLength) return text;
  const characters = Array.from(text.slice(0, 2 * nameLength));
  const start = characters.slice(0, nameLength).join('');
  return start.length < text.length ? `${start}…` : text;
}

/** The path of an entry of an archive, or of the content of a gzip. */
export const entryPath = (archive: string | null, entry: string): string =>
  archive === null ? entry : `${archive}/${entry}`;

/** The path of one of several blocks, documents or items. A single one has the path of its container. */
export const itemPath = (path: string, index: number, count: number): string =>
  count === 1 ? path : `${path}[${index}]`;

/** A path without its number among several blocks: `chain.pem` for `chain.pem[1]`. */
export function pathStem(path: string): string {
  // `parts[0]` is the path of a part without a name.
  return path.includes(']') && !/^parts\[\d+\]$/.test(path) ? path.replace(/\[\d+\](~\d+)?$/, '$1') : path;
}
