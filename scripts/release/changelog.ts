import { ReleaseError } from './release-error.js';

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
