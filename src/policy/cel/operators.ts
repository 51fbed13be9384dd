import { celTypeName, eitherOf, unknownShape, typeWithArticle, type ValueShape } from './shape.js';
import * as shapes from './shape.js';
import { cost } from './limits.js';
import type { Analysis, ExpressionPlace, NodeOf, Problems } from './syntax.js';

/** The largest int of CEL. */
export const maxInt = 2n ** 63n - 1n;

export function equality(problems: Problems, node: NodeOf<'==' | '!='>, a: Analysis, b: Analysis): Analysis {
  const steps = a.steps + b.steps + cost.equal(a.shape, b.shape);
  const both = eitherOf(a.shape, b.shape);
  if (both === null)
    problems.add(node, `compares ${typeWithArticle(a.shape)} with ${typeWithArticle(b.shape)}, which are never equal`);
  else expectComparable(problems, node, both, `"${node.op}"`);
  return { shape: shapes.bool, steps };
}

export function membership(problems: Problems, node: NodeOf<'in'>, value: Analysis, of: Analysis): Analysis {
  const steps = value.steps + of.steps;
  const answer = (more: number): Analysis => ({ shape: shapes.bool, steps: steps + more });
  switch (of.shape.kind) {
    case 'unknown':
      return answer(0);
    case 'map':
      problems.expect(node.args[0], value.shape, 'string');
      return answer(cost.call);
    case 'list': {
      const { element } = of.shape;
      if (element === null) return problems.refuse(node, 'looks into an empty list');
      const both = eitherOf(value.shape, element);
      if (both === null)
        problems.add(node, `looks for ${typeWithArticle(value.shape)} in a list of ${celTypeName(element)}`);
      else expectComparable(problems, node, both, '"in"');
      return answer(cost.membership(value.shape, of.shape));
    }
    default:
      return problems.refuse(node.args[1], `is ${typeWithArticle(of.shape)}, "in" looks into a list or a map`);
  }
}

/** Refuses types that the library does not compare as the specification says. */
function expectComparable(problems: Problems, place: ExpressionPlace, shape: ValueShape, operator: string): void {
  const scalar = shape.kind === 'list' ? (shape.element ?? shapes.bool) : shape;
  if (!['bool', 'int', 'string', 'timestamp', 'unknown'].includes(scalar.kind))
    problems.add(
      place,
      `${operator} does not compare ${celTypeName(shape)}${scalar.kind === 'duration' ? ': use < or >' : ''}`,
    );
}

export function order(problems: Problems, node: NodeOf<'<' | '<=' | '>' | '>='>, a: Analysis, b: Analysis): Analysis {
  const result = { shape: shapes.bool, steps: a.steps + b.steps + cost.node };
  if (a.shape.kind === 'unknown' || b.shape.kind === 'unknown') return result;
  if (a.shape.kind !== b.shape.kind)
    problems.add(node, `"${node.op}" compares ${typeWithArticle(a.shape)} with ${typeWithArticle(b.shape)}`);
  // The library orders strings by code units, but CEL orders them by code points.
  else if (a.shape.kind !== 'int' && a.shape.kind !== 'timestamp' && a.shape.kind !== 'duration')
    problems.add(node, `"${node.op}" compares int, timestamp and duration, not ${celTypeName(a.shape)}`);
  return result;
}

export function arithmetic(problems: Problems, node: NodeOf<'+' | '-' | '*'>, a: Analysis, b: Analysis): Analysis {
  const steps = a.steps + b.steps;
  const { shape: left } = a;
  const { shape: right } = b;
  if (left.kind === 'unknown' || right.kind === 'unknown') return { shape: unknownShape, steps };
  // The library fails if the result is not a 64-bit integer.
  if (left.kind === 'int' && right.kind === 'int') {
    const most = node.op === '*' ? left.most * right.most : left.most + right.most;
    const mayFail = most >= Number(maxInt);
    return {
      shape: shapes.int(Math.min(most, Number(maxInt))),
      steps: steps + cost.node + (mayFail ? problems.failure : 0),
    };
  }
  if (node.op === '+' && left.kind === 'string' && right.kind === 'string') {
    const length = left.length + right.length;
    return { shape: shapes.string(length), steps: steps + cost.concatenate(length) };
  }
  if (node.op === '+' && left.kind === 'list' && right.kind === 'list') {
    const both = eitherOf(left, right);
    if (both?.kind === 'list') {
      const size = left.size + right.size;
      const characters = shapes.charactersOf(left) + shapes.charactersOf(right);
      return { shape: { ...both, size, characters }, steps: steps + cost.append(size) };
    }
  }
  if (node.op !== '*' && left.kind === 'timestamp' && right.kind === 'duration') {
    // google.protobuf.Timestamp ends with the year 9999. The library does not check that.
    const [operand] = node.args;
    if (operand.op === 'call') return problems.refuse(operand, 'has a known result: write that instant');
    return { shape: shapes.timestamp, steps: steps + cost.call };
  }
  if (node.op === '-' && left.kind === 'timestamp' && right.kind === 'timestamp')
    return { shape: shapes.duration, steps: steps + cost.print };
  return problems.refuse(node, `there is no ${celTypeName(left)} ${node.op} ${celTypeName(right)}`);
}

export function division(problems: Problems, node: NodeOf<'/' | '%'>, a: Analysis, b: Analysis): Analysis {
  const divisor = node.args[1];
  problems.expect(node.args[0], a.shape, 'int');
  if (!problems.expect(divisor, b.shape, 'int')) return { shape: unknownShape, steps: 0 };
  // Dividing the smallest int by -1 overflows, which the library does not detect. So the divisor must be known here.
  if (divisor.op !== 'value' || divisor.args === 0n)
    return problems.refuse(divisor, `"${node.op}" needs a positive number literal as its divisor`);
  return { shape: a.shape, steps: a.steps + b.steps + cost.node };
}
