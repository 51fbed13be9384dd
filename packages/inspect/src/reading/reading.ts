import { type Place, placeText } from '../formats/json/place.js';
import type { ObjectContent } from '../model/inspection.js';
import type { DecodedObject, Material, Observation, Piece } from '../model/decoded.js';
import { type DecodeContext, UploadRefusedError, uploadLimits } from '../model/budget.js';
import { decodeDer } from './decode-der.js';
import { NAMELESS } from './paths.js';

/** Bytes to read, with their place and what is expected of them. */
export interface Source {
  /** The wanted path; `Reading.open` makes it unique. */
  readonly path: string;
  readonly bytes: Buffer;
  /** The path of the object that contains it. */
  readonly parent: string | null;
  /** How many wrappings are around it. */
  readonly depth: number;
  readonly expected: Expectation;
}

/**
 * `anything`: a part of the upload or a file in an archive; it always becomes an object.
 * `credential`: a field that must hold PEM; it always becomes an object.
 * `perhaps`: a field that may hold anything; it becomes an object only if it is recognised.
 */
export type Expectation = 'anything' | 'credential' | 'perhaps';

/** An object that has its place in the answer before its contents are read. */
export interface OpenObject {
  readonly path: string;
  /** Answers its path, alone in a list. */
  fill(content: ObjectContent, observations: readonly Observation[], material?: Material | null): readonly string[];
}

/** Bounds of a whole upload that its budget does not count. */
export type Meter = 'decompressedOctets' | 'archiveHeaders' | 'yamlLexemes';

/** The reading of one upload: the objects so far, and their cost. */
export class Reading {
  readonly #objects: (DecodedObject | null)[] = [];
  /** How often each path is wanted. */
  readonly #wanted = new Map<string, number>();
  readonly #left: Record<Meter, number> = {
    decompressedOctets: uploadLimits.decompressedOctets,
    archiveHeaders: uploadLimits.archiveHeaders,
    yamlLexemes: uploadLimits.yamlLexemes,
  };

  /**
   * `single`: the upload has one part. `nameless`: that part has no name. `readBytes` reads a source and answers the
   * paths of its objects, but not of the objects inside them.
   */
  constructor(
    readonly context: DecodeContext,
    readonly upload: { readonly single: boolean; readonly nameless: boolean },
    private readonly readBytes: (source: Source, reading: Reading) => readonly string[],
  ) {}

  /** In order of discovery. A container comes before its contents. */
  get objects(): readonly DecodedObject[] {
    return this.#objects.filter((object) => object !== null);
  }

  read(source: Source): readonly string[] {
    checkDepth(source.depth);
    return this.readBytes(source, this);
  }

  /** Reserves a path and a place in the answer. */
  open({ path: wanted, parent }: Pick<Source, 'path' | 'parent'>): OpenObject {
    this.context.budget.spendObject();
    const path = this.#claim(wanted);
    const index = this.#objects.push(null) - 1;
    return {
      path,
      fill: (content, observations, material = null) => {
        this.#objects[index] = { path, parent, content, material, observations };
        return [path];
      },
    };
  }

  /** Adds an observation to an object. */
  observe(path: string, observation: Observation): void {
    const index = this.#objects.findIndex((object) => object?.path === path);
    const object = this.#objects[index];
    if (object) this.#objects[index] = { ...object, observations: [...object.observations, observation] };
  }

  /** Decodes a piece and the pieces inside it. Answers the path of the outer object. */
  decode(piece: Piece, parent: string | null, depth: number, observations: readonly Observation[] = []): string {
    checkDepth(depth);
    const object = this.open({ path: piece.path, parent });
    const decoded = decodeDer({ ...piece, path: object.path, bytes: ownOctets(piece.bytes) }, this.context);
    const untold = decoded.observations.filter(({ code }) => piece.told?.includes(code) !== true);
    object.fill(decoded.content, [...observations, ...untold], decoded.material);
    for (const inner of decoded.pieces) this.decode(inner, object.path, depth + 1);
    return object.path;
  }

  /** The path of a place in an object. */
  insidePath(object: string, place: Place): string {
    return this.upload.nameless && object === NAMELESS ? placeText(place) : `${object}#${placeText(place)}`;
  }

  /** A unique path: adds `~2`, `~3` … where `wanted` is taken. */
  #claim(wanted: string): string {
    let times = this.#wanted.get(wanted) ?? 0;
    const numbered = (): string => (times === 0 ? wanted : `${wanted}~${times + 1}`);
    while (this.#wanted.has(numbered())) times += 1;
    const path = numbered();
    this.#wanted.set(wanted, times + 1);
    if (path !== wanted) this.#wanted.set(path, 1);
    return path;
  }

  left(what: Meter): number {
    return this.#left[what];
  }

  spend(what: Meter, amount: number): void {
    this.#left[what] = Math.max(0, this.#left[what] - amount);
  }
}

/** A small part of an archive is copied: it would keep the archive in memory. */
const ownOctets = (bytes: Buffer): Buffer =>
  bytes.buffer.byteLength > Math.max(64 * 1024, 2 * bytes.length) ? Buffer.from(bytes) : bytes;

function checkDepth(depth: number): void {
  if (depth > uploadLimits.depth)
    throw new UploadRefusedError('TooDeep', `the upload nests deeper than ${uploadLimits.depth} levels`);
}
