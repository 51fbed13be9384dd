// Tests scripts/runtime.mjs
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';

interface Runtime {
  readonly version: string;
  readonly instead: string;
  readonly offered: boolean;
}
const runtimeModule = new URL('../../../scripts/runtime.mjs', import.meta.url);
const { neededRuntime } = (await import(runtimeModule.href)) as { neededRuntime(): Runtime | null };

const npmOn = (version: string) => {
  vi.stubEnv('npm_config_user_agent', `npm/11.19.1 node/v${version} linux x64 workspaces/false`);
};
afterEach(() => vi.unstubAllEnvs());

describe('the Node that scripts run under', () => {
  it.each(['24.0.0', '24.21.0', '26.10.0', '100.0.0'])('is the one at hand where that is %s', (version) => {
    npmOn(version);
    expect(neededRuntime()).toBeNull();
  });

  it.each(['18.20.8', '20.20.2', '22.12.0', '23.11.1'])('is brought where the one at hand is %s', (version) => {
    npmOn(version);
    expect(neededRuntime()).toMatchObject({ instead: version, offered: true });
    expect(Number.parseInt(neededRuntime()?.version ?? '', 10)).toBeGreaterThanOrEqual(24);
  });

  it('is the one that runs the script where npm does not', () => {
    vi.stubEnv('npm_config_user_agent', undefined);
    expect(neededRuntime()).toBeNull();
  });

  it('is pinned for each platform, with its integrity', () => {
    const read = (name: string) =>
      JSON.parse(readFileSync(new URL(`runtime/${name}`, runtimeModule), 'utf8')) as Record<string, unknown>;
    const wanted = read('package.json')['optionalDependencies'] as Record<string, string>;
    const locked = read('package-lock.json')['packages'] as Record<string, { version: string; integrity: string }>;
    expect(Object.keys(wanted).length).toBeGreaterThan(0);
    for (const [name, version] of Object.entries(wanted)) {
      expect(locked[`node_modules/${name}`]).toMatchObject({
        version,
        integrity: expect.stringMatching(/^sha512-/) as unknown,
      });
      expect(Number.parseInt(version, 10)).toBeGreaterThanOrEqual(24);
    }
  });

  it('is at least what package.json and the image ask for', () => {
    const root = new URL('../../../', import.meta.url);
    const { engines } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
      engines: { node: string };
    };
    expect(engines.node).toBe('>=24');
    const dockerfile = readFileSync(new URL('Dockerfile', root), 'utf8');
    const bases = [...dockerfile.matchAll(/^FROM (?:--platform=\S+ )?(\S*:\S+)/gm)].map(([, base]) => base);
    expect(bases).toHaveLength(2);
    expect(new Set(bases).size).toBe(1);
    expect(bases[0]).toMatch(/^node:24\.\d+\.\d+-bookworm-slim$/);
  });
});
