// Tests docs/architecture.md, .dependency-cruiser.cjs
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';

interface Rule {
  readonly name: string;
  readonly from: { readonly path?: string; readonly pathNot?: string };
  readonly to: { readonly path?: string; readonly pathNot?: string };
}

const root = new URL('../../../', import.meta.url);
const { forbidden } = createRequire(import.meta.url)('../../../.dependency-cruiser.cjs') as {
  readonly forbidden: readonly Rule[];
};

/** The rooms, files and packages in a pattern such as `^(src/http/|src/app\.ts$|packages/x509/src/index\.ts$)`. */
const placesIn = (pattern = ''): string[] =>
  pattern
    .replace(/^\^\(|\)$/g, '')
    .split('|')
    .map((place) => place.replaceAll(/^src\/|\\|\/?\$?$/g, ''));

/** `http` holds `http/routes`, and itself. */
const holds = (outer: string, inner: string): boolean => inner === outer || inner.startsWith(`${outer}/`);

const rooms = placesIn(forbidden.find(({ name }) => name === 'every-room-is-known')?.from.pathNot);

/** Each place that has a rule, with all that it may import. */
const imports = new Map(
  forbidden
    .filter(({ name }) => name.endsWith('-imports-only-its-own'))
    .map(({ from, to }) => [placesIn(from.path)[0] ?? '', placesIn(to.pathNot)]),
);

const mayImport = (from: string, to: string): boolean => {
  const allowed = imports.get(from);
  return allowed !== undefined && [from, ...allowed].some((one) => holds(one, to));
};

describe('the table of rooms in docs/architecture.md', () => {
  it('has a row for every folder of src, and for nothing else', () => {
    const folders = readdirSync(new URL('src', root), { withFileTypes: true });
    expect(folders.filter((entry) => !entry.isDirectory()).map(({ name }) => name)).toEqual([]);
    expect(rooms.filter((room) => !room.includes('/')).sort()).toEqual(folders.map(({ name }) => name).sort());
    expect(rooms.filter((room) => !existsSync(new URL(`src/${room}`, root)))).toEqual([]);
  });

  it('lets a room import only what stands below it', () => {
    const upwards = rooms.flatMap((room, row) =>
      (imports.get(room) ?? [])
        .filter((place) => rooms.findLastIndex((other) => holds(other, place)) < row)
        .filter((place) => !place.startsWith('packages/') && !holds(room, place))
        .map((place) => `${room} imports ${place}`),
    );
    expect(upwards).toEqual([]);
  });

  it('is held to rules whose places all exist, because a rule about a file that was moved guards nothing', () => {
    const named = forbidden
      .flatMap(({ from, to }) => [from.path, from.pathNot, to.path, to.pathNot])
      .flatMap((pattern) => (pattern ?? '').replace(/^\^\(|\)$/g, '').split('|'))
      .map((place) => place.replaceAll(/[\\^$]/g, ''))
      .filter((place) => /^(src|packages)\/[\w./-]+$/.test(place));
    expect(named).toContain('src/model/mint-approved-request.ts');
    expect([...new Set(named)].filter((place) => !existsSync(new URL(place, root)))).toEqual([]);
  });

  it('is held to a rule that refuses something', () => {
    expect(mayImport('http', 'store')).toBe(false);
    expect(mayImport('model', 'http')).toBe(false);
    expect(mayImport('start', 'store')).toBe(true);
    expect(mayImport('start', 'packages/kubectl-kubepass')).toBe(false);
    expect(rooms.filter((room) => !imports.has(room))).toEqual([]);
    expect(mayImport('signing', 'packages/x509/src/index.ts')).toBe(true);
    expect(mayImport('signing', 'packages/inspect/src/reading')).toBe(false);
    expect(mayImport('packages/x509/src', 'packages/inspect/src')).toBe(false);
  });
});

it('docs/architecture.md has the limits of .ci/ways.ts', () => {
  const page = readFileSync(new URL('docs/architecture.md', root), 'utf8');
  const told = [...page.matchAll(/^\| `(\w+)`: [^\n]*\| (\d+) \| (\d+) \|$/gm)].map((row) => row.slice(1));
  const ways = readFileSync(new URL('.ci/ways.ts', root), 'utf8');
  const held = [...ways.matchAll(/^ {2}(\w+): \{ mostFiles: (\d+), mostFunctions: (\d+),/gm)].map((way) =>
    way.slice(1),
  );
  expect(held.length).toBeGreaterThan(3);
  expect(told).toEqual(held);
});

it('docs/architecture.md names only files and folders that exist, besides what is built into dist/', () => {
  const text = readFileSync(new URL('docs/architecture.md', root), 'utf8');
  const named = [...text.matchAll(/`((?:[\w-]+\/)+[\w-]*(?:\.test)?(?:\.ts)?)`/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(30);
  const sources = named.filter((path) => !path.startsWith('dist/'));
  expect(
    sources.filter((path) => !existsSync(new URL(`src/${path}`, root)) && !existsSync(new URL(path, root))),
  ).toEqual([]);
});
