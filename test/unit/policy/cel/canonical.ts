/** A CEL value in one spelling, so that values of different implementations can be compared: `int:1`, `list[…]`. */
export type Canonical = string;

export const canonical = {
  null: 'null',
  bool: (value: boolean): Canonical => `bool:${value}`,
  int: (value: bigint): Canonical => `int:${value}`,
  uint: (value: bigint): Canonical => `uint:${value}`,
  double: (value: number): Canonical => `double:${Object.is(value, -0) ? '-0' : value}`,
  string: (value: string): Canonical => `string:${JSON.stringify(value)}`,
  bytes: (value: Uint8Array): Canonical => `bytes:${Buffer.from(value).toString('hex')}`,
  list: (values: readonly Canonical[]): Canonical => `list[${values.join(', ')}]`,
  map: (entries: readonly (readonly [Canonical, Canonical])[]): Canonical =>
    `map{${entries
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join(', ')}}`,
  type: (name: string): Canonical => `type:${name}`,
  timestamp: (seconds: bigint, nanos: number): Canonical => `timestamp:${seconds}.${nanos}`,
  duration: (seconds: bigint, nanos: number): Canonical => `duration:${seconds}.${nanos}`,
  message: (typeName: string, json: unknown): Canonical => `${typeName}:${JSON.stringify(json)}`,
};
