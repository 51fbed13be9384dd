import { DerError, type DerReader, inside, onlyElement, readInteger, readOid, Tag } from '@kubepass/x509';

const pbes2 = '1.2.840.113549.1.5.13';
const pbkdf2 = '1.2.840.113549.1.5.12';
const scrypt = '1.3.6.1.4.1.11591.4.11';
/** AES-CBC with keys of 128, 192 and 256 bits. */
const ciphers: readonly string[] = ['2', '22', '42'].map((mode) => `2.16.840.1.101.3.4.1.${mode}`);
/** HMAC with SHA-224, 256, 384, 512, 512/224 and 512/256. */
const hmacsWithSha2: readonly string[] = [8, 9, 10, 11, 12, 13].map((digest) => `1.2.840.113549.2.${digest}`);

const fewestSaltOctets = 8;
const fewestRounds = 100_000;
/** A start must not take minutes. Ten million rounds take some seconds, and scrypt takes as long to mix a gibibyte. */
const mostRounds = 10_000_000;
const mostMixedOctets = 1024 * 1024 * 1024;
/** The parameters of `openssl pkcs8 -scrypt`, and the octets of memory with which OpenSSL opens no key any more. */
const leastScrypt = { cost: 16_384, blockSize: 8 };
const tooMuchMemory = 32 * 1024 * 1024;

/**
 * Says why a passphrase hardly protects a key that is encrypted so, or why OpenSSL does not open it: each reason is a
 * clause. `der` is an EncryptedPrivateKeyInfo (RFC 5958 section 3). PBES2 with AES-CBC after scrypt (RFC 7914) or
 * PBKDF2 (RFC 8018) is accepted: then the list is empty.
 */
export function weaknessesOf(der: Buffer): readonly string[] {
  try {
    const reader = inside(onlyElement(der, 'an EncryptedPrivateKeyInfo'));
    const encryption = readAlgorithm(reader, 'the encryption');
    reader.expect(Tag.OCTET_STRING, 'the encrypted key');
    reader.end('an EncryptedPrivateKeyInfo');
    if (encryption.oid !== pbes2) return [`its scheme is ${encryption.oid} and not PBES2`];
    const scheme = inside(encryption.rest.expect(Tag.SEQUENCE, 'the parameters of PBES2'));
    const derivation = readAlgorithm(scheme, 'the key derivation');
    const cipher = readAlgorithm(scheme, 'the cipher');
    scheme.end('the parameters of PBES2');
    const judged = judgeDerivation(derivation);
    return ciphers.includes(cipher.oid) ? judged : [...judged, `its cipher is ${cipher.oid} and not AES-CBC`];
  } catch (error) {
    if (error instanceof DerError) return [`how it is encrypted cannot be read, ${error.message}`];
    throw error;
  }
}

/** An AlgorithmIdentifier, and the reader of its parameters. */
interface Algorithm {
  readonly oid: string;
  readonly rest: DerReader;
}

function readAlgorithm(reader: DerReader, name: string): Algorithm {
  const rest = inside(reader.expect(Tag.SEQUENCE, name));
  return { oid: readOid(rest.next()), rest };
}

function judgeDerivation({ oid, rest }: Algorithm): readonly string[] {
  if (oid !== scrypt && oid !== pbkdf2) return [`its key derivation is ${oid}, neither scrypt nor PBKDF2`];
  const reader = inside(rest.expect(Tag.SEQUENCE, 'the parameters of the key derivation'));
  const salt = reader.expect(Tag.OCTET_STRING, 'the salt').content;
  const weaknesses = oid === scrypt ? judgeScrypt(reader) : judgePbkdf2(reader);
  reader.end('the parameters of the key derivation');
  return salt.length < fewestSaltOctets ? [...weaknesses, `its salt has ${salt.length} octets`] : weaknesses;
}

function judgeScrypt(reader: DerReader): readonly string[] {
  const [cost, blockSize, parallel] = [readNumber(reader), readNumber(reader), readNumber(reader)];
  reader.optional(Tag.INTEGER);
  const parameters = `scrypt has N = ${cost}, r = ${blockSize}, p = ${parallel}`;
  if (cost < leastScrypt.cost || blockSize < leastScrypt.blockSize)
    return [`${parameters}, and N = ${leastScrypt.cost}, r = ${leastScrypt.blockSize} are the least`];
  if (!(128 * cost * blockSize < tooMuchMemory)) return [`${parameters}, for which OpenSSL takes too much memory`];
  return 128 * cost * blockSize * parallel <= mostMixedOctets ? [] : [`${parameters}, which take too long`];
}

function judgePbkdf2(reader: DerReader): readonly string[] {
  const rounds = readNumber(reader);
  reader.optional(Tag.INTEGER);
  // Where it is absent it is HMAC with SHA-1.
  const hash = reader.atEnd ? null : readAlgorithm(reader, 'the hash');
  const weaknesses =
    rounds < fewestRounds
      ? [`PBKDF2 has ${rounds} rounds, and ${fewestRounds} are the least`]
      : rounds > mostRounds
        ? [`PBKDF2 has ${rounds} rounds, and ${mostRounds} are the most`]
        : [];
  if (hash !== null && hmacsWithSha2.includes(hash.oid)) return weaknesses;
  return [...weaknesses, 'PBKDF2 does not use HMAC with SHA-2'];
}

/** An INTEGER that is not negative; a long one is `Infinity`. */
function readNumber(reader: DerReader): number {
  const element = reader.expect(Tag.INTEGER, 'a number');
  const octets = readInteger(element);
  if ((octets[0] ?? 0) >= 0x80) throw new DerError('a number is negative', element.offset);
  return octets.length > 6 ? Infinity : octets.readUIntBE(0, octets.length);
}
