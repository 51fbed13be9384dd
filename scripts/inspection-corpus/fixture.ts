import type { FindingCode } from '../../src/inspection/findings/catalogue.js';

/** One upload of the corpus. */
export interface Fixture {
  /** Its folder. */
  readonly name: string;
  /** What it is, in a line. */
  readonly about: string;
  /** Builds each part, in order. */
  readonly parts: () => readonly Part[];
  readonly password?: string;
  /** Findings that it is there for; a golden answer without one of them is wrong. */
  readonly raises: readonly FindingCode[];
}

export interface Part {
  /** In its folder. */
  readonly file: string;
  /** What the upload calls it; null: nothing. */
  readonly name: string | null;
  readonly bytes: Uint8Array;
}

/** A fixture of one part without a name. */
export const single = (
  name: string,
  about: string,
  extension: string,
  build: () => Uint8Array | string,
  raises: readonly FindingCode[] = [],
  password?: string,
): Fixture => ({
  name,
  about,
  parts: () => [{ file: `input.${extension}`, name: null, bytes: Buffer.from(build()) }],
  raises,
  ...(password === undefined ? {} : { password }),
});

/** A fixture of several parts, by their names; `build` answers the octets of each. */
export const several = (
  name: string,
  about: string,
  build: () => Readonly<Record<string, Uint8Array | string>>,
  raises: readonly FindingCode[] = [],
  password?: string,
): Fixture => ({
  name,
  about,
  parts: () =>
    Object.entries(build()).map(([part, bytes]) => ({
      file: `input.${part.replaceAll('/', '_')}`,
      name: part,
      bytes: Buffer.from(bytes),
    })),
  raises,
  ...(password === undefined ? {} : { password }),
});
