import { calls, macros, methods, refusedFunctions, type Argument, type Replacement } from './functions.js';
import { cost, celLimits } from './limits.js';
import type { Node, NodeOf, ExpressionPlace, Problems } from './syntax.js';
import * as shapes from './shape.js';
import { eitherOf, type ValueShape, celTypeName, unknownShape, withArticle } from './shape.js';
import { variableNames, variableShapes, type VariableName } from './variables.js';

/** The result of analysing an expression, or a part of it. */
export interface Analysis {
  readonly shape: ValueShape;
  /** The most steps that its evaluation takes. */
  readonly steps: number;
}

type Scope = ReadonlyMap<string, ValueShape>;
const maxInt = 2n ** 63n - 1n;

/**
 * Finds the type of an expression, bounds the steps of its evaluation, and reports everything that is not in the
 * language. The language is the part of CEL in which the library follows the specification, with four variables. All
 * problems are reported, but none that follows from another.
 */
export class Analyzer {
  readonly reads = new Set<VariableName>();
  readonly replacements: Replacement[] = [];

  constructor(
    private readonly problems: Problems,
    private readonly textLength: number,
  ) {}

  /** The steps of an operation that may fail. */
  private get failure() {
    return cost.failure(this.textLength);
  }

  analyse(root: Node): Analysis {
    const analysis = this.visit(root, new Map(), 0);
    if (analysis.steps > celLimits.steps && !this.problems.any)
      this.problems.add(
        root,
        `takes up to ${Math.ceil(analysis.steps)} steps, at most ${celLimits.steps} are allowed: loop over less, or nest fewer loops`,
      );
    return analysis;
  }

  private visit(node: Node, scope: Scope, loops: number): Analysis {
    const analysis = this.visitAny(node, scope, loops);
    return { shape: this.bounded(node, analysis.shape), steps: analysis.steps };
  }

  private visitAny(node: Node, scope: Scope, loops: number): Analysis {
    const visit = (child: Node) => this.visit(child, scope, loops);
    switch (node.op) {
      case 'value':
        return { shape: this.literal(node), steps: cost.node };
      case 'id':
        return { shape: this.variable(node, scope), steps: cost.node + loops };
      case '.':
        return this.field(node, visit(node.args[0]));
      case '[]':
        return this.element(node, visit(node.args[0]), visit(node.args[1]));
      case 'list':
        return this.list(node, node.args.map(visit));
      case 'map':
        return this.map(node, visit);
      case '!_':
        return this.logic(node.op, [node.args], visit);
      case '-_':
        return this.negative(node);
      case '&&':
      case '||':
        return this.logic(node.op, node.args, visit);
      case '?:':
        return this.conditional(node, node.args.map(visit));
      case '==':
      case '!=':
        return this.equality(node, visit(node.args[0]), visit(node.args[1]));
      case 'in':
        return this.membership(node, visit(node.args[0]), visit(node.args[1]));
      case '<':
      case '<=':
      case '>':
      case '>=':
        return this.order(node, visit(node.args[0]), visit(node.args[1]));
      case '+':
      case '-':
      case '*':
        return this.arithmetic(node, visit(node.args[0]), visit(node.args[1]));
      case '/':
      case '%':
        return this.division(node, visit(node.args[0]), visit(node.args[1]));
      case 'call':
        return this.call(node, node.args[0], undefined, node.args[1], scope, loops);
      case 'rcall':
        return this.call(node, node.args[0], node.args[1], node.args[2], scope, loops);
      default:
        return this.refuse(node, 'is not supported');
    }
  }

  private refuse(place: ExpressionPlace, message: string): Analysis {
    this.problems.add(place, message);
    return { shape: unknownShape, steps: 0 };
  }

