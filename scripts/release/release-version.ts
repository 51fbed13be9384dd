import { ReleaseError } from './release-error.js';

/**
 * A version of kubepass: `1.4.0`, or before it `1.4.0-alpha.1`, `1.4.0-beta.1`, `1.4.0-rc.1`. Semantic Versioning 2.0.0
 * without build metadata, which an image's tag cannot have.
 */
export interface ReleaseVersion {
  /** Major, minor, patch. */
  readonly core: readonly [number, number, number];
  readonly preRelease: { readonly word: string; readonly number: number } | null;
}

const words = ['alpha', 'beta', 'rc'];
const form = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:-(alpha|beta|rc)\.([1-9]\d{0,8}))?$/;

/** Null for a text that is no version of kubepass. */
export function readVersion(text: string): ReleaseVersion | null {
  const [match, major, minor, patch, word, number] = form.exec(text) ?? [];
  if (match === undefined) return null;
  return {
    core: [Number(major), Number(minor), Number(patch)],
    preRelease: word === undefined ? null : { word, number: Number(number) },
  };
}

/** Throws `ReleaseError`, which names the place, if the text is no version. */
export function parseVersion(text: string, place: string): ReleaseVersion {
  const version = readVersion(text);
  if (version !== null) return version;
  throw new ReleaseError(`${place} is "${text}", which is no version: it looks like 1.4.0 or 1.4.0-rc.1`);
}

/**
 * The versions that may follow. `last` is the last release that was no pre-release. A release is the next patch, minor
 * or major of it, and a pre-release comes before one of these. After a pre-release come its release, the next number of
 * it, and the first one of a later word.
 */
export function stepsFrom(present: ReleaseVersion, last: ReleaseVersion): readonly string[] {
  const [major, minor, patch] = last.core;
  const cores = [
    [major, minor, patch + 1],
    [major, minor + 1, 0],
    [major + 1, 0, 0],
  ].map((core) => core.join('.'));
  const { preRelease } = present;
  const core = present.core.join('.');
  if (preRelease === null || !cores.includes(core)) return cores.flatMap(withPreReleases);
  const later = words.slice(words.indexOf(preRelease.word) + 1);
  return [
    core,
    `${core}-${preRelease.word}.${preRelease.number + 1}`,
    ...later.map((word) => `${core}-${word}.1`),
    // A change that the planned release must not have makes it a larger one.
    ...cores.slice(cores.indexOf(core) + 1).flatMap(withPreReleases),
  ];
}

const withPreReleases = (core: string): readonly string[] => [core, ...words.map((word) => `${core}-${word}.1`)];
