import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ReleaseError } from './release-error.js';
import { isScalar, parseDocument, stringify } from 'yaml';

/** A version that stands in a file, and where in it, for people. */
export interface WrittenVersion {
  readonly where: string;
  readonly version: string;
}

/** A file that carries the version of kubepass. */
export interface VersionPlace {
  /** A path from the root. */
  readonly file: string;
  /** Every mention in the text of the file. */
  readonly find: (text: string) => readonly WrittenVersion[];
  /** The text with another version in each of these places. */
  readonly write: (text: string, version: string) => string;
}

/** Every file that carries the version: there is no other list. `release:prepare` writes them, a test compares them. */
export const versionPlaces = (root: string): readonly VersionPlace[] => {
  const files = (...patterns: readonly string[]) =>
    patterns.flatMap((pattern) => globSync(pattern, { cwd: root }).sort());
  return [
    ...files('package.json', 'packages/*/package.json').map((file) => json(file, ofManifest)),
    json('package-lock.json', ofLockfile),
    text('packages/inspect/src/command-line/version.ts', [/(?<=^export const version = ')[^']+(?=')/gm], 1),
    ...files('deploy/chart/*/Chart.yaml').map(chart),
    ...files('openapi/*.json').map((file) => text(file, [/(?<=^ {4}"version": ")[^"]+(?=")/gm], 1)),
    ...files('deploy/kubernetes/*.yaml', 'docker-compose*.yml').map((file) => text(file, imagesOfManifests)),
    ...files('*.md', 'docs/*.md', 'packages/*/README.md', 'deploy/**/README.md')
      .filter((file) => file !== 'CHANGELOG.md')
      .map((file) => text(file, namesInPages)),
  ];
};

/** The version of package.json. */
export const versionOf = (root: string): string =>
  (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string }).version;

/** Texts of the files, as they are in the tree. */
export const readPlace = (root: string, { file }: VersionPlace): string => readFileSync(join(root, file), 'utf8');

const number = String.raw`\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\.\d+)?`;
const after = (before: string, behind = '') => new RegExp(`(?<=${before})${number}(?![\\w-])${behind}`, 'gm');

const imagesOfManifests = [after(String.raw`\bimage: ['"]?kubepass:`), after(String.raw`\bnewTag: ['"]?`)];

/**
 * Names of what a release publishes, as pages write them for readers to copy. A page may tell of older versions in
 * sentences: "as 0.2.0 does".
 */
const namesInPages = [
  after(String.raw`\bkubepass:v?`),
  after(String.raw`\b(?:kubepass|kubepass-access|openapi|provenance)-`, String.raw`(?=\.(?:tgz|yaml|json|cdx))`),
  after(
    String.raw`(?:--version[ =]|\bVERSION=|\brev: |\brefs/tags/|\bgit checkout |\btargetRevision: |\btag: )['"]?v?`,
  ),
];

/** Each match of one of the expressions is a version; `count` where a file has just so many. */
function text(file: string, expressions: readonly RegExp[], count: number | null = null): VersionPlace {
  const find = (content: string) =>
    expressions
      .flatMap((expression) => [...content.matchAll(expression)])
      .map(({ 0: version, index }) => ({ where: `line ${content.slice(0, index).split('\n').length}`, version }));
  return {
    file,
    find: (content) => {
      const found = find(content);
      if (count !== null && found.length !== count)
        throw new ReleaseError(`${file} has ${found.length} versions instead of ${count}: mend it or ${ownPath}`);
      return found;
    },
    write: (content, version) =>
      expressions.reduce((written, expression) => written.replaceAll(expression, () => version), content),
  };
}

const ownPath = 'scripts/release/version-places.ts';

function chart(file: string): VersionPlace {
  const keys = ['version', 'appVersion'];
  return {
    file,
    find: (content) => keys.map((key) => ({ where: key, version: yamlScalar(content, [key], file) })),
    write: (content, version) => keys.reduce((written, key) => withYamlScalar(written, [key], version, file), content),
  };
}

/** An object with a member that is a version. */
interface Member {
  readonly where: string;
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

/** npm writes its files as `JSON.stringify` does, so nothing but the version changes. */
function json(file: string, members: (document: Manifest) => readonly Member[]): VersionPlace {
  return {
    file,
    find: (content) =>
      members(JSON.parse(content) as Manifest).map(({ where, holder, key }) => ({
        where,
        version: String(holder[key]),
      })),
    write: (content, version) => {
      const document = JSON.parse(content) as Manifest;
      for (const { holder, key } of members(document)) holder[key] = version;
      return `${JSON.stringify(document, null, 2)}\n`;
    },
  };
}

/** A package.json, or an entry of a lockfile. */
type Manifest = Record<string, unknown> & { readonly packages?: Readonly<Record<string, Manifest>> };

const kindsOfDependencies = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];

/** Its own version, and those of the packages of this repository that it takes. */
const ofManifest = (manifest: Manifest, where = ''): readonly Member[] => [
  { where: `${where}version`, holder: manifest, key: 'version' },
  ...kindsOfDependencies.flatMap((kind) => {
    const holder = (manifest[kind] ?? {}) as Record<string, unknown>;
    return Object.keys(holder)
      .filter((key) => key.startsWith('@kubepass/'))
      .map((key) => ({ where: `${where}${kind}.${key}`, holder, key }));
  }),
];

const ofLockfile = (lockfile: Manifest): readonly Member[] => [
  { where: 'version', holder: lockfile, key: 'version' },
  ...Object.entries(lockfile.packages ?? {})
    .filter(([path]) => path === '' || path.startsWith('packages/'))
    .flatMap(([path, entry]) => ofManifest(entry, `packages["${path}"].`)),
];

/** Keys and indexes from the root of a document: `['image', 'digest']`. */
export type YamlPath = readonly (string | number)[];

function scalarAt(text: string, path: YamlPath, name: string) {
  const document = parseDocument(text);
  const node = document.errors.length > 0 ? undefined : document.getIn(path, true);
  if (isScalar(node) && node.range && typeof node.value === 'string') return { value: node.value, range: node.range };
  throw new ReleaseError(`${name} has no text at ${path.join('.')}: write it there, or mend scripts/release`);
}

/** The text of a scalar in a YAML document. Throws `ReleaseError`, which names the file, where there is none. */
export const yamlScalar = (text: string, path: YamlPath, name: string): string => scalarAt(text, path, name).value;

/** The document with another text at that place: comments, quotes of others and order stay. */
export function withYamlScalar(text: string, path: YamlPath, value: string, name: string): string {
  const [start, end] = scalarAt(text, path, name).range;
  // A value that stood in quotes keeps them, so that the line looks as its author wrote it.
  const quoted = /^['"]/.test(text.slice(start, end)) ? `'${value.replaceAll("'", "''")}'` : stringify(value).trim();
  return text.slice(0, start) + quoted + text.slice(end);
}
