import {
  Composer,
  type Document,
  type DocumentOptions,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type ParsedNode,
  type ParseOptions,
  Parser,
  Scalar,
  type SchemaOptions,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Place } from '../json/place.js';

type ComposedDocument = Document.Parsed;

/** Bounds of a stream. */
export interface StreamBounds {
  /** Nesting of collections. */
  readonly maxDepth: number;
  /** Lexemes; each takes a few microseconds. */
  readonly maxLexemes: number;
  readonly maxDocuments: number;
}

type ComposedStream =
  | {
      readonly ok: true;
      readonly documents: readonly ComposedDocument[];
      readonly lineCounter: LineCounter;
      readonly lexemes: number;
    }
  | { readonly ok: false; readonly exceeded: keyof StreamBounds };

/**
 * Composes the documents of a stream within bounds. Composing recurses with the nesting, and a stack overflow there can
 * end the process instead of throwing. The parser keeps its own stack, so its depth is checked at each lexeme, before
 * anything is composed.
 */
export function composeDocuments(
  text: string,
  options: Omit<ParseOptions & DocumentOptions & SchemaOptions, 'uniqueKeys' | 'prettyErrors'>,
  { maxDepth, maxLexemes, maxDocuments }: StreamBounds,
): ComposedStream {
  const lineCounter = new LineCounter();
  lineCounter.addNewLine(0);
  const parser = new Parser(lineCounter.addNewLine);
  const composer = new Composer<ParsedNode>({
    ...options,
    prettyErrors: false, // they quote the source, and search it for every error
    uniqueKeys: false, // compares each key with all others; `plainValue` reports duplicates
    logLevel: 'silent',
  });
  const documents: ComposedDocument[] = [];
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1;
    if (lexemes > maxLexemes) return { ok: false, exceeded: 'maxLexemes' };
    for (const token of parser.next(lexeme)) documents.push(...composer.next(token));
    if (parser.stack.length > maxDepth) return { ok: false, exceeded: 'maxDepth' };
    if (documents.length > maxDocuments) return { ok: false, exceeded: 'maxDocuments' };
  }
  for (const token of parser.end()) documents.push(...composer.next(token));
  documents.push(...composer.end());
  if (documents.length > maxDocuments) return { ok: false, exceeded: 'maxDocuments' };
  return { ok: true, documents, lineCounter, lexemes };
}

/** A member whose map already has that name. */
export interface DuplicateMember {
  readonly place: Place;
  /** In the text. */
  readonly offset: number;
}

type PlainValue =
  | { readonly ok: true; readonly value: unknown; readonly duplicates: readonly DuplicateMember[] }
  /** An alias without its anchor, or, where it is `excessive`, too many aliases. `offset`: of the alias in the text. */
  | { readonly ok: false; readonly error: string; readonly excessive: boolean; readonly offset: number };

interface PlainValueRules {
  /** `<<` merges the members of other maps (YAML 1.1). */
  readonly merge: boolean;
  /** Values with every alias written out. */
  readonly maxValues: number;
}

/**
 * The value of a document whose maps have string keys. The last of duplicate members counts. The target of an alias is
 * not copied, but counts each time, because readers walk it each time.
 */
export function plainValue(document: ComposedDocument, rules: PlainValueRules): PlainValue {
  const reader = new NodeReader(rules);
  try {
    const { value } = reader.read(document.contents, []);
    return { ok: true, value, duplicates: reader.duplicates };
  } catch (error) {
    if (error instanceof AliasError) {
      const { message, excessive } = error;
      return { ok: false, error: message, excessive, offset: reader.offset };
    }
    throw error;
  }
}

class AliasError extends Error {
  constructor(
    message: string,
    readonly excessive: boolean,
  ) {
    super(message);
  }
}

/** A value, and the number of values in it. */
interface Counted {
  readonly value: unknown;
  readonly count: number;
}

class NodeReader {
  readonly duplicates: DuplicateMember[] = [];
  /** Where the last alias that was read begins in the text. */
  offset = 0;
  /** An anchor is set after its node is complete, so an alias inside that node has no anchor. */
  readonly #anchors = new Map<string, Counted>();
  #values = 0;

