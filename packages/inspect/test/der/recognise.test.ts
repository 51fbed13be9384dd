// Tests packages/inspect/src/der/recognise.ts
import { readdirSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import {
  looksLikeOpenSshKey,
  looksLikePkcs12,
  looksLikePkcs7,
  shapeOfPrivateKey,
  shapeOfPublicKey,
} from '../../src/der/recognise.js';
import { der, oid, sequence, Tag } from '@kubepass/x509';
import { fixture } from '../keys/inspected-key.js';

const files = readdirSync(new URL('../keys/fixtures/', import.meta.url)).filter((name) =>
  /\.(key|p12|p7b|crt|crl)$/.test(name),
);

/** The answer of each predicate about a file. */
const answers = (name: string): Record<string, boolean> => {
  const { bytes } = fixture(name);
  return {
    privateKey: shapeOfPrivateKey(bytes) !== null,
    openSsh: looksLikeOpenSshKey(bytes),
    publicKey: shapeOfPublicKey(bytes) !== null,
    pkcs7: looksLikePkcs7(bytes),
    pkcs12: looksLikePkcs12(bytes),
  };
};

function kindOf(name: string): string | null {
  if (name.includes('.legacy.key') || name === 'indefinite.p7b') return null;
  if (name.endsWith('.openssh.key')) return 'openSsh';
  return { key: 'privateKey', p12: 'pkcs12', p7b: 'pkcs7' }[name.split('.').at(-1) ?? ''] ?? null;
}

describe('telling objects by their structure', () => {
  it.each(files)('tells what %s is, and nothing else', (name) => {
    const kind = kindOf(name);
    expect(Object.entries(answers(name)).filter(([, is]) => is)).toEqual(kind === null ? [] : [[kind, true]]);
  });

  it('does not take a DigestInfo for an encrypted key', () => {
    const digest = der(Tag.OCTET_STRING, Buffer.alloc(32));
    expect(shapeOfPrivateKey(sequence(sequence(oid('2.16.840.1.101.3.4.2.1'), der(Tag.NULL)), digest))).toBeNull();
  });
});
