import { invisible, type Place, placeText } from '../formats/json/place.js';
import { uploadLimits } from './budget.js';

/** The path of a part without a name, where it is the only part. */
export const NAMELESS = 'upload';

/** Gives each object a unique path. */
export class Paths {
  readonly #used = new Map<string, number>();

  /** Adds `~2`, `~3` … where `wanted` is taken. */
  claim(wanted: string): string {
    const times = this.#used.get(wanted);
    if (times === undefined) {
      this.#used.set(wanted, 1);
      return wanted;
    }
    let n = times + 1;
    while (this.#used.has(`${wanted}~${n}`)) n += 1;
    this.#used.set(wanted, n);
    this.#used.set(`${wanted}~${n}`, 1);
    return `${wanted}~${n}`;
  }
}

/**
 * Makes a path for display from the name of a part or an archive entry: `/` between steps, no step upwards, no invisible
 * characters, bounded. Null where nothing remains. No file is ever opened by it.
 */
export function cleanPath(name: string): string | null {
  const steps = name
    .slice(0, 4 * uploadLimits.nameLength)
    .split(/[/\\]+/)
    .filter((step) => step !== '' && step !== '.' && step !== '..');
  const path = steps.join('/').replaceAll(invisible, '\ufffd');
  if (path === '') return null;
  const characters = path.length > uploadLimits.nameLength ? Array.from(path) : [];
  return characters.length > uploadLimits.nameLength
    ? `${characters.slice(0, uploadLimits.nameLength).join('')}…`
    : path;
}

/** The path of an entry of an archive, or of the content of a gzip. */
export const entryPath = (archive: string | null, entry: string): string =>
  archive === null ? entry : `${archive}/${entry}`;

/** The path of one of several blocks, documents or items. A single one has the path of its container. */
export const itemPath = (path: string, index: number, count: number): string =>
  count === 1 ? path : `${path}[${index}]`;

/** The path of a place in an object. `object` is null where it is the whole upload and has no name. */
export const insidePath = (object: string | null, place: Place): string =>
  object === null ? placeText(place) : `${object}#${placeText(place)}`;

/** A path without its number among several blocks: `chain.pem` for `chain.pem[1]`. */
export function pathStem(path: string): string {
  // `parts[0]` is the path of a part without a name.
  return path.includes(']') && !/^parts\[\d+\]$/.test(path) ? path.replace(/\[\d+\](~\d+)?$/, '$1') : path;
}
