import { type Place, placeText } from '../../formats/json/place.js';
import { limits } from './budget.js';

/** Of a part that has no name and is the only one. */
export const NAMELESS = 'upload';

/** Gives every object a path of its own. */
export class Paths {
  readonly #used = new Map<string, number>();

  /** `wanted` itself, or with `~2`, `~3` … where it is taken. */
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
 * A name that the upload gives to a part or an entry, as a path: `/` between steps, none that leads upwards, nothing
 * that does not show, bounded. Null where nothing is left. It is for display; nothing is ever opened by it.
 */
export function cleanPath(name: string): string | null {
  const steps = name
    .slice(0, 4 * limits.nameLength)
    .split(/[/\\]+/)
    .filter((step) => step !== '' && step !== '.' && step !== '..');
  const path = steps.join('/').replaceAll(invisible, '\ufffd');
  if (path === '') return null;
  const characters = path.length > limits.nameLength ? Array.from(path) : [];
  return characters.length > limits.nameLength ? `${characters.slice(0, limits.nameLength).join('')}…` : path;
}

const invisible = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|\p{Default_Ignorable_Code_Point}/gu;

/** Where an entry of an archive, or what a gzip holds, is found. */
export const entryPath = (archive: string | null, entry: string): string =>
  archive === null ? entry : `${archive}/${entry}`;

/** Of one of several blocks, documents or items; the only one has the path of all. */
export const itemPath = (path: string, index: number, count: number): string =>
  count === 1 ? path : `${path}[${index}]`;

/** Of what stands at a place in an object; `object` null where that is the whole upload and has no name. */
export const insidePath = (object: string | null, place: Place): string =>
  object === null ? placeText(place) : `${object}#${placeText(place)}`;
