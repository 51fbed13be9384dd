import type { ObjectShape, Shape } from './shape.js';
import { objectShapes, variableShapes, type ExpressionVariables, type VariableName } from './variables.js';

type ObjectClass = new () => Record<string, unknown>;

/** A class for each type of object: the library tells by an object's class which type it has. */
export const objectClasses: ReadonlyMap<string, ObjectClass> = new Map(
  objectShapes.map(({ name }) => [
    name,
    class {
      [field: string]: unknown;
    },
  ]),
);

/** The variables as the library takes them, each made when it is first looked at. */
export type BoundVariables = Readonly<Record<VariableName, unknown>>;

const boundBefore = new WeakMap<ExpressionVariables, BoundVariables>();

/**
 * Binds the variables of one decision, once for all expressions that are evaluated with them: what they hold must not
 * change. Reading one throws where a value has another type or is larger than expressions were admitted for.
 */
export function bindVariables(variables: ExpressionVariables): BoundVariables {
  const before = boundBefore.get(variables);
  if (before) return before;
  const bound = new LazyVariables(variables);
  boundBefore.set(variables, bound);
  return bound;
}

class LazyVariables implements BoundVariables {
  private readonly made: Partial<Record<VariableName, unknown>> = {};

  constructor(private readonly variables: ExpressionVariables) {}

  get request() {
    return this.bound('request');
  }
  get requester() {
    return this.bound('requester');
  }
  get now() {
    return this.bound('now');
  }
  get active() {
    return this.bound('active');
  }

  private bound(name: VariableName): unknown {
    return (this.made[name] ??= bind(name, variableShapes[name], this.variables[name]));
  }
}

function bind(path: string, shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case 'string':
      if (typeof value !== 'string') throw new TypeError(`${path} is not a string`);
      if (value.length > shape.length)
        throw new RangeError(`${path} has ${value.length} characters, expressions are for ${shape.length} at most`);
      return value;
    case 'int':
      if (!Number.isInteger(value)) throw new TypeError(`${path} is not a whole number`);
      if (Math.abs(value as number) > shape.most) throw new RangeError(`${path} is beyond ${shape.most}`);
      return BigInt(value as number);
    case 'timestamp':
      return bindTimestamp(path, value);
    case 'list':
      if (!Array.isArray(value)) throw new TypeError(`${path} is not a list`);
      if (value.length > shape.size)
        throw new RangeError(`${path} has ${value.length} elements, expressions are for ${shape.size} at most`);
      return value.map((element: unknown) => (shape.element ? bind(path, shape.element, element) : element));
    case 'object':
      return bindObject(path, shape, value);
    default:
      throw new TypeError(`${path} cannot be a ${shape.kind}`);
  }
}

function bindTimestamp(path: string, value: unknown): Date {
  const date = value instanceof Date ? new Date(value.getTime()) : new Date(typeof value === 'string' ? value : NaN);
  if (Number.isNaN(date.getTime())) throw new TypeError(`${path} is not an instant`);
  return date;
}

function bindObject(path: string, { name, fields }: ObjectShape, value: unknown): unknown {
  const Class = objectClasses.get(name);
  if (Class === undefined || typeof value !== 'object' || value === null)
    throw new TypeError(`${path} is not an object`);
  const object = new Class();
  for (const field in fields) {
    const fieldShape = fields[field];
    if (fieldShape) object[field] = bind(field, fieldShape, (value as Readonly<Record<string, unknown>>)[field]);
  }
  return object;
}
