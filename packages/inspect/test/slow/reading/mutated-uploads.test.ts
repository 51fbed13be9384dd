// Tests packages/inspect/src/reading/read-upload.ts
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { UploadRefusedError } from '../../../src/model/budget.js';
import { readSingleObject } from '../../../src/reading/read-upload.js';
import { tarOf } from '../../helpers/tar-of.js';
import { authority, base64, client, context, read } from '../../reading/uploads.js';
import { propertyRuns } from '../../../../../test/helpers/property-runs.js';

const config = {
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'c', cluster: { server: 'https://a', 'certificate-authority-data': base64(authority.pem) } }],
  users: [{ name: 'u', user: { 'client-certificate-data': base64(client.pem), exec: { command: 'x' } } }],
};
const secret = { apiVersion: 'v1', kind: 'Secret', data: { 'tls.crt': base64(client.pem), x: base64(client.der) } };

const seeds: readonly Buffer[] = [
  Buffer.from(client.pem),
  Buffer.from(client.pem + client.key.pem),
  client.der,
  Buffer.from(base64(client.der)),
  Buffer.from(stringify(config)),
  Buffer.from(JSON.stringify(config)),
  Buffer.from(stringify({ apiVersion: 'v1', kind: 'List', items: [secret, config] })),
  await tarOf({ 'a/ca.crt': authority.pem, 'a/config': stringify(config) }),
  gzipSync(await tarOf({ 'a/ca.crt': authority.pem })),
];

/** Octets put in the place of others, runs of them taken out or doubled, in one of the seeds. */
const mutated = fc
  .tuple(
    fc.constantFrom(...seeds),
    fc.array(
      fc.tuple(fc.nat(1_000_000), fc.nat(40), fc.constantFrom('set', 'cut', 'double'), fc.uint8Array({ maxLength: 4 })),
      { minLength: 1, maxLength: 5 },
    ),
  )
  .map(([seed, changes]) => {
    let bytes = seed;
    for (const [position, length, change, octets] of changes) {
      const at = position % (bytes.length + 1);
      const end = Math.min(at + length, bytes.length);
      const middle =
        change === 'set' ? octets : change === 'cut' ? [] : [...bytes.subarray(at, end), ...bytes.subarray(at, end)];
      const rest = change === 'set' ? bytes.subarray(Math.min(at + octets.length, bytes.length)) : bytes.subarray(end);
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(middle), rest]);
    }
    return bytes;
  });

describe('an upload with something wrong in it', () => {
  it('is answered, or refused as a whole, and never crashes', async () => {
    await fc.assert(
      fc.asyncProperty(mutated, async (bytes) => {
        try {
          const objects = await read(bytes);
          const paths = objects.map(({ path }) => path);
          expect(new Set(paths).size).toBe(paths.length);
          for (const { parent } of objects) if (parent !== null) expect(paths).toContain(parent);
        } catch (error) {
          if (!(error instanceof UploadRefusedError)) throw error;
        }
      }),
      { numRuns: propertyRuns(500) },
    );
  });

  it('is read the same in one piece, where that reads it at all', async () => {
    await fc.assert(
      fc.asyncProperty(mutated, async (bytes) => {
        const object = readSingleObject({ name: 'x', bytes }, context());
        if (object !== null) expect(await read(bytes, 'x')).toEqual([object]);
      }),
      { numRuns: propertyRuns(500) },
    );
  });
});
