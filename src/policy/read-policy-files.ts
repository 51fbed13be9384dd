import { constants, type Dirent } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PolicyTexts } from './parse-policy-set.js';

const maxFileBytes = 256 * 1024;
const maxTotalBytes = 4 * 1024 * 1024;

export type PolicyFiles =
  | { readonly ok: true; readonly texts: PolicyTexts }
  /** Each error reads `file: message`. */
  | { readonly ok: false; readonly errors: readonly string[] };

/**
 * Reads every `*.yaml` and `*.yml` that stands directly in the directory, sorted by name. Links are followed: in a
 * mounted ConfigMap every file is one. Subdirectories and dot files are left alone. A file that does not end where a
 * line ends is not read.
 */
export async function readPolicyFiles(directory: string): Promise<PolicyFiles> {
  let entries: readonly Dirent[];
  try {
    entries = await readdir(directory, { withFileTypes: true });
  } catch (error) {
    return { ok: false, errors: [`${directory}: the policies directory cannot be read: ${codeOf(error)}`] };
  }
  const names = entries
    .filter((entry) => /^[^.].*\.ya?ml$/.test(entry.name) && !entry.isDirectory())
    .map(({ name }) => name)
    .sort();

  const texts: { path: string; text: string }[] = [];
  const errors: string[] = [];
  let total = 0;
  for (const name of names) {
    try {
      const bytes = await readBounded(join(directory, name));
      total += bytes.length;
      if (total > maxTotalBytes)
        return { ok: false, errors: [`${name}: the files are more than ${maxTotalBytes} bytes in all`] };
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      // POSIX 3.206: a line ends with a line feed. What is cut off within a line may still be YAML, and permit more.
      if (!text.endsWith('\n')) throw new PolicyFileError('does not end with a line break: it may be cut off');
      texts.push({ path: name, text });
    } catch (error) {
      errors.push(`${name}: ${error instanceof PolicyFileError ? error.message : `cannot be read: ${codeOf(error)}`}`);
    }
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, texts };
}

class PolicyFileError extends Error {
  override readonly name = 'PolicyFileError';
}

async function readBounded(path: string): Promise<Buffer> {
  // Non-blocking, so that opening a pipe does not wait for a writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new PolicyFileError('is not a regular file');
    const buffer = Buffer.alloc(maxFileBytes + 1);
    let length = 0;
    while (length <= maxFileBytes) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) return buffer.subarray(0, length);
      length += bytesRead;
    }
    throw new PolicyFileError(`is larger than ${maxFileBytes} bytes`);
  } finally {
    await file.close();
  }
}

function codeOf(error: unknown): string {
  if (error instanceof TypeError) return 'it is not UTF-8';
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