  constructor(private readonly rules: PlainValueRules) {}

  /** `place` changes later, so it is copied where it is kept. */
  read(node: unknown, place: (string | number)[]): Counted {
    if (isAlias(node)) {
      this.offset = node.range?.[0] ?? 0;
      const target = this.#anchors.get(node.source);
      if (target === undefined)
        throw new AliasError(`Unresolved alias (the anchor must be set before the alias): ${node.source}`, false);
      this.#spend(target.count);
      return target;
    }
    this.#spend(1);
    const counted = this.#readContent(node, place);
    if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined)
      this.#anchors.set(node.anchor, counted);
    return counted;
  }

  #readContent(node: unknown, place: (string | number)[]): Counted {
    if (isMap(node)) return this.#readMap(node, place);
    if (isSeq(node)) return this.#readList(node, place);
    return { value: isScalar(node) ? node.value : null, count: 1 };
  }

  #readList(node: YAMLSeq, place: (string | number)[]): Counted {
    let count = 1;
    const value = node.items.map((item, i) => {
      place.push(i);
      const counted = this.read(item, place);
      place.pop();
      count += counted.count;
      return counted.value;
    });
    return { value, count };
  }

  #readMap(node: YAMLMap, place: (string | number)[]): Counted {
    let count = 1;
    const members = new Map<string, unknown>();
    const merged = new Map<string, unknown>();
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      place.push(name);
      const counted = this.read(value, place);
      count += counted.count;
      if (this.rules.merge && name === '<<' && isScalar(key) && key.type === Scalar.PLAIN) {
        count += this.#merge(counted.value, merged);
      } else {
        if (members.has(name))
          this.duplicates.push({ place: [...place], offset: isScalar(key) ? (key.range?.[0] ?? 0) : 0 });
        members.set(name, counted.value);
      }
      place.pop();
    }
    // With a null prototype, only names of the document are members.
    const value = Object.create(null) as Record<string, unknown>;
    for (const [name, member] of merged) value[name] = member;
    for (const [name, member] of members) value[name] = member;
    return { value, count };
  }

  /** Merges the members of a map, or of each map in a list. The first of several maps counts. */
  #merge(source: unknown, into: Map<string, unknown>): number {
    let taken = 0;
    for (const map of Array.isArray(source) ? (source as readonly unknown[]) : [source]) {
      if (typeof map !== 'object' || map === null || Array.isArray(map)) continue;
      for (const [name, member] of Object.entries(map)) {
        this.#spend(1);
        taken += 1;
        if (!into.has(name)) into.set(name, member);
      }
    }
    return taken;
  }

  #spend(values: number): void {
    this.#values += values;
    if (this.#values > this.rules.maxValues)
      throw new AliasError('Excessive alias count indicates a resource exhaustion attack', true);
  }
}

/**
 * The offset of the member or item at `steps`, or of the nearest value around it that the document has. A member begins
 * with its key. Names that have slashes in them may be split there.
 */
export function offsetAt(document: ComposedDocument, steps: readonly string[]): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range[0] ?? document.range[0];
  for (let i = 0; i < steps.length;) {
    if (isAlias(node)) node = node.resolve(document);
    const taken = isMap(node) ? memberAt(node, steps.slice(i)) : isSeq(node) ? itemAt(node, steps[i] ?? '') : null;
    if (taken === null) return offset;
    ({ node, offset } = taken);
    i += taken.steps;
  }
  return offset;
}

interface Taken {
  readonly node: unknown;
  readonly offset: number;
  /** How many steps lead there. */
  readonly steps: number;
}

function memberAt({ items }: YAMLMap, steps: readonly string[]): Taken | null {
  for (let taken = 1; taken <= steps.length; taken++) {
    const name = steps.slice(0, taken).join('/');
    const found = items.find(({ key }) => isScalar(key) && String(key.value) === name);
    if (found && isScalar(found.key)) return { node: found.value, offset: found.key.range?.[0] ?? 0, steps: taken };
  }
  return null;
}

function itemAt({ items }: YAMLSeq, step: string): Taken | null {
  const node = items[Number(step)];
  return isNode(node) ? { node, offset: node.range?.[0] ?? 0, steps: 1 } : null;
}
