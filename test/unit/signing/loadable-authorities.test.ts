// Tests packages/inspect/src/loadable/index.ts, src/signing/issuer-files.ts,
// src/kubernetes/certificate-authorities.ts, src/programs/node-files/certificate-authorities.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readLoadableCertificate } from '@kubepass/inspect/loadable';
import { encodePem, readCertificate } from '@kubepass/x509';
import { readClientTrust, describeCertificateAuthority } from '../../../src/kubernetes/certificate-authorities.js';
import { readAuthorityCertificates } from '../../../src/programs/node-files/certificate-authorities.js';
import { readCertificates } from '../../../src/signing/issuer-files.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { changedAuthorities, refuses, someAuthorities } from '../../helpers/unloadable-authorities.js';

const directory = temporaryDirectory();
afterAll(() => {
  directory.remove();
});

/** CAs that keep an API server from loading the bundle that they are in, although they can be read here. */
const unloadable = [...someAuthorities(), ...changedAuthorities(600, 9)].filter(
  (der) => !refuses(readCertificate, der) && refuses(readLoadableCertificate, der),
);

describe('a CA that no API server loads', () => {
  it('is refused behind one that is healthy, by each reader of bundles', () => {
    expect(unloadable.length).toBeGreaterThan(50);
    const healthy = someAuthorities().find((der) => !refuses(readLoadableCertificate, der))!;
    for (const der of unloadable) {
      const pem = encodePem('CERTIFICATE', healthy) + encodePem('CERTIFICATE', der);
      for (const read of [readClientTrust, describeCertificateAuthority])
        expect(() => read(pem), der.toString('base64')).toThrow();
      expect(() => readAuthorityCertificates(pem, 'the bundle')).toThrow(/^certificate 2 of the bundle/);
    }
  });

  it('is refused as an issuer, above one, and as its anchor', async () => {
    for (const der of unloadable.slice(0, 20)) {
      const file = join(directory.path, 'ca.crt');
      writeFileSync(file, encodePem('CERTIFICATE', der));
      const config = { name: 'users', key: { kind: 'file', file, passphrase: null }, subject: null } as const;
      const parts = { clock: () => new Date(), remark: () => undefined };
      for (const anchorFile of [null, file]) {
        const { problems } = await readCertificates('dev', { ...config, certFile: file, anchorFile }, parts);
        expect(problems).toEqual(
          expect.arrayContaining([
            expect.objectContaining({
              message: expect.stringMatching(/^certificate 1 of .* cannot be read: /) as string,
            }),
          ]),
        );
      }
    }
  });
});
