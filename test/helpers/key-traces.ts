import { createPrivateKey } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/**
 * The forms in which a private EC key may lie somewhere: lines of its PEM, its DER, and the secret number as octets and
 * as text.
 */
export function tracesOfKey(pem: string): readonly Buffer[] {
  const key = createPrivateKey(pem);
  const secret = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
  if (secret.length < 32) throw new Error('the key has no secret number of 32 octets');
  // The last line has octets of the public key alone.
  const lines = pem.trim().split('\n').slice(1, -2);
  const texts = [...lines, ...(['hex', 'base64', 'base64url'] as const).map((form) => secret.toString(form))];
  return [secret, key.export({ format: 'der', type: 'pkcs8' }), ...texts.map((text) => Buffer.from(text))];
}

/** Whether some octets hold any of these. Texts in hex count in either case. */
export const holdsAny = (octets: Buffer, traces: readonly Buffer[]): boolean =>
  traces.some(
    (trace) =>
      octets.includes(trace) ||
      (/^[0-9a-f]+$/.test(trace.toString()) && octets.includes(trace.toString().toUpperCase())),
  );

/** Every file below a folder, by its path: those of a database with its log too. */
export const filesBelow = (folder: string): ReadonlyMap<string, Buffer> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file, readFileSync(file)]),
  );

/** Every value of every row of every table: octets as they are, and everything else as text. */
export function rowsOf(file: string): Buffer {
  const database = new Database(file, { readonly: true });
  try {
    const tables = database.prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    const values = tables.flatMap(({ name }) =>
      database
        .prepare<[], Readonly<Record<string, unknown>>>(`SELECT * FROM "${name}"`)
        .all()
        .flatMap((row) => Object.values(row))
        .map((value) => (Buffer.isBuffer(value) ? value : Buffer.from(String(value)))),
    );
    return Buffer.concat(values.flatMap((value) => [value, Buffer.from('\n')]));
  } finally {
    database.close();
  }
}
