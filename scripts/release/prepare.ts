// `npm run release:prepare -- VERSION`: the files of a release, for a person to review and commit.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { hasTag, mustBeClean } from './git.js';
import { ReleaseError, runProgram } from './release-error.js';
import { readPlace, versionOf, versionPlaces } from './version-places.js';

/**
 * Writes a version wherever the repository carries it, and makes Unreleased of the changelog its section. Answers the
 * files that changed. `today` is a time; the changelog has its date in UTC. Throws `ReleaseError`, before it writes
 * anything, if the tree is not clean, the version is no step or was released before, nothing is to be released, or the
 * present version is not the same everywhere.
 */
export function prepareRelease(root: string, version: string, today: Date): readonly string[] {
  parseVersion(version, 'the version');
  mustBeClean(root);
  const presentText = versionOf(root);
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  const { released, unreleased } = readChangelog(changelog);
  if (released.includes(version)) throw new ReleaseError(`CHANGELOG.md has ${version} already: choose a later version`);
  if (hasTag(root, version)) throw new ReleaseError(`there is a tag of ${version} already: choose a later version`);
  const present = parseVersion(presentText, 'the version of package.json');
  const releases = released.map(readVersion).filter((one) => one?.preRelease === null);
  const steps = stepsFrom(present, present.preRelease === null ? present : (releases[0] ?? present));
  if (!steps.includes(version))
    throw new ReleaseError(`${version} is no step from ${presentText}: choose one of ${steps.join(', ')}`);
  if (!saysSomething(unreleased))
    throw new ReleaseError('Unreleased of CHANGELOG.md is empty: write there what changes for users and operators');

  const places = versionPlaces(root);
  for (const place of places)
    for (const found of place.find(readPlace(root, place)))
      if (found.version !== presentText)
        throw new ReleaseError(
          `${place.file} (${found.where}) has ${found.version}, and package.json ${presentText}: mend it and commit`,
        );
  const date = today.toISOString().slice(0, 10);
  const written = [
    ...places.map((place) => {
      const before = readPlace(root, place);
      return { file: place.file, before, text: place.write(before, version) };
    }),
    { file: 'CHANGELOG.md', before: changelog, text: releaseUnreleased(changelog, version, date) },
  ].filter(({ before, text }) => before !== text);
  for (const { file, text } of written) writeFileSync(join(root, file), text);
  return written.map(({ file }) => file);
}

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

const heading = /^## \[(?<name>[^\]\n]+)\].*$/gm;

export interface Changelog {
  /** The versions that have a section, the newest first. */
  readonly released: readonly string[];
  /** The lines below `## [Unreleased]`, without blanks around them. */
  readonly unreleased: string;
}

/** Reads the sections of a changelog in the form of keepachangelog.com. Throws `ReleaseError` without Unreleased. */
export function readChangelog(text: string): Changelog {
  const headings = [...text.matchAll(heading)];
  const [first, second] = headings;
  if (first?.groups?.['name'] !== 'Unreleased')
    throw new ReleaseError('CHANGELOG.md does not begin with a section "## [Unreleased]": write it above the others');
  return {
    released: headings.slice(1).map(({ groups }) => groups?.['name'] ?? ''),
    unreleased: text.slice(first.index + first[0].length, second?.index).trim(),
  };
}

/** Whether a section says something: headings alone do not. */
export const saysSomething = (section: string): boolean =>
  section.split('\n').some((line) => line.trim() !== '' && !line.startsWith('#'));

/**
 * The changelog in which Unreleased is the section of a version, below a new empty Unreleased. `date` is `2026-11-30`.
 */
export const releaseUnreleased = (text: string, version: string, date: string): string =>
  text.replace(/^## \[Unreleased\].*$/m, `## [Unreleased]\n\n## [${version}] - ${date}`);

await runProgram(import.meta.url, () => {
  const [version, ...others] = parseArgs({ allowPositionals: true, options: {} }).positionals;
  if (version === undefined || others.length > 0)
    throw new ReleaseError('name one version: npm run release:prepare -- 1.4.0');
  const files = prepareRelease(fileURLToPath(new URL('../../', import.meta.url)), version, new Date());
  console.log(`${version} stands in ${files.length} files, and nothing is committed:\n  ${files.join('\n  ')}
Now
  1. read the section of ${version} in CHANGELOG.md and the other changes (git diff), and run CI (npm run ci)
  2. commit them on a branch (git commit --all --message 'kubepass ${version}'), let somebody review it, and merge it
  3. tag the merged commit (git tag --sign v${version} --message 'kubepass ${version}') and push the tag:
     .github/workflows/release.yaml makes and publishes everything else
To take it back: git checkout -- .`);
});
