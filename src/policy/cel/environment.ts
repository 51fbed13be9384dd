import { Environment } from '@marcbachmann/cel-js';
import { celTypeName, type MapShape, type ObjectShape, type ValueShape } from './shape.js';
import { parserLimits } from './syntax.js';
import {
  objectShapes,
  variableNames,
  variableShapes,
  type ExpressionVariables,
  type VariableName,
} from './variables.js';

type ObjectClass = new () => Record<string, unknown>;

/** One class per type of object, because the library finds the type of an object by its class. */
const objectClasses: ReadonlyMap<string, ObjectClass> = new Map(
  objectShapes.map(({ name }) => [
    name,
    class {
      [field: string]: unknown;
    },
  ]),
);

/** The library with the types of the variables. All expressions share it. */
export const environment = makeEnvironment();

function makeEnvironment(): Environment {
  const made = new Environment({ limits: { ...parserLimits, maxAstNodes: 2 * parserLimits.maxAstNodes } });
  // A type must be registered before the types that have it as a field.
  for (const { name, fields } of objectShapes)
    made.registerType(name, {
      ctor: objectClasses.get(name) as never,
      fields: Object.fromEntries(Object.entries(fields).map(([field, shape]) => [field, celTypeName(shape)])),
    });
  for (const [name, shape] of Object.entries(variableShapes)) made.registerVariable(name, celTypeName(shape));
  // The library lacks only this conversion to a string. The specification asks for the form of Go's RFC3339Nano.
  made.registerFunction('string(google.protobuf.Timestamp): string', (instant: Date) =>
    instant.toISOString().replace(/\.?0+Z$/, 'Z'),
  );
  return made;
}

/** The variables as the library takes them. Each is made when it is first read. */
type BoundVariables = Readonly<Record<VariableName, unknown>>;

const boundBefore = new WeakMap<ExpressionVariables, BoundVariables>();

/**
 * Binds the variables of one decision, once for all its expressions, so their values must not change. Reading a
 * variable throws if a value has the wrong type or is larger than its shape allows.
 */
export function bindVariables(variables: ExpressionVariables): BoundVariables {
  const before = boundBefore.get(variables);
  if (before) return before;
  const bound = new LazyVariables(variables) as unknown as BoundVariables;
  boundBefore.set(variables, bound);
  return bound;
}

class LazyVariables {
  readonly made: Partial<Record<VariableName, unknown>> = {};

  constructor(readonly variables: ExpressionVariables) {}
}
for (const name of variableNames)
  Object.defineProperty(LazyVariables.prototype, name, {
    get(this: LazyVariables): unknown {
      return (this.made[name] ??= bind(name, variableShapes[name], this.variables[name]));
    },
  });

function bind(path: string, shape: ValueShape, value: unknown): unknown {
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
    case 'bool':
      if (typeof value !== 'boolean') throw new TypeError(`${path} is not a boolean`);
      return value;
    case 'timestamp':
      return bindTimestamp(path, value);
    case 'list':
      if (!Array.isArray(value)) throw new TypeError(`${path} is not a list`);
      if (value.length > shape.size)
        throw new RangeError(`${path} has ${value.length} elements, expressions are for ${shape.size} at most`);
      return value.map((element: unknown) => (shape.element ? bind(path, shape.element, element) : element));
    case 'map':
      return bindMap(path, shape, value);
    case 'object':
      return bindObject(path, shape, value);
    default:
      throw new TypeError(`${path} cannot be a ${shape.kind}`);
  }
}

/** A `Map` has the given keys alone: `constructor` is the key of a label like any other. */
function bindMap(path: string, { size, value: shape }: MapShape, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${path} is not a map`);
  const entries = Object.entries(value);
  if (entries.length > size)
    throw new RangeError(`${path} has ${entries.length} entries, expressions are for ${size} at most`);
  return new Map(entries.map(([key, element]) => [key, bind(path, shape, element)]));
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
