// Tests src/config/read-config-file.ts, src/config/config-file.ts
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FileSettings } from '../../../src/config/config-file.js';
import { readConfigFile } from '../../../src/config/read-config-file.js';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** The path of every setting; `0` is the first one of a list. */
function* settingsOf(
  { properties = {}, items, anyOf = [] }: Schema,
  path: readonly string[] = [],
): Generator<readonly string[]> {
  for (const [name, schema] of Object.entries({ ...properties, ...(items && { 0: items }) })) {
    yield [...path, name];
    yield* settingsOf(schema, [...path, name]);
  }
  for (const schema of anyOf) yield* settingsOf(schema, path);
}

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'kubepass-config-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

it('a setting of any other shape leaves the rest to be judged, so that all errors come at once', () => {
  const file = join(directory, 'kubepass.yaml');
  let tried = 0;
  for (const path of settingsOf(FileSettings as object))
    for (const value of [{ x: 1 }, [1, 1], 7, 'x', null, true, {}, []]) {
      const text = path
        .toReversed()
        .reduce<unknown>((inner, name) => (name === '0' ? [inner] : { [name]: inner }), value);
      writeFileSync(file, stringify(text));
      const { settings } = readConfigFile(file, () => undefined);
      expect(Object.keys(settings), stringify(text)).toContain(path[0]);
      tried += 1;
    }
  expect(tried).toBeGreaterThan(1_000);
});