  /** Refuses strings and lists that may be too large. */
  private bounded(node: Node, shape: ValueShape): ValueShape {
    if (shape.kind === 'string' && shape.length > celLimits.stringLength)
      return this.refuse(
        node,
        `may be a string of ${shape.length} characters, at most ${celLimits.stringLength} are allowed: concatenate less`,
      ).shape;
    if (shape.kind === 'list' && shape.size > celLimits.listSize)
      return this.refuse(
        node,
        `may be a list of ${shape.size} elements, at most ${celLimits.listSize} are allowed: concatenate less`,
      ).shape;
    return shape;
  }

  private literal(node: NodeOf<'value'>): ValueShape {
    const value = node.args;
    switch (typeof value) {
      case 'boolean':
        return shapes.bool;
      case 'string':
        return shapes.string(value.length);
      case 'bigint':
        // The library reads integers of any size, but CEL has 64-bit integers.
        return value <= maxInt ? shapes.int(Number(value)) : this.refuse(node, 'is larger than an int').shape;
      case 'number':
        return this.refuse(node, 'is a double: no variable is one, write a whole number').shape;
      default:
        return this.refuse(
          node,
          value === null
            ? 'null is never a value here: an absent value is ""'
            : 'is of a type that no variable has: write a bool, an int or a string',
        ).shape;
    }
  }

  private variable(node: NodeOf<'id'>, scope: Scope): ValueShape {
    const local = scope.get(node.args);
    if (local) return local;
    const name = variableNames.find((each) => each === node.args);
    if (name === undefined)
      return this.refuse(node, `"${node.args}" is not a variable: there are ${variableNames.join(', ')}`).shape;
    this.reads.add(name);
    return variableShapes[name];
  }

  private field(node: NodeOf<'.'>, of: Analysis): Analysis {
    const name = node.args[1];
    const place = { start: node.pos };
    const steps = of.steps + cost.node;
    if (of.shape.kind === 'unknown') return { shape: unknownShape, steps };
    if (of.shape.kind !== 'object')
      return this.refuse(
        place,
        `a ${celTypeName(of.shape)} has no fields${of.shape.kind === 'map' ? ': write ["…"]' : ''}`,
      );
    const shape = Object.hasOwn(of.shape.fields, name) ? of.shape.fields[name] : undefined;
    if (shape) return { shape, steps };
    const fields = Object.keys(of.shape.fields).join(', ');
    return this.refuse(place, `${of.shape.name} has no field "${name}": it has ${fields}`);
  }

  private element(node: NodeOf<'[]'>, of: Analysis, index: Analysis): Analysis {
    const steps = of.steps + index.steps + cost.node + this.failure;
    switch (of.shape.kind) {
      case 'unknown':
        return { shape: unknownShape, steps };
      case 'list':
        if (of.shape.element === null) return this.refuse(node, 'the list is empty');
        if (!this.expect(node.args[1], index.shape, 'int')) return { shape: unknownShape, steps };
        return { shape: of.shape.element, steps };
      case 'map':
        this.expect(node.args[1], index.shape, 'string');
        return { shape: of.shape.value, steps };
      default:
        return this.refuse(node, `a ${celTypeName(of.shape)} has no elements`);
    }
  }

  private list(node: NodeOf<'list'>, elements: readonly Analysis[]): Analysis {
    const steps = sum(elements) + cost.node;
    let element: ValueShape | null = null;
    for (const [i, { shape }] of elements.entries()) {
      const both: ValueShape | null = element === null ? shape : eitherOf(element, shape);
      if (both === null) {
        const place = node.args[i] ?? node;
        return this.refuse(
          place,
          `is ${article(shape)} in a list of ${celTypeName(element ?? unknownShape)}: a list holds one type`,
        );
      }
      element = both;
    }
    if (element?.kind === 'list' && element.element === null)
      return this.refuse(node, 'is a list of empty lists, which have no type');
    return { shape: shapes.list(elements.length, element), steps };
  }

