import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readChangelog, releaseUnreleased, saysSomething } from './changelog.js';
import { hasTag, mustBeClean } from './git.js';
import { ReleaseError } from './release-error.js';
import { parseVersion, readVersion, stepsFrom } from './release-version.js';
import { readPlace, versionPlaces } from './version-places.js';

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

/** The version of package.json. */
export const versionOf = (root: string): string =>
  (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string }).version;
