import { type ASTNode, Environment, ParseError } from '@marcbachmann/cel-js';
import { celLimits, cost } from './limits.js';
import { typeWithArticle, unknownShape, type ValueShape, withArticle } from './shape.js';

/** A place in the text of an expression, in UTF-16 code units from 0. */
export interface ExpressionPlace {
  readonly start: number;
}

/** The result of analysing an expression, or a part of it. */
export interface Analysis {
  readonly shape: ValueShape;
  /** The most steps that its evaluation takes. */
  readonly steps: number;
}

/** Collects the errors of an expression. Lines and columns are counted from 1. */
export class Problems {
  private readonly found: { readonly start: number; readonly message: string }[] = [];

  constructor(private readonly text: string) {}

  add(place: ExpressionPlace, message: string): void {
    this.found.push({ start: place.start, message });
  }

  /** Adds a problem. The result has the unknown shape, so no further problem follows from it. */
  refuse(place: ExpressionPlace, message: string): Analysis {
    this.add(place, message);
    return { shape: unknownShape, steps: 0 };
  }

  /** Adds a problem unless the shape is of this kind. */
  expect(place: ExpressionPlace, shape: ValueShape, kind: ValueShape['kind']): boolean {
    if (shape.kind === kind) return true;
    if (shape.kind !== 'unknown') this.add(place, `is ${typeWithArticle(shape)}, but must be ${withArticle(kind)}`);
    return false;
  }

  /** The steps of an operation that may fail. */
  get failure(): number {
    return cost.failure(this.text.length);
  }

  get any(): boolean {
    return this.found.length > 0;
  }

  /** In the order of the text. */
  get messages(): readonly string[] {
    const inOrder = [...this.found].sort((a, b) => a.start - b.start);
    return inOrder.map(({ start, message }) => {
      const before = this.text.slice(0, start).split('\n');
      return `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}: ${message}`;
    });
  }
}

/** The library's syntax tree of an expression. Macros are not expanded. */
export type Node = ASTNode;
export type NodeOf<Operator extends Node['op']> = Extract<Node, { op: Operator }>;

export const parserLimits = {
  maxAstNodes: celLimits.nodes,
  maxDepth: celLimits.depth,
  maxListElements: celLimits.literalSize,
  maxMapEntries: celLimits.literalSize,
  maxCallArguments: 8,
} as const;

const parser = new Environment({ unlistedVariablesAreDyn: true, limits: parserLimits });

type SyntaxResult =
  | { readonly ok: true; readonly root: Node }
  | { readonly ok: false; readonly place: ExpressionPlace; readonly message: string };

/** Parses the text of an expression within the limits on its size. */
export function parseSyntax(text: string): SyntaxResult {
  const refused = (start: number, message: string): SyntaxResult => ({ ok: false, place: { start }, message });
  if (text.trim() === '') return refused(0, 'is empty: write an expression');
  if (text.length > celLimits.text)
    return refused(celLimits.text, `is ${text.length} characters long, at most ${celLimits.text} are allowed`);
  // The specification ends a comment at a carriage return as well, but the library does not.
  // eslint-disable-next-line no-control-regex -- control characters are what this looks for
  const control = text.search(/[\u0000-\u0008\u000b-\u001f\u007f]/);
  if (control !== -1) return refused(control, 'is a control character: write it as an escape in a string');
  try {
    return { ok: true, root: parser.parse(text).ast };
  } catch (error) {
    if (error instanceof ParseError) {
      const advice = error.code === 'limit_exceeded' ? ': write a smaller expression, or several' : '';
      return refused(error.range?.start ?? 0, `${error.summary}${advice}`);
    }
    // Deep nesting, such as thousands of "!", overflows the parser's stack.
    if (error instanceof RangeError) return refused(0, 'nests too deeply');
    throw error;
  }
}