  private map(node: NodeOf<'map'>, visit: (child: Node) => Analysis): Analysis {
    const keys = new Set<string>();
    let value: ValueShape | null = null;
    let steps: number = cost.node;
    for (const [keyNode, valueNode] of node.args) {
      const key = keyNode.op === 'value' && typeof keyNode.args === 'string' ? keyNode.args : null;
      // The library stores entries as properties of an object, which is safe for plain names alone.
      if (key === null) return this.refuse(keyNode, 'the key of a map must be a string literal');
      if (key === '__proto__' || key === 'constructor' || key === 'prototype')
        return this.refuse(keyNode, `"${key}" is not supported as a key`);
      if (keys.has(key)) return this.refuse(keyNode, `the key "${key}" is given twice`);
      keys.add(key);
      const analysis = visit(valueNode);
      const both: ValueShape | null = value === null ? analysis.shape : eitherOf(value, analysis.shape);
      if (both === null)
        return this.refuse(
          valueNode,
          `is ${article(analysis.shape)} in a map of ${celTypeName(value ?? unknownShape)}: a map holds one type`,
        );
      value = both;
      steps += analysis.steps + cost.mapEntry;
    }
    if (value === null) return this.refuse(node, 'is an empty map, which has no type');
    return { shape: { kind: 'map', size: keys.size, value }, steps };
  }

  private negative(node: NodeOf<'-_'>): Analysis {
    const operand = node.args;
    // -(-2^63) is not an int. The library does not detect that, but it checks subtraction.
    if (operand.op === 'value' && typeof operand.args === 'bigint')
      return { shape: this.literal(operand), steps: 2 * cost.node };
    return this.refuse(node, '"-" is allowed only before a number literal: write 0 - x');
  }

  private logic(operator: '!_' | '&&' | '||', operands: readonly Node[], visit: (child: Node) => Analysis): Analysis {
    const parts = operands.map((operand) => ({ operand, ...visit(operand) }));
    for (const { operand, shape } of parts)
      if (shape.kind !== 'bool' && shape.kind !== 'unknown')
        this.problems.add(operand, `is ${article(shape)}, "${operator === '!_' ? '!' : operator}" takes a bool`);
    return { shape: shapes.bool, steps: sum(parts) + cost.node };
  }

  private conditional(node: NodeOf<'?:'>, [condition, yes, no]: readonly Analysis[]): Analysis {
    if (!condition || !yes || !no) return this.refuse(node, 'is not supported');
    this.expect(node.args[0], condition.shape, 'bool');
    const shape = eitherOf(yes.shape, no.shape);
    const steps = condition.steps + Math.max(yes.steps, no.steps) + cost.node;
    if (shape) return { shape, steps };
    return this.refuse(node.args[2], `is ${article(no.shape)}, but the value before ":" is ${article(yes.shape)}`);
  }

  private equality(node: NodeOf<'==' | '!='>, a: Analysis, b: Analysis): Analysis {
    const steps = a.steps + b.steps + cost.equal(a.shape, b.shape);
    const both = eitherOf(a.shape, b.shape);
    if (both === null)
      this.problems.add(node, `compares ${article(a.shape)} with ${article(b.shape)}, which are never equal`);
    else this.expectComparable(node, both, `"${node.op}"`);
    return { shape: shapes.bool, steps };
  }

  private membership(node: NodeOf<'in'>, value: Analysis, of: Analysis): Analysis {
    const steps = value.steps + of.steps;
    const answer = (more: number): Analysis => ({ shape: shapes.bool, steps: steps + more });
    switch (of.shape.kind) {
      case 'unknown':
        return answer(0);
      case 'map':
        this.expect(node.args[0], value.shape, 'string');
        return answer(cost.call);
      case 'list': {
        const { element } = of.shape;
        if (element === null) return this.refuse(node, 'looks into an empty list');
        const both = eitherOf(value.shape, element);
        if (both === null)
          this.problems.add(node, `looks for ${article(value.shape)} in a list of ${celTypeName(element)}`);
        else this.expectComparable(node, both, '"in"');
        return answer(cost.membership(value.shape, of.shape));
      }
      default:
        return this.refuse(node.args[1], `is ${article(of.shape)}, "in" looks into a list or a map`);
    }
  }

