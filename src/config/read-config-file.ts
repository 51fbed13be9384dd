import { readFileSync } from 'node:fs';
import Value from 'typebox/value';
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import { messageOf } from '@kubepass/x509';
import { FileSettings } from './config-file.js';
import { LocalCASettings } from './issuer-config.js';
import type { ReportProblem } from './setting.js';
import { namesOf, reportDifferences, shownName } from './shape-problems.js';

/** The configuration file as far as it can be read. */
export interface ConfigFile {
  /** Where a setting has another shape than the schema says, something stands there that has it. */
  readonly settings: Partial<FileSettings>;
  /** Whether this JSON Pointer, or one above or below it, was reported: what depends on it cannot be judged. */
  readonly isWrong: (pointer: string) => boolean;
  /** Where a setting is for people: `/etc/kubepass.yaml:4:11: clusters[0].name`. */
  readonly placeOf: (pointer: string) => string;
}

/**
 * Reads the file at this path, and reports what cannot be read of it. No problem repeats a text that may be a secret.
 */
export function readConfigFile(path: string, report: ReportProblem): ConfigFile {
  const lines = new LineCounter();
  let document: Document;
  let value: unknown;
  try {
    document = parseDocument(readFileSync(path, 'utf8'), {
      ...{ version: '1.2', stringKeys: true, merge: false, resolveKnownTags: false, lineCounter: lines },
    });
  } catch (error) {
    report(path, `cannot be read: ${messageOf(error)}`);
    return unreadable(path);
  }
  const problems = [...document.errors, ...document.warnings];
  for (const { code, pos } of problems) {
    const { line, col } = lines.linePos(startOf(pos[0], document));
    report(`${path}:${line}:${col}`, `is not YAML: ${code}. Its text, which may hold secrets, is not repeated`);
  }
  if (problems.length > 0) return unreadable(path);
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch {
    report(path, 'holds an alias without an anchor before it, or aliases that stand for too much');
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

const names = [...namesOf(FileSettings), ...namesOf(LocalCASettings)];

/** `/clusters/0/name` as `: clusters[0].name`. */
const nameOf = (pointer: string): string => {
  const steps = pointer.split('/').slice(1);
  const name = steps.map((step) => (/^\d{1,4}$/.test(step) ? `[${step}]` : `.${shownName(step, names)}`)).join('');
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
