// Tests packages/x509/src/strict/authority-request.ts
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import {
  encodePem,
  sign,
  signatureAlgorithmFor,
  writeAuthorityCertificationRequest,
  writeDistinguishedName,
} from '@kubepass/x509';
import { makeAuthority } from '../../packages/x509/test/helpers/certificates.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { ask } from './ask.js';

const oracles = inject('oracles');
const directory = temporaryDirectory();
afterAll(() => {
  directory.remove();
});

const subject = writeDistinguishedName([{ O: ['Example'] }, { CN: ['kubepass users'] }]);
const requestBy = ({ privateKey, publicKey }: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }) =>
  writeAuthorityCertificationRequest({ subject, publicKey, subjectKeyIdentifier: null }, (octets) =>
    sign(signatureAlgorithmFor(privateKey), octets, privateKey),
  );
const pairs = () => [
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
  generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  generateKeyPairSync('ed25519'),
];

describe.skipIf(oracles === null)('the certification request of a CA', () => {
  it('is read and verified by Go, with its extensions', async () => {
    const requests = await Promise.all(pairs().map(requestBy));
    const answers = ask(
      oracles!.requests,
      requests.map((der) => der.toString('base64')),
    );
    for (const answer of answers)
      expect(answer).toMatchObject({
        problem: '',
        subject: 'CN=kubepass users,O=Example',
        extensions: [
          { id: '2.5.29.19', critical: true, value: '30060101ff020100' },
          { id: '2.5.29.15', critical: true, value: '03020106' },
          { id: '2.5.29.37', critical: false },
          { id: '2.5.29.14', critical: false },
        ],
      });
  });

  it('becomes a certificate by openssl in which zlint finds nothing wrong', async () => {
    const root = makeAuthority({ subject: [['CN', 'offline root']] });
    const at = (name: string, text: string) => {
      writeFileSync(join(directory.path, name), text);
      return join(directory.path, name);
    };
    const [rsa] = pairs();
    const request = at('request.pem', encodePem('CERTIFICATE REQUEST', await requestBy(rsa!)));
    const der = execFileSync('openssl', [
      ...['x509', '-req', '-in', request, '-CA', at('root.pem', root.pem), '-CAkey', at('root.key', root.key.pem)],
      ...['-days', '365', '-copy_extensions', 'copyall', '-outform', 'der'],
    ]);
    const [answer] = ask(oracles!.lint, [der.toString('base64')]) as readonly {
      readonly problem?: string;
      readonly raised: Readonly<Record<string, string>>;
    }[];
    expect(answer!.problem).toBeUndefined();
    // The root of the test says nowhere to find its lists and policies, as no CA of a cluster does.
    expect(Object.entries(answer!.raised).filter(([, status]) => status === 'fatal')).toEqual([]);
    expect(
      Object.keys(answer!.raised).filter((name) => /basic_constr|key_usage|ku_|eku|subject_key|spki|rsa/.test(name)),
    ).toEqual([]);
  });
});
