import type { InspectedObject } from '../../../model/inspection.js';
import { clip, maxShown } from '../../../formats/text/visible.js';
import { html, type Html } from './html.js';

/** Anchors are numbers: no name from an upload becomes part of an address. */
export class Links {
  readonly #anchors: ReadonlyMap<string, string>;

  constructor(objects: readonly InspectedObject[]) {
    this.#anchors = new Map(objects.map(({ path }, i) => [path, `object-${i + 1}`]));
  }

  anchorOf(path: string): string | null {
    return this.#anchors.get(path) ?? null;
  }

  /** A link to an object of the page; anything else is only named. */
  to(path: string): Html {
    const anchor = this.anchorOf(path);
    const name = html`<code>${breakable(clip(path, maxShown))}</code>`;
    return anchor === null ? name : html`<a href="#${anchor}">${name}</a>`;
  }
}

/** A path goes on in the next line behind what parts it, where there is a choice. */
const breakable = (path: string): readonly Html[] =>
  path.split(/(?<=[/#.])/).map((part, i) => (i === 0 ? html`${part}` : html`<wbr />${part}`));
