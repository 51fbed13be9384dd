import { didYouMean } from '@kubepass/inspect/formats';
import { calls, macros, methods, refusedFunctions, type Argument, type Replacement } from './functions.js';
import { cost, celLimits } from './limits.js';
import { arithmetic, division, equality, maxInt, membership, order } from './operators.js';
import type { Analysis, Node, NodeOf, Problems } from './syntax.js';
import * as shapes from './shape.js';
import { eitherOf, type ValueShape, celTypeName, unknownShape, typeWithArticle } from './shape.js';
import { variableNames, variableShapes, type VariableName } from './variables.js';

type Scope = ReadonlyMap<string, ValueShape>;

/**
 * Finds the type of an expression, bounds the steps of its evaluation, and reports everything that is not in the
 * language. The language is the part of CEL in which the library follows the specification, with four variables. All
 * problems are reported, but for those that follow from another problem.
 */
export class Analyzer {
  readonly reads = new Set<VariableName>();
  readonly replacements: Replacement[] = [];

  constructor(private readonly problems: Problems) {}

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
        return equality(this.problems, node, visit(node.args[0]), visit(node.args[1]));
      case 'in':
        return membership(this.problems, node, visit(node.args[0]), visit(node.args[1]));
      case '<':
      case '<=':
      case '>':
      case '>=':
        return order(this.problems, node, visit(node.args[0]), visit(node.args[1]));
      case '+':
      case '-':
      case '*':
        return arithmetic(this.problems, node, visit(node.args[0]), visit(node.args[1]));
      case '/':
      case '%':
        return division(this.problems, node, visit(node.args[0]), visit(node.args[1]));
      case 'call':
        return this.call(node, node.args[0], undefined, node.args[1], scope, loops);
      case 'rcall':
        return this.call(node, node.args[0], node.args[1], node.args[2], scope, loops);
      default:
        return this.problems.refuse(node, 'is not supported');
    }
  }

  /** Refuses strings and lists that may be too large. */
  private bounded(node: Node, shape: ValueShape): ValueShape {
    if (shape.kind === 'string' && shape.length > celLimits.stringLength)
      return this.problems.refuse(
        node,
        `may be a string of ${shape.length} characters, at most ${celLimits.stringLength} are allowed: concatenate less`,
      ).shape;
    if (shape.kind === 'list' && shape.size > celLimits.listSize)
      return this.problems.refuse(
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
        return value <= maxInt ? shapes.int(Number(value)) : this.problems.refuse(node, 'is larger than an int').shape;
      case 'number':
        return this.problems.refuse(node, 'is a double: no variable is one, write a whole number').shape;
      default:
        return this.problems.refuse(
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
      return this.problems.refuse(
        node,
        `"${node.args}" is not a variable: there are ${variableNames.join(', ')}${didYouMean(node.args, variableNames)}`,
      ).shape;
    this.reads.add(name);
    return variableShapes[name];
  }

  private field(node: NodeOf<'.'>, of: Analysis): Analysis {
    const name = node.args[1];
    const place = { start: node.pos };
    const steps = of.steps + cost.node;
    if (of.shape.kind === 'unknown') return { shape: unknownShape, steps };
    if (of.shape.kind !== 'object')
      return this.problems.refuse(
        place,
        `a ${celTypeName(of.shape)} has no fields${of.shape.kind === 'map' ? ': write ["…"]' : ''}`,
      );
    const shape = Object.hasOwn(of.shape.fields, name) ? of.shape.fields[name] : undefined;
    if (shape) return { shape, steps };
    const fields = Object.keys(of.shape.fields);
    const has = `it has ${fields.join(', ')}${didYouMean(name, fields)}`;
    return this.problems.refuse(place, `${of.shape.name} has no field "${name}": ${has}`);
  }

  private element(node: NodeOf<'[]'>, of: Analysis, index: Analysis): Analysis {
    const steps = of.steps + index.steps + cost.node + this.problems.failure;
    switch (of.shape.kind) {
      case 'unknown':
        return { shape: unknownShape, steps };
      case 'list':
        if (of.shape.element === null) return this.problems.refuse(node, 'the list is empty');
        if (!this.problems.expect(node.args[1], index.shape, 'int')) return { shape: unknownShape, steps };
        return { shape: of.shape.element, steps };
      case 'map':
        this.problems.expect(node.args[1], index.shape, 'string');
        return { shape: of.shape.value, steps };
      default:
        return this.problems.refuse(node, `a ${celTypeName(of.shape)} has no elements`);
    }
  }

  private list(node: NodeOf<'list'>, elements: readonly Analysis[]): Analysis {
    const steps = sum(elements) + cost.node;
    let element: ValueShape | null = null;
    for (const [i, { shape }] of elements.entries()) {
      element = this.together('a list', element, shape, node.args[i] ?? node);
      if (element === null) return { shape: unknownShape, steps: 0 };
    }
    if (element?.kind === 'list' && element.element === null)
      return this.problems.refuse(node, 'is a list of empty lists, which have no type');
    return { shape: shapes.list(elements.length, element), steps };
  }

  private map(node: NodeOf<'map'>, visit: (child: Node) => Analysis): Analysis {
    const keys = new Set<string>();
    let value: ValueShape | null = null;
    let steps: number = cost.node;
    for (const [keyNode, valueNode] of node.args) {
      const key = keyNode.op === 'value' && typeof keyNode.args === 'string' ? keyNode.args : null;
      // The library stores entries as properties of an object, which is safe for plain names alone.
      if (key === null) return this.problems.refuse(keyNode, 'the key of a map must be a string literal');
      if (key === '__proto__' || key === 'constructor' || key === 'prototype')
        return this.problems.refuse(keyNode, `"${key}" is not supported as a key`);
      if (keys.has(key)) return this.problems.refuse(keyNode, `the key "${key}" is given twice`);
      keys.add(key);
      const analysis = visit(valueNode);
      value = this.together('a map', value, analysis.shape, valueNode);
      if (value === null) return { shape: unknownShape, steps: 0 };
      steps += analysis.steps + cost.mapEntry;
    }
    if (value === null) return this.problems.refuse(node, 'is an empty map, which has no type');
    return { shape: { kind: 'map', size: keys.size, value }, steps };
  }

  /** The shape of the values before (null: none) together with one more; null, with a problem, where types differ. */
  private together(what: string, before: ValueShape | null, shape: ValueShape, place: Node): ValueShape | null {
    const both = before === null ? shape : eitherOf(before, shape);
    if (before !== null && both === null)
      this.problems.add(
        place,
        `is ${typeWithArticle(shape)} in ${what} of ${celTypeName(before)}: ${what} holds one type`,
      );
    return both;
  }

  private negative(node: NodeOf<'-_'>): Analysis {
    const operand = node.args;
    // -(-2^63) is not an int. The library does not detect that, but it checks subtraction.
    if (operand.op === 'value' && typeof operand.args === 'bigint')
      return { shape: this.literal(operand), steps: 2 * cost.node };
    return this.problems.refuse(node, '"-" is allowed only before a number literal: write 0 - x');
  }

  private logic(operator: '!_' | '&&' | '||', operands: readonly Node[], visit: (child: Node) => Analysis): Analysis {
    const parts = operands.map((operand) => ({ operand, ...visit(operand) }));
    for (const { operand, shape } of parts)
      if (shape.kind !== 'bool' && shape.kind !== 'unknown')
        this.problems.add(
          operand,
          `is ${typeWithArticle(shape)}, "${operator === '!_' ? '!' : operator}" takes a bool`,
        );
    return { shape: shapes.bool, steps: sum(parts) + cost.node };
  }

  private conditional(node: NodeOf<'?:'>, [condition, yes, no]: readonly Analysis[]): Analysis {
    if (!condition || !yes || !no) return this.problems.refuse(node, 'is not supported');
    this.problems.expect(node.args[0], condition.shape, 'bool');
    const shape = eitherOf(yes.shape, no.shape);
    const steps = condition.steps + Math.max(yes.steps, no.steps) + cost.node;
    if (shape) return { shape, steps };
    return this.problems.refuse(
      node.args[2],
      `is ${typeWithArticle(no.shape)}, but the value before ":" is ${typeWithArticle(yes.shape)}`,
    );
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
    if (refusal !== undefined) return this.problems.refuse(node, `${name}() is not supported: ${refusal}`);
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
      return this.problems.refuse(node, `there is no ${given}${this.hint(name, named !== undefined)}`);
    }
    const result = signature.apply(all);
    if ('problem' in result) return this.problems.refuse(result.place, result.problem);
    if (result.replacement) this.replacements.push(result.replacement);
    return { shape: result.shape, steps: steps + result.steps };
  }

  private hint(name: string, known: boolean): string {
    if (known) return '';
    const other = Object.hasOwn(methods, name) ? ': write x.' : Object.hasOwn(calls, name) ? ': write ' : '';
    if (other !== '') return `${other}${name}(…)`;
    const names = [...new Set([calls, methods, macros].flatMap((table) => Object.keys(table)))].sort();
    return `: there are ${names.join(', ')}${didYouMean(name, names)}`;
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
      return this.problems.refuse(variableNode ?? node, `${name}() needs a name for an element: ${usage}`);
    const variable = variableNode.args;
    if (macro === undefined || !macro.bodies.includes(bodyNodes.length))
      return this.problems.refuse(node, `${name}() has ${bodyNodes.length + 1} arguments: ${usage}`);
    if (variableNames.some((each) => each === variable) || scope.has(variable))
      return this.problems.refuse(variableNode, `"${variable}" is already in use: choose another name`);
    if (loops === celLimits.loopDepth)
      return this.problems.refuse(node, `nests deeper than ${celLimits.loopDepth} loops`);
    if (range.shape.kind !== 'list' && range.shape.kind !== 'unknown')
      return this.problems.refuse(rangeNode, `is ${typeWithArticle(range.shape)}, ${name}() runs over a list`);

    const element = range.shape.kind === 'list' ? range.shape.element : unknownShape;
    if (element === null) return this.problems.refuse(rangeNode, 'is empty, so the loop would do nothing');
    const inner = new Map(scope).set(variable, element);
    const bodies = bodyNodes.map((body) => this.visit(body, inner, loops + 1));
    for (const [i, { shape }] of bodies.entries()) {
      const mustBeBool = !(name === 'map' && i === bodies.length - 1);
      const body = bodyNodes[i];
      if (mustBeBool && body) this.problems.expect(body, shape, 'bool');
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
          return this.problems.refuse(node, 'is a list of empty lists, which have no type');
        return { shape: shapes.list(size, result), steps };
    }
  }
}

const sum = (parts: readonly Analysis[]) => parts.reduce((total, { steps }) => total + steps, 0);
