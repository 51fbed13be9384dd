import type { Place } from '../../formats/json/place.js';
import {
  type Decoded,
  type DecodeContext,
  type DecodedObject,
  type Observation,
  type Piece,
  UploadRefusedError,
} from '../decoded.js';
import { insidePath, NAMELESS, Paths } from './paths.js';
import { limits } from './budget.js';

/** Bytes, where they were found, and what is expected of them. */
export interface Source {
  /** As it would be; not yet claimed. */
  readonly path: string;
  readonly bytes: Buffer;
  /** Path of the object that it was taken out of. */
  readonly parent: string | null;
  /** How many wrappings it was taken out of. */
  readonly depth: number;
  readonly expected: Expectation;
}

/**
 * `anything`: a part of the upload or a file in an archive; it becomes an object whatever it is.
 * `credential`: a field that must hold PEM; it becomes an object whatever it is.
 * `perhaps`: a field that may hold anything; only what is recognised becomes an object.
 */
export type Expectation = 'anything' | 'credential' | 'perhaps';

/** An object whose place in the answer is taken before what is inside of it is read. */
interface OpenObject {
  readonly path: string;
  fill(object: Omit<Decoded, 'pieces'>): void;
}

interface ReadingSteps {
  /** Reads what the source holds; answers the paths of the objects, not of those inside of them. */
  readonly read: (source: Source, reading: Reading) => readonly string[];
  readonly decode: (piece: Piece, context: DecodeContext) => Decoded;
}

/** What is bounded in all of an upload, besides what its budget counts. */
type Meter = 'decompressedOctets' | 'archiveHeaders' | 'yamlLexemes';

/** The reading of one upload: what has been found so far, and what it has cost. */
export class Reading {
  readonly #objects: (DecodedObject | null)[] = [];
  readonly #paths = new Paths();
  readonly #left: Record<Meter, number> = {
    decompressedOctets: limits.decompressedOctets,
    archiveHeaders: limits.archiveHeaders,
    yamlLexemes: limits.yamlLexemes,
  };

  /** `single`: the upload has one part; `nameless`: and that has no name. */
  constructor(
    readonly context: DecodeContext,
    readonly upload: { readonly single: boolean; readonly nameless: boolean },
    private readonly steps: ReadingSteps,
  ) {}

  /** In the order in which they were found, what contains before what is contained. */
  get objects(): readonly DecodedObject[] {
    return this.#objects.filter((object) => object !== null);
  }

  read(source: Source): readonly string[] {
    if (source.depth > limits.depth)
      throw new UploadRefusedError('TooDeep', `the upload nests deeper than ${limits.depth} levels`);
    return this.steps.read(source, this);
  }

  /** Takes a path and a place in the answer. */
  open({ path: wanted, parent }: Pick<Source, 'path' | 'parent'>): OpenObject {
    this.context.budget.spendObject();
    const path = this.#paths.claim(wanted);
    const index = this.#objects.push(null) - 1;
    return {
      path,
      fill: ({ content, material, observations }) => {
        this.#objects[index] = { path, parent, content, material, observations };
      },
    };
  }

  /** Decodes DER, or what stands in for it, and what is inside of that; answers its path. */
  decode(piece: Piece, parent: string | null, depth: number, observations: readonly Observation[] = []): string {
    if (depth > limits.depth)
      throw new UploadRefusedError('TooDeep', `the upload nests deeper than ${limits.depth} levels`);
    const object = this.open({ path: piece.path, parent });
    const decoded = this.steps.decode({ ...piece, path: object.path }, this.context);
    object.fill({ ...decoded, observations: [...observations, ...decoded.observations] });
    for (const inner of decoded.pieces) this.decode(inner, object.path, depth + 1);
    return object.path;
  }

  /** Of what stands at a place in the object with that path. */
  insidePath(object: string, place: Place): string {
    return insidePath(this.upload.nameless && object === NAMELESS ? null : object, place);
  }

  left(what: Meter): number {
    return this.#left[what];
  }

  spend(what: Meter, amount: number): void {
    this.#left[what] = Math.max(0, this.#left[what] - amount);
  }
}
