import { existsSync, readFileSync } from 'node:fs';
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

const places = [...new Set([...rooms, ...imports.keys()])];

const mayImport = (from: string, to: string): boolean =>
  places.some((place) => {
    if (!holds(from, place)) return false;
    const allowed = imports.get(place);
    return allowed !== undefined && allowed.some((one) => holds(to, one) || holds(one, to));
  });

interface Picture {
  readonly boxes: readonly string[];
  readonly arrows: readonly { readonly from: string; readonly to: string }[];
}

/** Reads lines `id["place/<br>words"]` and `id --> id & id`; every other line of the picture is an error. */
function readPicture(markdown: string): Picture {
  const [, diagram = ''] = /^```mermaid\nflowchart TD\n([^]*?)^```$/m.exec(markdown) ?? [];
  const lines = diagram.split('\n').filter((line) => line.trim() !== '');
  const placeOf = new Map<string, string>();
  const arrows: { from: string; to: string }[] = [];
  const placeCalled = (id: string): string => {
    const place = placeOf.get(id);
    if (place === undefined) throw new Error(`the picture has an arrow to or from ${id}, but no box of that name`);
    return place;
  };
  for (const line of lines) {
    const [, id, place] = /^ +(\w+)\["([\w./-]+?)\/?<br>[^"]+"\]$/.exec(line) ?? [];
    const [, from, to] = /^ +(\w+) --> (\w+(?: & \w+)*)$/.exec(line) ?? [];
    if (id !== undefined && place !== undefined) placeOf.set(id, place);
    else if (from !== undefined && to !== undefined)
      for (const target of to.split(' & ')) arrows.push({ from: placeCalled(from), to: placeCalled(target) });
    else throw new Error(`the picture has a line that is neither box nor arrow: ${line}`);
  }
  return { boxes: [...placeOf.values()], arrows };
}

describe('the picture of docs/architecture.md', () => {
  const { boxes, arrows } = readPicture(readFileSync(new URL('docs/architecture.md', root), 'utf8'));

  it('has a box for every room that is in src', () => {
    const folders = rooms.filter((place) => !place.endsWith('.ts') && existsSync(new URL(`src/${place}`, root)));
    expect(folders.length).toBeGreaterThan(10);
    expect(folders.filter((room) => !boxes.some((box) => holds(box, room)))).toEqual([]);
  });

  it('has no box for what is neither in src nor a package', () => {
    expect(boxes.filter((box) => ![`src/${box}`, box].some((path) => existsSync(new URL(path, root))))).toEqual([]);
  });

  it('draws only imports that the dependency rule allows', () => {
    expect(arrows.length).toBeGreaterThan(20);
    expect(arrows.filter(({ from, to }) => !mayImport(from, to))).toEqual([]);
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
    expect(mayImport('compose', 'store')).toBe(true);
    expect(mayImport('compose', 'packages/kubectl-kubepass')).toBe(false);
    expect(places.filter((place) => !imports.has(place))).toEqual([]);
    expect(mayImport('signing', 'packages/x509')).toBe(true);
    expect(mayImport('signing', 'packages/inspect/src/reading')).toBe(false);
    expect(mayImport('packages/x509', 'packages/inspect')).toBe(false);
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
