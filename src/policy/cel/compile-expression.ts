import { Analyzer } from './analyzer.js';
import { bindVariables, environment } from './environment.js';
import type { Replacement } from './functions.js';
import { celLimits } from './limits.js';
import { parseSyntax, Problems } from './syntax.js';
import { typeWithArticle } from './shape.js';
import type { ExpressionVariables, VariableName } from './variables.js';

export interface Expression {
  readonly text: string;
  /** The variables that it reads. Facts are looked up only if an expression reads them. */
  readonly reads: ReadonlySet<VariableName>;
  /**
   * The value, of the type that it was compiled for. Throws if the evaluation fails: an index beyond a list, an integer
   * beyond 64 bits, or a variable that is larger than allowed. The caller fails closed.
   */
  readonly evaluate: (variables: ExpressionVariables) => boolean | string;
}

type ExpressionResult =
  | { readonly ok: true; readonly expression: Expression }
  /** Each error names its place: `line 1, column 9: Request has no field "user": …`. */
  | { readonly ok: false; readonly errors: readonly string[] };

/**
 * Compiles an expression of CEL (https://github.com/google/cel-spec) for many evaluations. It reports every error that
 * can be known without values: syntax, types, functions, and too many steps in the worst case.
 */
export function compileExpression(text: string, result: 'bool' | 'string'): ExpressionResult {
  const problems = new Problems(text);
  const refused = (): ExpressionResult => ({ ok: false, errors: problems.messages });

  const syntax = parseSyntax(text);
  if (!syntax.ok) {
    problems.add(syntax.place, syntax.message);
    return refused();
  }
  const analyzer = new Analyzer(problems);
  const { shape } = analyzer.analyse(syntax.root);
  if (shape.kind !== result && shape.kind !== 'unknown')
    problems.add(syntax.root, `is ${typeWithArticle(shape)}, but must be a ${result}`);
  if (problems.any) return refused();

  const evaluated = environment.parse(withReplacements(text, analyzer.replacements));
  const checked = evaluated.check();
  if (!checked.valid || checked.type !== result) {
    problems.add({ start: 0 }, checked.error?.message ?? `is a ${String(checked.type)}, but must be a ${result}`);
    return refused();
  }
  const evaluate = (variables: ExpressionVariables): boolean | string => {
    const value: unknown = evaluated(bindVariables(variables));
    if (result === 'bool' && typeof value === 'boolean') return value;
    if (result === 'string' && typeof value === 'string' && value.length <= celLimits.stringLength) return value;
    throw new TypeError(`the expression is not a ${result}`);
  };
  return { ok: true, expression: { text, reads: analyzer.reads, evaluate } };
}

function withReplacements(text: string, replacements: readonly Replacement[]): string {
  let replaced = text;
  for (const { start, end, text: by } of [...replacements].sort((a, b) => b.start - a.start))
    replaced = replaced.slice(0, start) + by + replaced.slice(end);
  return replaced;
}
