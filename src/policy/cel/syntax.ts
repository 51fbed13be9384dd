import type { ASTNode } from '@marcbachmann/cel-js';
import { Environment, ParseError } from '@marcbachmann/cel-js';
import { limits } from './limits.js';
import type { Place } from './problems.js';

/** The syntax tree of an expression, as the library reads it. Macros stand in it as they are written. */
export type Node = ASTNode;
export type NodeOf<Operator extends Node['op']> = Extract<Node, { op: Operator }>;

export const parserLimits = {
  maxAstNodes: limits.nodes,
  maxDepth: limits.depth,
  maxListElements: limits.literalSize,
  maxMapEntries: limits.literalSize,
  maxCallArguments: 8,
} as const;

const parser = new Environment({ unlistedVariablesAreDyn: true, limits: parserLimits });

export type SyntaxResult =
  { readonly ok: true; readonly root: Node } | { readonly ok: false; readonly place: Place; readonly message: string };

/** Reads an expression's text, within the limits on its size. */
export function parseSyntax(text: string): SyntaxResult {
  const refused = (start: number, message: string): SyntaxResult => ({ ok: false, place: { start }, message });
  if (text.trim() === '') return refused(0, 'is empty: write an expression');
  if (text.length > limits.text)
    return refused(limits.text, `is ${text.length} characters long, at most ${limits.text} are allowed`);
  // The library ends a comment at a line feed alone, the specification at a carriage return too.
  // eslint-disable-next-line no-control-regex
  const control = text.search(/[\u0000-\u0008\u000b-\u001f\u007f]/);
  if (control !== -1) return refused(control, 'is a control character: write it as an escape in a string');
  try {
    return { ok: true, root: parser.parse(text).ast };
  } catch (error) {
    if (error instanceof ParseError) {
      const advice = error.code === 'limit_exceeded' ? ': write a smaller expression, or several' : '';
      return refused(error.range?.start ?? 0, `${error.summary}${advice}`);
    }
    // Whatever the parser does not survive, thousands of "!" for example, is no expression either.
    if (error instanceof RangeError) return refused(0, 'nests too deeply');
    throw error;
  }
}
