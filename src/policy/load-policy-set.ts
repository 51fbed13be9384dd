import { constants, type Dirent } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '@kubepass/x509';
import { digestOfTexts, parsePolicySet, type PolicySetResult } from './parse-policy-set.js';
import type { ConfiguredCluster, PolicyTexts, PolicySet } from './policy-set.js';
import { watchSteadily } from '../workers/steady-watch.js';

interface LoadOptions {
  /** The clusters that guardrails must fit. */
  readonly clusters?: readonly ConfiguredCluster[];
  /** The pause between two readings. Default: 100. */
  readonly pauseMilliseconds?: number;
}

/** If every one of so many readings differs from the one before, the directory is not loaded. */
const maxReadings = 20;

/**
 * Loads the policy set of a directory, or reports every error in it. A directory without policy files is an empty
 * set, which denies every request. A missing directory is an error. The files are used only after two readings in a
 * row agree, because a file may be being written, or a mounted ConfigMap may be being swapped.
 */
export async function loadPolicySet(
  directory: string,
  { clusters = [], pauseMilliseconds = 100 }: LoadOptions = {},
): Promise<PolicySetResult> {
  let files = await readPolicyFiles(directory);
  for (let readings = 1; readings < maxReadings; readings++) {
    await sleep(pauseMilliseconds);
    const again = await readPolicyFiles(directory);
    if (readingOf(again) === readingOf(files)) return files.ok ? parsePolicySet(files.texts, clusters) : files;
    files = again;
  }
  return { ok: false, errors: [`${directory}: the policies are being written to`] };
}

/** Identifies the content that was read: its digest, or the errors of reading. */
export function readingOf(files: PolicyFiles): string {
  return files.ok ? digestOfTexts(files.texts) : files.errors.join('\n');
}

const maxFileBytes = 256 * 1024;
const maxTotalBytes = 4 * 1024 * 1024;

type PolicyFiles =
  | { readonly ok: true; readonly texts: PolicyTexts }
  /** Each error reads `file: message`: it is about the file as a whole. */
  | { readonly ok: false; readonly errors: readonly string[] };

/**
 * Reads every `*.yaml` and `*.yml` directly in the directory, sorted by name. It follows links, because every file of a
 * mounted ConfigMap is one. It ignores subdirectories and dot files. A file that does not end with a line break is an
 * error.
 */
export async function readPolicyFiles(directory: string): Promise<PolicyFiles> {
  let entries: readonly Dirent[];
  try {
    entries = await readdir(directory, { withFileTypes: true });
  } catch (error) {
    return { ok: false, errors: [`the policies directory cannot be read: ${reasonOf(error)}`] };
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
      const lines = text.split('\n');
      const last = lines.at(-1) ?? '';
      // POSIX 3.206: a line ends with a line feed. A file that was cut off may still be valid YAML, and permit more.
      if (last === '' && text !== '') texts.push({ path: name, text });
      else errors.push(`${name}:${lines.length}:${last.length + 1}: does not end with a line break: it may be cut off`);
    } catch (error) {
      errors.push(
        `${name}: ${error instanceof PolicyFileError ? error.message : `cannot be read: ${reasonOf(error)}`}`,
      );
    }
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, texts };
}

class PolicyFileError extends Error {
  override readonly name = 'PolicyFileError';
}

async function readBounded(path: string): Promise<Buffer> {
  // Without O_NONBLOCK, opening a pipe would wait for a writer.
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

const reasonOf = (error: unknown): string =>
  error instanceof TypeError ? 'it is not UTF-8' : (codeOf(error) ?? String(error));

export type PolicySetWatch = ReturnType<typeof watchPolicySet>;

interface PolicySetWatchOptions {
  readonly directory: string;
  /** The clusters that guardrails must fit. */
  readonly clusters?: readonly ConfiguredCluster[];
  /** The set in force until the files differ from it. */
  readonly initial: PolicySet;
  /** Default: 1 second. */
  readonly intervalMilliseconds?: number;
  /** Called when another set comes into force. */
  readonly onChange: (policySet: PolicySet, previous: PolicySet) => void;
  /** Called once for each content that is not valid. The set in force stays. */
  readonly onErrors: (errors: readonly string[]) => void;
  /** Called once the files are valid again after `onErrors`, with the set in force: another one, or that of before. */
  readonly onMended: (policySet: PolicySet) => void;
}

/**
 * Keeps the policy set equal to its files, as `watchSteadily` sees them. New content is used only if it is valid:
 * otherwise the set in force stays.
 */
export function watchPolicySet(options: PolicySetWatchOptions) {
  const { directory, clusters = [], initial, intervalMilliseconds = 1000, onChange, onErrors, onMended } = options;
  let current = initial;
  let refused = false;

  const watch = watchSteadily({
    async read() {
      const files = await readPolicyFiles(directory);
      return { reading: readingOf(files), content: files };
    },
    initial: initial.digest,
    intervalMilliseconds,
    act(files, reading) {
      const wasRefused = refused;
      refused = false;
      // Otherwise the files are again as the set in force.
      if (reading !== current.digest) {
        const result = files.ok ? parsePolicySet(files.texts, clusters) : files;
        if (!result.ok) {
          refused = true;
          onErrors(result.errors);
          return 'done'; // Every cause is in the content, or is part of the reading.
        }
        const previous = current;
        current = result.policySet;
        onChange(current, previous);
      }
      if (wasRefused) onMended(current);
      return 'done';
    },
    // After an unexpected error the set stays in force, and the process goes on.
    onFailure(error) {
      onErrors([`the policies could not be read: ${String(error)}`]);
    },
  });
  return {
    ...watch,
    /** Reads the files now, and reports their errors also where they were reported already. */
    reload: () => watch.again(),
    /** The set that is in force. */
    current: () => current,
    /** Whether the files are not valid as they are now. */
    isRefused: () => refused,
  };
}
