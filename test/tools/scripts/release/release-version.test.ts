// Tests scripts/release/prepare.ts
import { describe, expect, it } from 'vitest';
import { parseVersion, readVersion, stepsFrom } from '../../../../scripts/release/prepare.js';

const version = (text: string) => parseVersion(text, 'the version');

describe('a version', () => {
  it.each(['0.2.0', '1.0.0', '10.20.30', '1.0.0-alpha.1', '1.0.0-beta.2', '1.0.0-rc.10'])('is %s', (text) => {
    expect(readVersion(text)).not.toBeNull();
  });

  it.each([
    'v1.0.0',
    '1.0',
    '1.0.0.0',
    '01.0.0',
    '1.0.0-rc',
    '1.0.0-rc.0',
    '1.0.0-rc.01',
    '1.0.0-dev.1',
    '1.0.0+1',
    '',
    ' 1.0.0',
    '1.0.0\n',
    'latest',
  ])('is not %j', (text) => {
    expect(readVersion(text)).toBeNull();
    expect(() => version(text)).toThrow('which is no version: it looks like 1.4.0 or 1.4.0-rc.1');
  });
});

describe('the steps', () => {
  it('from a release are the next patch, minor and major, and the first pre-releases of these', () => {
    const preReleases = (core: string) => [core, `${core}-alpha.1`, `${core}-beta.1`, `${core}-rc.1`];
    expect(stepsFrom(version('0.2.3'), version('0.2.3'))).toEqual(['0.2.4', '0.3.0', '1.0.0'].flatMap(preReleases));
  });

  it('from a pre-release are its release, the next one, and those of a larger release', () => {
    const steps = stepsFrom(version('0.3.0-beta.2'), version('0.2.3'));
    expect(steps).toEqual([
      '0.3.0',
      '0.3.0-beta.3',
      '0.3.0-rc.1',
      '1.0.0',
      '1.0.0-alpha.1',
      '1.0.0-beta.1',
      '1.0.0-rc.1',
    ]);
  });

  it('from a pre-release that does not follow the last release are those of the last release', () => {
    expect(stepsFrom(version('0.5.0-rc.1'), version('0.2.3'))).toContain('0.3.0');
    expect(stepsFrom(version('0.5.0-rc.1'), version('0.2.3'))).not.toContain('0.5.0');
  });
});
