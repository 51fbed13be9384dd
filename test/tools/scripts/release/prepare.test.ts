// Tests scripts/release/prepare.ts, scripts/release/version-places.ts
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseVersion, prepareRelease, stepsFrom } from '../../../../scripts/release/prepare.js';
import { readPlace, versionOf, versionPlaces } from '../../../../scripts/release/version-places.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';

const today = new Date('2026-12-31T23:59:59Z');
const present = versionOf('.');
const [next = ''] = stepsFrom(parseVersion(present, 'the version'), parseVersion(present, 'the version'));

let directory: ReturnType<typeof temporaryDirectory>;
let root: string;

const git = (...args: readonly string[]) =>
  execFileSync('git', ['-C', root, '-c', 'user.name=somebody', '-c', 'user.email=somebody@corp.example', ...args], {
    encoding: 'utf8',
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
  });
const commit = () => {
  git('add', '--all');
  git('commit', '--quiet', '--message', 'a state');
};
const write = (file: string, text: string) => writeFileSync(join(root, file), text);
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const changed = () =>
  git('status', '--porcelain')
    .split('\n')
    .filter(Boolean)
    .map((line) => line.slice(3));

/** Unreleased says something, whatever is to be released here. */
const unreleased = '## [Unreleased]\n\n### Fixed\n\n- It starts.\n';

beforeEach(() => {
  directory = temporaryDirectory();
  root = directory.path;
  for (const { file } of versionPlaces('.')) cpSync(file, join(root, file));
  const [head = ''] = readFileSync('CHANGELOG.md', 'utf8').split('## [Unreleased]');
  write('CHANGELOG.md', `${head}${unreleased}\n## [${present}] - 2026-11-29\n\n- Older things.\n`);
  git('init', '--quiet');
  commit();
});
afterEach(() => directory.remove());

describe('the preparation of a release', () => {
  it('writes the version everywhere and commits nothing', () => {
    const commitBefore = git('rev-parse', 'HEAD');
    const places = versionPlaces(root).filter((place) => place.find(readPlace(root, place)).length > 0);
    const files = prepareRelease(root, next, today);
    expect(new Set(files)).toEqual(new Set([...places.map(({ file }) => file), 'CHANGELOG.md']));
    expect(changed().sort()).toEqual([...files].sort());
    for (const place of places)
      expect(new Set(place.find(readPlace(root, place)).map(({ version }) => version))).toEqual(new Set([next]));
    expect(git('rev-parse', 'HEAD')).toBe(commitBefore);
  });

  it('makes Unreleased the section of the version, with the date in UTC', () => {
    prepareRelease(root, next, today);
    const released = `## [Unreleased]\n\n## [${next}] - 2026-12-31\n\n### Fixed\n\n- It starts.\n`;
    expect(read('CHANGELOG.md')).toContain(`${released}\n## [${present}] - 2026-11-29\n`);
  });

  it('goes on from a pre-release to the next one and to its release', () => {
    const more = () => {
      commit();
      write('CHANGELOG.md', read('CHANGELOG.md').replace('## [Unreleased]\n', unreleased));
      commit();
    };
    prepareRelease(root, `${next}-rc.1`, today);
    more();
    prepareRelease(root, `${next}-rc.2`, today);
    more();
    expect(() => prepareRelease(root, `${next}-beta.1`, today)).toThrow('is no step');
    prepareRelease(root, next, today);
    expect(versionOf(root)).toBe(next);
  });
});

describe('a release that is refused, with nothing written,', () => {
  const refused = (version: string, reason: string | RegExp) => {
    const before = git('diff') + changed().join('\n');
    expect(() => prepareRelease(root, version, today)).toThrow(reason);
    expect(git('diff') + changed().join('\n')).toBe(before);
  };

  it('is of a tree with a changed file', () => {
    write('README.md', 'changed\n');
    refused(next, 'the tree differs from its commit (README.md): commit the changes');
  });

  it('is of a tree with a new file', () => {
    write('new.txt', 'new\n');
    refused(next, 'the tree differs from its commit (new.txt)');
  });

  it('has nothing to tell', () => {
    write('CHANGELOG.md', read('CHANGELOG.md').replace('- It starts.\n', ''));
    commit();
    refused(next, 'Unreleased of CHANGELOG.md is empty');
  });

  it('has no place in the changelog', () => {
    write('CHANGELOG.md', read('CHANGELOG.md').replace('## [Unreleased]', '## Unreleased'));
    commit();
    refused(next, 'write it above the others');
  });

  it('is the present one, which the changelog has', () => refused(present, `CHANGELOG.md has ${present} already`));

  it.each(['', 'v'])('has a tag with the prefix "%s"', (prefix) => {
    git('tag', `${prefix}${next}`);
    refused(next, `there is a tag of ${next} already`);
  });

  it.each(['99.0.0', '0.0.1', '0.1.0'])('is no step: %s', (version) => refused(version, 'is no step from'));

  it.each([`v${next}`, 'next', `${next}+1`, `${next}-dev.1`, ''])('is no version: "%s"', (version) =>
    refused(version, 'no version'),
  );

  it('begins where two files have two versions', () => {
    const chart = 'deploy/chart/kubepass-access/Chart.yaml';
    write(chart, read(chart).replace(/^appVersion: .*$/m, 'appVersion: 0.0.7'));
    commit();
    refused(next, `${chart} (appVersion) has 0.0.7, and package.json ${present}: mend it and commit`);
  });
});
