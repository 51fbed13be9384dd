import type { FindingCode } from '../../src/model/catalogue.js';

/** One upload of the corpus. */
export interface Fixture {
  /** The name of its folder. */
  readonly name: string;
  /** A description in one line. */
  readonly about: string;
  /** Builds the parts in order. */
  readonly parts: () => readonly Part[];
  readonly password?: string;
  /** The findings that this fixture is made for. A golden answer without one of them is wrong. */
  readonly raises: readonly FindingCode[];
}

export interface Part {
  /** The file in the fixture's folder. */
  readonly file: string;
  /** The name that the upload gives the part; null for a part without a name. */
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

/** A fixture with several named parts; `build` returns the octets of each part. */
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
