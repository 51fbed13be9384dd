import { readFileSync } from 'node:fs';
import Value from 'typebox/value';
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import { FileSettings } from './config-file.js';
import type { ReportProblem } from './setting.js';
import { reportDifferences } from './shape-problems.js';

/** The configuration file as far as it can be read. */
export interface ConfigFile {
  /** Where a setting has another shape than the schema says, something stands there that has it. */
  readonly settings: Partial<FileSettings>;
  /** Whether this JSON Pointer, or one above or below it, was reported: what depends on it cannot be judged. */
  readonly isWrong: (pointer: string) => boolean;
  /** Where a setting is for people: `/etc/kubepass.yaml:4:11: clusters[0].name`. */
  readonly placeOf: (pointer: string) => string;
}

/** Reads the file at this path, and reports what cannot be read of it. */
export function readConfigFile(path: string, report: ReportProblem): ConfigFile {
  const lines = new LineCounter();
  let document: Document;
  let value: unknown;
  try {
    const text = readFileSync(path, 'utf8');
    document = parseDocument(text, {
      ...{ version: '1.2', stringKeys: true, merge: false, resolveKnownTags: false, lineCounter: lines },
    });
    const problems = [...document.errors, ...document.warnings];
    for (const { message, pos } of problems)
      reportYaml(path, text, message, lines.linePos(startOf(pos[0], document)), report);
    if (problems.length > 0) return unreadable(path);
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    report(path, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return unreadable(path);
  }
  const wrong: string[] = [];
  const placeOf = (pointer: string) => [path, ...positionOf(pointer, document, lines)].join(':') + nameOf(pointer);
  reportDifferences(FileSettings, value, '', (pointer, message) => {
    wrong.push(pointer);
    report(placeOf(pointer), message);
  });
  const settings = wrong.includes('') ? null : repaired(value);
  if (settings === null) return { ...unreadable(path), placeOf };
  const isWrong = (pointer: string) => wrong.some((other) => isWithin(pointer, other) || isWithin(other, pointer));
  return { settings, isWrong, placeOf };
}

const unreadable = (path: string): ConfigFile => ({
  settings: {},
  isWrong: () => true,
  placeOf: (pointer) => path + nameOf(pointer),
});

/** The settings in their shape; null where the library finds nothing to put in a place. */
function repaired(value: unknown): FileSettings | null {
  try {
    return Value.Repair(FileSettings, value);
  } catch {
    return null;
  }
}

const isWithin = (pointer: string, outer: string): boolean => pointer === outer || pointer.startsWith(`${outer}/`);

/** `/clusters/0/name` as `: clusters[0].name`. */
const nameOf = (pointer: string): string => {
  const name = pointer.replace(/\/(\d+)(?=\/|$)/g, '[$1]').replaceAll('/', '.');
  return name === '' ? '' : `: ${name.slice(1)}`;
};

/** Line and column of the setting, or of the nearest one around it; none for the whole file. */
function positionOf(pointer: string, document: Document, lines: LineCounter): readonly number[] {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const name of pointer.split('/').slice(1)) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === name);
      if (!isScalar(pair?.key)) break;
      offset = pair.key.range?.[0];
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(name)];
      offset = (node as { range?: readonly number[] | null } | undefined)?.range?.[0] ?? offset;
    } else break;
  }
  if (offset === undefined) return [];
  const { line, col } = lines.linePos(offset);
  return [line, col];
}

/** Reports where the file is no YAML, with the line and a caret below the place. */
function reportYaml(
  path: string,
  text: string,
  message: string,
  { line, col }: { readonly line: number; readonly col: number },
  report: ReportProblem,
): void {
  const what = message.replace(/ at line \d+, column \d+:[^]*$/, '');
  const shown = withoutSecrets(text.split(/\r?\n/)[line - 1] ?? '').slice(0, widestLine);
  const caret = col <= shown.length + 1 ? `\n    ${' '.repeat(col - 1)}^` : '';
  report(`${path}:${line}:${col}`, `${what}\n    ${shown}${caret}`);
}

/** Where people look: the library says of a quote that is never closed where the file ends. */
function startOf(offset: number, document: Document): number {
  let start = offset;
  visit(document, {
    Scalar(_, { type = '', range }) {
      if (/^QUOTE/.test(type) && range && range[0] < offset && offset <= range[2]) [start] = range;
    },
  });
  return start;
}

const widestLine = 120;

/** Stars stand for each character that may be of a secret: passwords of URLs, secrets of webhooks, keys. */
const withoutSecrets = (line: string): string =>
  line
    .replaceAll('\t', ' ')
    .replace(/(?<=:\/\/[^\s:@/]*:)(?:.+(?=@)|(?!\d+(?:\/|\W|$)).+)/g, stars)
    .replace(/(?<=(?:password|passwd|secret|token|key)["']?\s*:\s*)\S.*$/i, stars)
    .replace(/whsec_\S*|[A-Za-z0-9+/=_-]{40,}/g, stars);

const stars = (text: string): string => '*'.repeat(text.length);
