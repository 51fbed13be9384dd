// Tests src/directory/scim/user-attributes.ts
import { describe, expect, it } from 'vitest';
import { cpuMilliseconds } from '../../../../../helpers/cpu-milliseconds.js';
import { patchUser, readPatch } from '../../../../../../src/directory/scim/user-attributes.js';
import type { DirectoryUserAttributes } from '../../../../../../src/model/directory.js';

const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

const jane: DirectoryUserAttributes = {
  userName: 'jane@corp.example',
  externalId: '4711',
  active: true,
  displayName: 'Jane Doe',
  name: { formatted: null, familyName: 'Doe', givenName: 'Jane' },
  emails: [{ value: 'jane@corp.example', type: 'work', primary: true }],
};
const operations = (...Operations: readonly object[]) => readPatch({ schemas: [patchSchema], Operations });
const patched = (...given: readonly object[]) => patchUser(jane, operations(...given));

describe('a PATCH of a user', () => {
  it('passes over hundreds of thousands of names that are no attributes, without an error for each', () => {
    const names = Array.from({ length: 200_000 }, (_, i) => [`${i}!`, i] as const);
    const value = { ...Object.fromEntries(names), displayName: 'B' };
    const [begin, errors] = [cpuMilliseconds(), names.map(([name]) => new Error(name))];
    const forErrors = cpuMilliseconds() - begin;
    const before = cpuMilliseconds();
    const changed = patched({ op: 'replace', value });
    const took = cpuMilliseconds() - before;
    expect(changed).toEqual({ ...jane, displayName: 'B' });
    // An error for each would come on top of what it takes now.
    expect(errors).toHaveLength(names.length);
    expect(took).toBeLessThan(forErrors);
  });
});
