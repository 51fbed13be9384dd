import { fromBinary, toJson } from '@bufbuild/protobuf';
import { anyUnpack, DurationSchema, TimestampSchema, type Any } from '@bufbuild/protobuf/wkt';
import type { SimpleTest } from '@bufbuild/cel-spec/cel/expr/conformance/test/simple_pb.js';
import type { Value } from '@bufbuild/cel-spec/cel/expr/value_pb.js';
import { getTestRegistry } from '@bufbuild/cel-spec/testdata/registry.js';
import { getConformanceSuite, type IncrementalTestSuite } from '@bufbuild/cel-spec/testdata/tests.js';
import { canonical, type Canonical } from './canonical.js';

/** One case of the public CEL conformance suite: an expression, its variables, and its value or error. */
export interface ConformanceCase {
  /** The file of the suite, without `.textproto`. */
  readonly suite: string;
  readonly name: string;
  readonly expression: string;
  /** Names are resolved in this protobuf package first; mostly ''. */
  readonly container: string;
  readonly variables: ReadonlyMap<string, Value>;
  readonly expected: Canonical | typeof error;
}

export const error: unique symbol = Symbol('an error');
export const registry = getTestRegistry();

/** Every case that ends in a value or an error. Cases that only infer a type have nothing to compare. */
export function conformanceCases(): readonly ConformanceCase[] {
  return getConformanceSuite().suites.flatMap((file) => casesOf(file.name, file));
}

function casesOf(suite: string, { tests, suites }: IncrementalTestSuite): readonly ConformanceCase[] {
  return [
    ...tests.flatMap(({ name, original }): readonly ConformanceCase[] => {
      const expected = expectedOf(original);
      if (original.checkOnly || expected === undefined) return [];
      const variables = Object.entries(original.bindings).flatMap(([variable, bound]) =>
        bound.kind.case === 'value' ? [[variable, bound.kind.value] as const] : [],
      );
      return [
        {
          suite,
          name,
          expression: original.expr,
          container: original.container,
          variables: new Map(variables),
          expected,
        },
      ];
    }),
    ...suites.flatMap((section) => casesOf(suite, section)),
  ];
}

function expectedOf({ resultMatcher }: SimpleTest): ConformanceCase['expected'] | undefined {
  switch (resultMatcher.case) {
    case undefined: // simple.proto: "If unset, the test is expected to evaluate to true"
      return canonical.bool(true);
    case 'value':
      return canonicalOf(resultMatcher.value);
    case 'typedResult':
      return resultMatcher.value.result && canonicalOf(resultMatcher.value.result);
    case 'evalError':
    case 'anyEvalErrors':
      return error;
    default:
      return undefined;
  }
}

/** The suite's own form of a value. */
export function canonicalOf({ kind }: Value): Canonical {
  switch (kind.case) {
    case 'boolValue':
      return canonical.bool(kind.value);
    case 'int64Value':
      return canonical.int(kind.value);
    case 'uint64Value':
      return canonical.uint(kind.value);
    case 'doubleValue':
      return canonical.double(kind.value);
    case 'stringValue':
      return canonical.string(kind.value);
    case 'bytesValue':
      return canonical.bytes(kind.value);
    case 'typeValue':
      return canonical.type(kind.value);
    case 'enumValue':
      return canonical.int(BigInt(kind.value.value));
    case 'listValue':
      return canonical.list(kind.value.values.map(canonicalOf));
    case 'mapValue':
      return canonical.map(
        kind.value.entries.flatMap(({ key, value }) => (key && value ? [[canonicalOf(key), canonicalOf(value)]] : [])),
      );
    case 'objectValue':
      return canonicalOfMessage(kind.value);
    default:
      return canonical.null;
  }
}

function canonicalOfMessage(any: Any): Canonical {
  const message = anyUnpack(any, registry);
  if (!message) return canonical.message(any.typeUrl, Buffer.from(any.value).toString('hex'));
  if (message.$typeName === TimestampSchema.typeName) {
    const { seconds, nanos } = fromBinary(TimestampSchema, any.value);
    return canonical.timestamp(seconds, nanos);
  }
  if (message.$typeName === DurationSchema.typeName) {
    const { seconds, nanos } = fromBinary(DurationSchema, any.value);
    return canonical.duration(seconds, nanos);
  }
  const schema = registry.getMessage(message.$typeName);
  return canonical.message(message.$typeName, schema && toJson(schema, message, { registry }));
}
