// Tests src/policy/cel/compile-expression.ts, src/policy/cel/operators.ts
import { describe, expect, it } from 'vitest';
import { compileExpression, type Expression } from '../../../../src/policy/cel/compile-expression.js';
import { conformanceCases, error, type ConformanceCase } from './conformance-cases.js';
import { variables } from './variables.js';

/** Expressions that ask the same as the case and have a result that a policy may have. */
function attempts({ expression, expected }: ConformanceCase): readonly (readonly [string, 'bool' | 'string'])[] {
  const whole = [
    [expression, 'bool'],
    [expression, 'string'],
  ] as const;
  // An int, a list: compared with itself, it is evaluated and gives a bool.
  if (expected === error) return [...whole, [`(${expression}) == (${expression})`, 'bool']];
  const [type, value = ''] = expected.split(/:(.*)/s);
  return type === 'int' ? [[`(${expression}) == ${value}`, 'bool']] : whole;
}

function admitted(test: ConformanceCase): Expression | undefined {
  if (test.variables.size > 0 || test.container !== '') return undefined;
  for (const [text, result] of attempts(test)) {
    const compiled = compileExpression(text, result);
    if (compiled.ok) return compiled.expression;
  }
  return undefined;
}

const cases = conformanceCases().flatMap((test) => {
  const expression = admitted(test);
  return expression ? [{ ...test, expression }] : [];
});

describe('the public conformance cases', () => {
  it('are admitted in part', () => {
    expect(cases.length).toBeGreaterThan(200);
  });

  it.each(cases)('$suite/$name ends as the specification says', ({ expression, expected }) => {
    const evaluate = () => {
      const value = expression.evaluate(variables);
      return typeof value === 'string' ? `string:${JSON.stringify(value)}` : `bool:${String(value)}`;
    };
    if (expected === error) expect(evaluate).toThrow();
    else expect(evaluate()).toBe(expected.startsWith('int:') ? 'bool:true' : expected);
  });
});
