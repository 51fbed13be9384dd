import { createHmac, timingSafeEqual } from 'node:crypto';
import { type DerElement, DerError, inside, readOid, Tag } from '@kubepass/x509';
import type { Protection } from '../keys/encryption/encryption.js';
import {
  COST_OF_A_CALL,
  derivePkcs12,
  fewIterations,
  hashByOid,
  hashes,
  type HashName,
  hmacByOid,
  iterationsInWords,
  pkcs12Passwords,
  readCount,
  readKeyDerivation,
  utf8Password,
} from '../keys/encryption/key-derivation.js';

/** The MAC of a PKCS#12: it shows that the file was made with the password, and not changed since. */
export type Mac = Protection<true>;

const PBMAC1 = '1.2.840.113549.1.5.14';

/** Octets; no HMAC has use for more. */
const MAX_KEY_LENGTH = 128;

/** Reads a MacData (RFC 7292 4). Throws `DerError` where it cannot be read. */
export function readMac(element: DerElement): Mac {
  const reader = inside(element);
  const digestInfo = inside(reader.expect(Tag.SEQUENCE, 'the MAC'));
  const algorithm = inside(digestInfo.expect(Tag.SEQUENCE, 'the algorithm of the MAC'));
  const oid = readOid(algorithm.expect(Tag.OBJECT_IDENTIFIER, 'the algorithm of the MAC'));
  const expected = digestInfo.expect(Tag.OCTET_STRING, 'the MAC').content;
  const salt = reader.expect(Tag.OCTET_STRING, 'the salt of the MAC').content;
  const count = reader.optional(Tag.INTEGER);
  reader.end('the MAC');
  if (oid === PBMAC1) return readPbmac1(algorithm.expect(Tag.SEQUENCE, 'the parameters of PBMAC1'), expected);
  // RFC 7292 4: the default is one iteration.
  const iterations = count === undefined ? 1 : readCount(count);
  const hashName = hashByOid[oid];
  if (hashName === undefined) return { description: `MAC ${oid}`, weaknesses: [], attempt: null };
  const { title, size } = hashes[hashName];
  return {
    description: `HMAC-${title} PKCS#12 ${iterationsInWords(iterations)}`,
    weaknesses: fewIterations(iterations).map((few) => `a MAC of ${few}`),
    attempt: {
      cost: iterations * COST_OF_A_CALL,
      encodings: pkcs12Passwords,
      run: (password, content) =>
        isHmac(hashName, derivePkcs12(hashName, password, salt, iterations, 'mac', size), content, expected),
    },
  };
}

/** RFC 9579 4: PBMAC1 (RFC 8018 7.1), with the password in UTF-8. The salt and the count beside it mean nothing. */
function readPbmac1(parameters: DerElement, expected: Buffer): Mac {
  const reader = inside(parameters);
  const kdf = readKeyDerivation(reader.expect(Tag.SEQUENCE, 'the key derivation of PBMAC1'));
  const scheme = inside(reader.expect(Tag.SEQUENCE, 'the scheme of PBMAC1'));
  const oid = readOid(scheme.expect(Tag.OBJECT_IDENTIFIER, 'the scheme of PBMAC1'));
  const hashName = hmacByOid[oid];
  if (typeof kdf === 'string') return { description: `PBMAC1 ${kdf}`, weaknesses: [], attempt: null };
  const weaknesses = kdf.weaknesses.map((weakness) => `a MAC of ${weakness}`);
  const description = `PBMAC1 ${kdf.description} ${hashName === undefined ? oid : `HMAC-${hashes[hashName].title}`}`;
  if (hashName === undefined) return { description, weaknesses, attempt: null };
  const { keyLength } = kdf;
  // RFC 9579 5: without a length it is open which key the MAC is made with.
  if (keyLength === null || keyLength > MAX_KEY_LENGTH)
    throw new DerError('the key length of PBMAC1 is missing or too large', parameters.offset);
  return {
    description,
    weaknesses,
    attempt: {
      cost: kdf.cost(keyLength),
      encodings: utf8Password,
      run: (password, content) => isHmac(hashName, kdf.derive(password, keyLength), content, expected),
    },
  };
}

function isHmac(hashName: HashName, key: Buffer, content: Buffer, expected: Buffer): true | null {
  const actual = createHmac(hashName, key).update(content).digest();
  key.fill(0);
  return (actual.length === expected.length && timingSafeEqual(actual, expected)) || null;
}
