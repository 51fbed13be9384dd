import { createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';

/**
 * Signed notes as C2SP has them (c2sp.org/signed-note), with Ed25519: a text, an empty line, and one line for each
 * signature. Go's golang.org/x/mod/sumdb/note reads the same.
 */
export interface NoteKey {
  /** No blank and no plus. */
  readonly name: string;
  /** 32 octets. */
  readonly publicKey: Buffer;
}

export interface NoteSigner extends NoteKey {
  readonly privateKey: KeyObject;
}

/** The signature type of Ed25519. */
const ed25519 = 0x01;

const nameGrammar = /^[^\s+]{1,255}$/u;

/** The first four octets of SHA-256(name ‖ LF ‖ type ‖ key), by which a signature says whose it is. */
export const keyId = ({ name, publicKey }: NoteKey): Buffer =>
  hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([ed25519]), publicKey]), 'buffer').subarray(0, 4);

/** The key in the form in which verifiers take it: `name+id+base64`. */
export const verifierKey = (key: NoteKey): string =>
  `${key.name}+${keyId(key).toString('hex')}+${Buffer.concat([Buffer.from([ed25519]), key.publicKey]).toString('base64')}`;

/** Reads a verifier key; null where it is not one of Ed25519, or its id is not that of the key. */
export function readVerifierKey(text: string): NoteKey | null {
  const [name, id, encoded, ...more] = text.split('+');
  // The encoded key may hold a plus.
  const octets = strictBase64([encoded, ...more].join('+'));
  if (name === undefined || id === undefined || octets === null || !nameGrammar.test(name)) return null;
  if (octets.length !== 33 || octets[0] !== ed25519) return null;
  const key = { name, publicKey: octets.subarray(1) };
  return keyId(key).toString('hex') === id ? key : null;
}

/**
 * The public key, for `node:crypto`. RFC 8410 section 4: a SubjectPublicKeyInfo of Ed25519 is this prefix and the key.
 */
const publicKeyObject = ({ publicKey }: NoteKey): KeyObject =>
  createPublicKey({
    key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]),
    format: 'der',
    type: 'spki',
  });

/** Signs a text, which ends with a line feed, with every key. */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  if (!isNoteText(text))
    throw new Error('the text of a note ends with a line feed and holds no other control character');
  const lines = signers.map((signer) => {
    const signature = sign(null, Buffer.from(text), signer.privateKey);
    return `— ${signer.name} ${Buffer.concat([keyId(signer), signature]).toString('base64')}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/** Why a note is refused, or the note; `signedBy`: the keys whose signatures are good, at least one. */
type NoteReading =
  | { readonly ok: true; readonly note: { readonly text: string; readonly signedBy: readonly NoteKey[] } }
  | { readonly ok: false; readonly reason: 'Malformed' | 'NoKnownSignature' | 'BadSignature' };

/**
 * Checks the signatures by the known keys. A bad one makes the whole note worthless, and so does the lack of a good
 * one; signatures by unknown keys are passed over.
 */
export function readNote(noteText: string, keys: readonly NoteKey[]): NoteReading {
  const split = noteText.lastIndexOf('\n\n');
  const text = noteText.slice(0, split + 1);
  const lines = noteText.slice(split + 2);
  if (split === -1 || !isNoteText(text) || !lines.endsWith('\n') || noteText.length > 1_000_000) return malformed;
  const signedBy: NoteKey[] = [];
  for (const line of lines.slice(0, -1).split('\n')) {
    const [, name, encoded] = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line) ?? [];
    const octets = encoded === undefined ? null : strictBase64(encoded);
    if (name === undefined || octets === null || octets.length < 5) return malformed;
    const key = keys.find((known) => known.name === name && keyId(known).equals(octets.subarray(0, 4)));
    if (key === undefined || signedBy.includes(key)) continue;
    if (!verify(null, Buffer.from(text), publicKeyObject(key), octets.subarray(4)))
      return { ok: false, reason: 'BadSignature' };
    signedBy.push(key);
  }
  return signedBy.length > 0 ? { ok: true, note: { text, signedBy } } : { ok: false, reason: 'NoKnownSignature' };
}

const malformed: NoteReading = { ok: false, reason: 'Malformed' };

/** UTF-8 text whose only control character is the line feed, which it ends with. */
// eslint-disable-next-line no-control-regex -- a signed note has no control characters but LF, and this looks for them
const isNoteText = (text: string): boolean => text.endsWith('\n') && !/[\u0000-\u0009\u000b-\u001f]/.test(text);

/** The octets of a standard base64 text with its padding; null for every other text. */
export function strictBase64(text: string): Buffer | null {
  const octets = Buffer.from(text, 'base64');
  return octets.toString('base64') === text ? octets : null;
}