  /** Refuses types that the library does not compare as the specification says. */
  private expectComparable(place: ExpressionPlace, shape: ValueShape, operator: string): void {
    const scalar = shape.kind === 'list' ? (shape.element ?? shapes.bool) : shape;
    if (!['bool', 'int', 'string', 'timestamp', 'unknown'].includes(scalar.kind))
      this.problems.add(
        place,
        `${operator} does not compare ${celTypeName(shape)}${scalar.kind === 'duration' ? ': use < or >' : ''}`,
      );
  }

  private order(node: NodeOf<'<' | '<=' | '>' | '>='>, a: Analysis, b: Analysis): Analysis {
    const result = { shape: shapes.bool, steps: a.steps + b.steps + cost.node };
    if (a.shape.kind === 'unknown' || b.shape.kind === 'unknown') return result;
    if (a.shape.kind !== b.shape.kind)
      this.problems.add(node, `"${node.op}" compares ${article(a.shape)} with ${article(b.shape)}`);
    // The library orders strings by code units, but CEL orders them by code points.
    else if (a.shape.kind !== 'int' && a.shape.kind !== 'timestamp' && a.shape.kind !== 'duration')
      this.problems.add(node, `"${node.op}" compares int, timestamp and duration, not ${celTypeName(a.shape)}`);
    return result;
  }

