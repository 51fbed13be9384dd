// Tests scripts/release/prepare.ts
import { expect, it } from 'vitest';
import { readChangelog, releaseUnreleased, saysSomething } from '../../../../scripts/release/prepare.js';

const changelog = `# Changelog

## [Unreleased]

### Fixed

- It starts.

## [1.1.0-rc.1] - 2026-11-02

- A candidate.

## [1.0.0] - 2026-11-01

- The first one.
`;

it('a changelog tells its releases and what is to be released', () => {
  expect(readChangelog(changelog)).toEqual({
    released: ['1.1.0-rc.1', '1.0.0'],
    unreleased: '### Fixed\n\n- It starts.',
  });
});

it('Unreleased becomes the section of the version, below a new one', () => {
  const released = releaseUnreleased(changelog, '1.1.0', '2026-11-30');
  expect(released).toContain(
    '# Changelog\n\n## [Unreleased]\n\n## [1.1.0] - 2026-11-30\n\n### Fixed\n\n- It starts.\n',
  );
  expect(readChangelog(released)).toEqual({ released: ['1.1.0', '1.1.0-rc.1', '1.0.0'], unreleased: '' });
});

it('headings alone say nothing', () => {
  expect(saysSomething('### Added\n\n### Fixed\n')).toBe(false);
  expect(saysSomething('### Added\n\n- A thing.')).toBe(true);
});

it('a changelog without Unreleased is refused', () => {
  expect(() => readChangelog('# Changelog\n\n## [1.0.0] - 2026-11-01\n')).toThrow('## [Unreleased]');
});
