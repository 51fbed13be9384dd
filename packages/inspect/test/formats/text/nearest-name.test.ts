// Tests packages/inspect/src/formats/text/nearest-name.ts
import { expect, it } from 'vitest';
import { nearestName } from '../../../src/formats/text/nearest-name.js';

const known = ['cluster', 'username', 'groups', 'csr', 'keyAlgorithm', 'expirationSeconds', 'namespace', 'reason'];

it.each([
  ['user', 'username'],
  ['userName', 'username'],
  ['usernmae', 'username'],
  ['group', 'groups'],
  ['expiration_seconds', 'expirationSeconds'],
  ['expirationSecond', 'expirationSeconds'],
  ['key-algorithm', 'keyAlgorithm'],
  ['CSR', 'csr'],
  ['cls', null],
  ['ttl', null],
  ['name', 'username'],
  ['', null],
  ['u', null],
  ['us', null],
  ['x'.repeat(10_000), null],
  ['__proto__', null],
])('means by %s the name %s', (unknown, name) => expect(nearestName(unknown, known)).toBe(name));
