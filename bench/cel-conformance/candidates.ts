import { celEnv, isCelError, isCelList, isCelMap, isCelType, isCelUint, parse, plan, celUint } from '@bufbuild/cel';
import * as bufbuildExtensions from '@bufbuild/cel/ext';
import { toJson } from '@bufbuild/protobuf';
import { isReflectMessage } from '@bufbuild/protobuf/reflect';
import { anyUnpack, DurationSchema, timestampDate, TimestampSchema } from '@bufbuild/protobuf/wkt';
import type { Value } from '@bufbuild/cel-spec/cel/expr/value_pb.js';
import { canonical, type Canonical } from './canonical.js';
import { registry, type ConformanceCase } from './cases.js';

/** An implementation of CEL for JavaScript. */
export interface Candidate {
  readonly name: string;
  /** Numbers have one type, so an int may come back as a double. */
  readonly looseNumbers: boolean;
  /** Throws if the expression does not parse, check or evaluate. */
  evaluate(test: ConformanceCase): Canonical;
}

/** The installed implementations; `@bufbuild/cel` always is. */
export async function candidates(): Promise<readonly Candidate[]> {
  const found = [bufbuild(), ...(await Promise.all([marcbachmann(), chromegg()]))];
  return found.filter((candidate) => candidate !== undefined);
}

function bufbuild(): Candidate {
  const input = (value: Value): unknown => {
    if (value.kind.case === 'uint64Value') return celUint(value.kind.value);
    if (value.kind.case === 'objectValue') return anyUnpack(value.kind.value, registry) ?? value.kind.value;
    return plain(value, input);
  };
  return {
    name: '@bufbuild/cel',
    looseNumbers: false,
    evaluate({ expression, container, variables }) {
      const environment = celEnv({ namespace: container, registry, funcs: bufbuildExtensions.strings });
      const bindings = Object.fromEntries([...variables].map(([name, value]) => [name, input(value)]));
      const result = plan(environment, parse(expression))(bindings as never);
      if (isCelError(result)) throw new Error(result.message);
      return bufbuildValue(result);
    },
  };
}

function bufbuildValue(value: unknown): Canonical {
  if (isCelUint(value)) return canonical.uint(value.value);
  if (isCelType(value)) return canonical.type(value.name);
  if (isCelList(value)) return canonical.list([...value].map(bufbuildValue));
  if (isCelMap(value)) return canonical.map([...value].map(([key, item]) => [bufbuildValue(key), bufbuildValue(item)]));
  if (isReflectMessage(value, TimestampSchema) || isReflectMessage(value, DurationSchema)) {
    const { seconds, nanos } = value.message as unknown as { seconds: bigint; nanos: number };
    const form = value.desc.typeName === TimestampSchema.typeName ? canonical.timestamp : canonical.duration;
    return form(seconds, nanos);
  }
  if (isReflectMessage(value))
    return canonical.message(value.desc.typeName, toJson(value.desc, value.message, { registry }));
  return scalar(value);
}

async function marcbachmann(): Promise<Candidate | undefined> {
  const library = await import('@marcbachmann/cel-js/evaluator').catch(() => undefined);
  if (library === undefined) return undefined;
  const { Environment, UnsignedInt, Duration } = library as unknown as {
    Environment: new (options: object) => { evaluate(expression: string, context: object): unknown };
    UnsignedInt: new (value: bigint) => { valueOf(): bigint };
    Duration: new (seconds: bigint, nanos: number) => { seconds: bigint; nanos: number };
  };
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  });
  const input = (value: Value): unknown => {
    if (value.kind.case === 'uint64Value') return new UnsignedInt(value.kind.value);
    if (value.kind.case === 'objectValue') {
      const message = anyUnpack(value.kind.value, registry);
      if (message?.$typeName === TimestampSchema.typeName) return timestampDate(message as never);
      if (message?.$typeName === DurationSchema.typeName) {
        const { seconds, nanos } = message as unknown as { seconds: bigint; nanos: number };
        return new Duration(seconds, nanos);
      }
      throw new Error('has no protobuf messages');
    }
    return plain(value, input);
  };
  const output = (value: unknown): Canonical => {
    if (value instanceof UnsignedInt) return canonical.uint(value.valueOf());
    if (value instanceof Duration) return canonical.duration(value.seconds, value.nanos);
    if (value instanceof Date) return dateValue(value);
    const named = value as { constructor?: { name: string }; name?: string } | null;
    if (named?.constructor?.name === 'Type') return canonical.type(String(named.name));
    return containers(value, output);
  };
  return {
    name: '@marcbachmann/cel-js',
    looseNumbers: false,
    evaluate: ({ expression, variables }) =>
      output(
        environment.evaluate(
          expression,
          Object.fromEntries([...variables].map(([name, value]) => [name, input(value)])),
        ),
      ),
  };
}

/** This is not a dependency: `npm install --no-save cel-js@0.8.2` installs it for a comparison. */
async function chromegg(): Promise<Candidate | undefined> {
  const name = 'cel-js';
  const library = (await import(name).catch(() => undefined)) as
    { evaluate(expression: string, context: object): unknown } | undefined;
  if (library === undefined) return undefined;
  const input = (value: Value): unknown => {
    if (value.kind.case === 'int64Value' || value.kind.case === 'uint64Value') return Number(value.kind.value);
    if (value.kind.case === 'objectValue') throw new Error('has no protobuf messages');
    return plain(value, input);
  };
  const output = (value: unknown): Canonical => {
    if (value instanceof Date) return dateValue(value);
    return containers(value, output);
  };
  return {
    name,
    looseNumbers: true,
    evaluate: ({ expression, variables }) =>
      output(
        library.evaluate(expression, Object.fromEntries([...variables].map(([key, value]) => [key, input(value)]))),
      ),
  };
}

/** A value of the suite as the JavaScript value that every candidate accepts for it. */
function plain({ kind }: Value, input: (value: Value) => unknown): unknown {
  switch (kind.case) {
    case 'listValue':
      return kind.value.values.map(input);
    case 'mapValue':
      return new Map(
        kind.value.entries.flatMap(({ key, value }) => (key && value ? [[input(key), input(value)]] : [])),
      );
    case 'nullValue':
      return null;
    case 'enumValue':
      return BigInt(kind.value.value);
    default:
      return kind.value;
  }
}

function dateValue(value: Date): Canonical {
  const milliseconds = value.getTime();
  const seconds = Math.floor(milliseconds / 1000);
  return canonical.timestamp(BigInt(seconds), (milliseconds - seconds * 1000) * 1_000_000);
}

function containers(value: unknown, output: (value: unknown) => Canonical): Canonical {
  if (Array.isArray(value)) return canonical.list(value.map(output));
  if (value instanceof Map) return canonical.map([...value].map(([key, item]) => [output(key), output(item)]));
  if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array))
    return canonical.map(Object.entries(value).map(([key, item]) => [output(key), output(item)]));
  return scalar(value);
}

function scalar(value: unknown): Canonical {
  if (value === null) return canonical.null;
  if (typeof value === 'boolean') return canonical.bool(value);
  if (typeof value === 'bigint') return canonical.int(value);
  if (typeof value === 'number') return canonical.double(value);
  if (typeof value === 'string') return canonical.string(value);
  if (value instanceof Uint8Array) return canonical.bytes(value);
  throw new Error(`no CEL value: ${typeof value}`);
}