  private arithmetic(node: NodeOf<'+' | '-' | '*'>, a: Analysis, b: Analysis): Analysis {
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
        steps: steps + cost.node + (mayFail ? this.failure : 0),
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
      if (operand.op === 'call') return this.refuse(operand, 'has a known result: write that instant');
      return { shape: shapes.timestamp, steps: steps + cost.call };
    }
    if (node.op === '-' && left.kind === 'timestamp' && right.kind === 'timestamp')
      return { shape: shapes.duration, steps: steps + cost.print };
    return this.refuse(node, `there is no ${celTypeName(left)} ${node.op} ${celTypeName(right)}`);
  }

  private division(node: NodeOf<'/' | '%'>, a: Analysis, b: Analysis): Analysis {
    const divisor = node.args[1];
    this.expect(node.args[0], a.shape, 'int');
    if (!this.expect(divisor, b.shape, 'int')) return { shape: unknownShape, steps: 0 };
    // Dividing the smallest int by -1 overflows, which the library does not detect. So the divisor must be known here.
    if (divisor.op !== 'value' || divisor.args === 0n)
      return this.refuse(divisor, `"${node.op}" needs a positive number literal as its divisor`);
    return { shape: a.shape, steps: a.steps + b.steps + cost.node };
  }

  private call(
    node: Node,
    name: string,
    receiver: Node | undefined,
    argumentNodes: readonly Node[],
    scope: Scope,
    loops: number,
  ): Analysis {
    const refusal = refusedFunctions.get(name);
    if (refusal !== undefined) return this.refuse(node, `${name}() is not supported: ${refusal}`);
    if (receiver && Object.hasOwn(macros, name)) return this.loop(node, name, receiver, argumentNodes, scope, loops);

    const of = receiver && { node: receiver, ...this.visit(receiver, scope, loops) };
    const args = argumentNodes.map((argument) => ({ node: argument, ...this.visit(argument, scope, loops) }));
    const steps = (of?.steps ?? 0) + sum(args);
    if (of?.shape.kind === 'unknown' || args.some(({ shape }) => shape.kind === 'unknown'))
      return { shape: unknownShape, steps };

    const all: readonly Argument[] = of ? [of, ...args] : args;
    const table = of ? methods : calls;
    const named = Object.hasOwn(table, name) ? table[name] : undefined;
    const signature = named?.find(
      ({ takes }) => takes.length === all.length && takes.every((kind, i) => kind === all[i]?.shape.kind),
    );
    if (signature === undefined) {
      const given = `${of ? `${celTypeName(of.shape)}.` : ''}${name}(${args.map(({ shape }) => celTypeName(shape)).join(', ')})`;
      return this.refuse(node, `there is no ${given}${this.hint(name, named !== undefined)}`);
    }
    const result = signature.apply(all);
    if ('problem' in result) return this.refuse(result.place, result.problem);
    if (result.replacement) this.replacements.push(result.replacement);
    return { shape: result.shape, steps: steps + result.steps };
  }

  private hint(name: string, known: boolean): string {
    if (known) return '';
    const other = Object.hasOwn(methods, name) ? ': write x.' : Object.hasOwn(calls, name) ? ': write ' : '';
    if (other !== '') return `${other}${name}(…)`;
    const names = new Set([...Object.keys(calls), ...Object.keys(methods), ...Object.keys(macros)]);
    return `: there are ${[...names].sort().join(', ')}`;
  }

  private loop(
    node: Node,
    name: string,
    rangeNode: Node,
    [variableNode, ...bodyNodes]: readonly Node[],
    scope: Scope,
    loops: number,
  ): Analysis {
    const range = this.visit(rangeNode, scope, loops);
    const macro = macros[name];
    const usage = `write ${macro?.usage ?? name}`;
    if (variableNode?.op !== 'id')
      return this.refuse(variableNode ?? node, `${name}() needs a name for an element: ${usage}`);
    const variable = variableNode.args;
    if (macro === undefined || !macro.bodies.includes(bodyNodes.length))
      return this.refuse(node, `${name}() has ${bodyNodes.length + 1} arguments: ${usage}`);
    if (variableNames.some((each) => each === variable) || scope.has(variable))
      return this.refuse(variableNode, `"${variable}" is already in use: choose another name`);
    if (loops === celLimits.loopDepth) return this.refuse(node, `nests deeper than ${celLimits.loopDepth} loops`);
    if (range.shape.kind !== 'list' && range.shape.kind !== 'unknown')
      return this.refuse(rangeNode, `is ${article(range.shape)}, ${name}() runs over a list`);

    const element = range.shape.kind === 'list' ? range.shape.element : unknownShape;
    if (element === null) return this.refuse(rangeNode, 'is empty, so the loop would do nothing');
    const inner = new Map(scope).set(variable, element);
    const bodies = bodyNodes.map((body) => this.visit(body, inner, loops + 1));
    for (const [i, { shape }] of bodies.entries()) {
      const mustBeBool = !(name === 'map' && i === bodies.length - 1);
      const body = bodyNodes[i];
      if (mustBeBool && body) this.expect(body, shape, 'bool');
    }
    const size = range.shape.kind === 'list' ? range.shape.size : 0;
    const steps = range.steps + cost.loop + size * (sum(bodies) + cost.turn);
    const result = bodies.at(-1)?.shape ?? unknownShape;
    switch (macro.result) {
      case 'bool':
        return { shape: shapes.bool, steps };
      case 'same':
        return { shape: range.shape, steps };
      case 'mapped':
        if (range.shape.kind === 'unknown' || result.kind === 'unknown') return { shape: unknownShape, steps };
        if (result.kind === 'list' && result.element === null)
          return this.refuse(node, 'is a list of empty lists, which have no type');
        return { shape: shapes.list(size, result), steps };
    }
  }

  private expect(place: ExpressionPlace, shape: ValueShape, kind: ValueShape['kind']): boolean {
    if (shape.kind === kind) return true;
    if (shape.kind !== 'unknown') this.problems.add(place, `is ${article(shape)}, but must be ${withArticle(kind)}`);
    return false;
  }
}

const sum = (parts: readonly Analysis[]) => parts.reduce((total, { steps }) => total + steps, 0);
const article = (shape: ValueShape) => withArticle(celTypeName(shape));
