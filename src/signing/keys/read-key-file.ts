import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { decodePemBundle, messageOf, type Signatures } from '@kubepass/x509';
import { readSecretFile } from '../../config/secrets.js';
import { type CaKey, heldKey, whyUnfit } from './ca-key.js';
import { weaknessesOf } from './encrypted-private-key.js';
import { type KeyFileSource, readPassphrase } from './passphrase.js';

/** A key file cannot be used. Each problem names the file and the way to mend it, and has no octet of a secret. */
export class KeyFileError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '));
  }
}

interface KeyFileParts {
  readonly signatures: Pick<Signatures, 'sign'>;
  readonly clock: () => Date;
  /** Told of files that are open to others. */
  readonly remarks: Parameters<typeof readSecretFile>[1];
}

/**
 * Reads a CA's private key: PEM in PKCS#8, PKCS#1 or SEC 1 form, and with a passphrase encrypted PKCS#8 alone. The file
 * and the passphrase are read into buffers that are wiped, and never into strings. Throws `KeyFileError` with all that
 * is wrong.
 */
export async function readKeyFile(source: KeyFileSource, parts: KeyFileParts): Promise<CaKey> {
  const problems: string[] = [];
  const attempt = (read: Promise<Buffer | null>): Promise<Buffer | null> =>
    read.catch((error: unknown) => {
      problems.push(messageOf(error));
      return null;
    });
  const octets = await attempt(readSecretFile(source.file, parts.remarks));
  const passphrase = await attempt(readPassphrase(source, parts.remarks));
  try {
    const found = octets === null ? null : findKey(octets, source, problems);
    if (found === null || problems.length > 0) throw new KeyFileError(problems);
    const key = importKey(found, passphrase, source.file);
    return heldKey(found.kind, key, parts.clock, parts.signatures);
  } finally {
    octets?.fill(0);
    passphrase?.fill(0);
  }
}

/** The octets of a key for Node: PEM of a plain one, DER of an encrypted one. */
interface FoundKey {
  readonly kind: 'file' | 'encrypted-file';
  readonly octets: Buffer;
}

const plainLabels: ReadonlySet<string> = new Set(['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY']);
const encryptedLabel = 'ENCRYPTED PRIVATE KEY';

/** The one key in a file; null where there is none. Adds all that speaks against it to the problems. */
function findKey(octets: Buffer, source: KeyFileSource, problems: string[]): FoundKey | null {
  const { file } = source;
  const hasPassphrase = source.passphrase !== null;
  const labels = labelsOf(octets).filter((label) => label.endsWith('PRIVATE KEY'));
  const [label = null] = labels;
  const problem = (text: string): void => void problems.push(`${file} ${text}`);
  if (label === null) problem(`has no private key in PEM: ${fromDer(file)}`);
  else if (labels.length > 1) problem('has several private keys: leave one');
  else if (label === 'OPENSSH PRIVATE KEY')
    problem(
      `is in OpenSSH's own form: "ssh-keygen -p -m PKCS8 -f ${word(file)}" brings it into PKCS#8, then ${encrypting(file)}`,
    );
  else if (label !== encryptedLabel && !plainLabels.has(label))
    problem('has a private key of a kind that is not accepted: PKCS#8, PKCS#1 and SEC 1 are');
  else if (octets.includes('Proc-Type:') || octets.includes('DEK-Info:'))
    problem(`is encrypted as PEM (Proc-Type), which a passphrase hardly protects: ${encrypting(file)}`);
  else if (label === encryptedLabel) {
    if (!hasPassphrase)
      problem(
        `is encrypted, and no passphrase is configured for it: name its passphraseFile or passphraseFd ("openssl pkey -in ${word(file)} -noout" tries one)`,
      );
    // The text of a key that is encrypted is no secret.
    const read = decodePemBundle(octets.toString('latin1'), encryptedLabel);
    const [der] = read.ok ? read.ders : [];
    if (!read.ok) problem(`cannot be read: ${read.refusal.message}`);
    else if (der !== undefined) {
      for (const weakness of weaknessesOf(der)) problem(`is encrypted, but ${weakness}: ${encrypting(file)}`);
      return { kind: 'encrypted-file', octets: der };
    }
  } else {
    if (hasPassphrase)
      problem(`is not encrypted, and a passphrase is configured for it: take that out, or ${encrypting(file)}`);
    return { kind: 'file', octets };
  }
  return null;
}

function importKey({ kind, octets }: FoundKey, passphrase: Buffer | null, file: string): KeyObject {
  let key: KeyObject;
  try {
    key =
      kind === 'file' || passphrase === null
        ? createPrivateKey({ key: octets, format: 'pem' })
        : createPrivateKey({ key: octets, format: 'der', type: 'pkcs8', passphrase });
  } catch {
    // Without a cause, because the parser's message may quote the key.
    throw new KeyFileError([
      kind === 'file'
        ? `${file} cannot be read: a private key in PEM is expected, in PKCS#8, PKCS#1 or SEC 1 form; "openssl pkey -in ${word(file)} -noout -check" tries it`
        : `${file} is damaged, or its passphrase is another one: try one with "openssl pkey -in ${word(file)} -noout"`,
    ]);
  }
  const problem = whyUnfit(createPublicKey(key));
  if (problem !== null)
    throw new KeyFileError([`${file} has a key that signs no certificates here: ${problem}; ${anotherKey(file)}`]);
  return key;
}

const begin = '-----BEGIN ';

/** The labels of the PEM blocks in a file. Nothing else of it becomes a string. */
function labelsOf(octets: Buffer): readonly string[] {
  const labels: string[] = [];
  for (let at = octets.indexOf(begin); at >= 0; at = octets.indexOf(begin, at + 1)) {
    const end = octets.indexOf('-----', at + begin.length);
    if (end > at && end - at < 60) labels.push(octets.toString('latin1', at + begin.length, end));
  }
  return labels;
}

function encrypting(file: string): string {
  const made = word(`${file}.new`);
  return `encrypt it by "openssl pkcs8 -topk8 -scrypt -in ${word(file)} -out ${made} && mv ${made} ${word(file)}"`;
}

const fromDer = (file: string): string =>
  `where it is in DER, "openssl pkey -inform DER -in ${word(file)} -out ${word(`${file}.pem`)}" brings it into PEM`;

const anotherKey = (file: string): string =>
  `"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ${word(`${file}.new`)}" makes another one, which takes a certificate of its own`;

/** A file's name as a shell takes it for one word. */
export const word = (file: string): string =>
  /^[\w./@%+=:,-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
