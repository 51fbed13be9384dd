import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { inside, onlyElement } from '@kubepass/x509';
import { readFixture } from './helpers/inspection-corpus.js';

const keyFolder = fileURLToPath(new URL('../corpus-keys/', import.meta.url));

/** As many octets as nobody meets by chance. */
const WINDOW = 12;

const keyPems: readonly string[] = [
  ...readdirSync(keyFolder).map((file) => readFileSync(join(keyFolder, file), 'utf8')),
  ...pemsIn(Buffer.from(readFixture('kubeadm-pki').upload.parts[0]!.bytes)),
  ...kubeconfigKeys(gunzipSync(readFixture('kubeadm-kubernetes').upload.parts[0]!.bytes)),
];

/** Secrets that must be in no answer. */
export const corpusSecrets = {
  /** Private octets: exponents, primes, scalars, and the PEM bodies of keys, which base64 hides once more. */
  octets: [
    ...keyPems.flatMap((pem) => privateNumbers(createPrivateKey(pem))),
    ...keyPems.map((pem) => Buffer.from(pem.replace(/-----.*-----\n/g, ''))),
  ],
  texts: [
    'correct horse battery staple',
    'c2VjcmV0LXRva2Vu',
    'hunter2-hunter2',
    Buffer.from('hunter2-hunter2').toString('base64'),
    'secret-access-token',
    'secret-profile-value',
  ],
} as const;

const windows = new Set<string>();
for (const secret of corpusSecrets.octets)
  for (let at = 0; at + WINDOW <= secret.length; at++) {
    const octets = secret.subarray(at, at + WINDOW);
    windows.add(octets.toString('hex'));
    windows.add(octets.toString('base64'));
  }
// Bodies of PEM stand in base64 already.
for (const pem of keyPems)
  for (const line of pem.split('\n'))
    if (!line.startsWith('-')) for (let at = 0; at + 16 <= line.length; at++) windows.add(line.slice(at, at + 16));

/** The secrets of the corpus that a text holds, in hex (with colons or without), base64 or as they are. */
export function secretsIn(text: string): readonly string[] {
  const found = new Set<string>(corpusSecrets.texts.filter((secret) => text.includes(secret)));
  const look = (run: string, width: number): void => {
    for (let at = 0; at + width <= run.length; at++) {
      const window = run.slice(at, at + width);
      if (windows.has(window)) found.add(window);
    }
  };
  for (const [run] of text.matchAll(/[A-Za-z0-9+/]{16,}/g)) look(run, 16);
  for (const [run] of text.matchAll(/(?:[0-9A-Fa-f]{2}(?::\s*|\s*)){12,}/g))
    look(run.replace(/[\s:]/g, '').toLowerCase(), WINDOW * 2);
  return [...found];
}

function privateNumbers(key: KeyObject): Buffer[] {
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
  switch (key.asymmetricKeyType) {
    case 'ec': {
      // RFC 5915 3.
      const fields = inside(onlyElement(key.export({ type: 'sec1', format: 'der' }), 'a key'));
      fields.next();
      return [fields.next().content];
    }
    case 'rsa': {
      // RFC 8017 A.1.2: after version, modulus and public exponent.
      const fields = inside(onlyElement(key.export({ type: 'pkcs1', format: 'der' }), 'a key'));
      const numbers = Array.from({ length: 9 }, () => fields.next().content);
      return numbers.slice(3);
    }
    case 'rsa-pss':
      return [pkcs8.subarray(-900)];
    default:
      // Ed25519, Ed448, X25519 and DSA: the private number ends the structure.
      return [pkcs8.subarray(-32)];
  }
}

function pemsIn(octets: Buffer): string[] {
  return (
    octets.toString('latin1').match(/-----BEGIN (\w+ )?PRIVATE KEY-----[^-]*-----END (\w+ )?PRIVATE KEY-----\n/g) ?? []
  );
}

function kubeconfigKeys(octets: Buffer): string[] {
  return [...octets.toString('latin1').matchAll(/client-key-data: (\S+)/g)].flatMap(([, base64 = '']) =>
    pemsIn(Buffer.from(base64, 'base64')),
  );
}
