import { spawn } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { findOnPath } from '../../scripts/executables.js';
import type { CaAlgorithm } from './signing-job.js';

/** The signatures a second that this machine makes on all of its cores without any other work. */
export interface PhysicalLimit {
  /** The way in which the figure was measured. */
  readonly by: string;
  measure(seconds: number): Promise<number>;
}

const opensslNames: Readonly<Record<CaAlgorithm, string>> = { 'RSA-2048': 'rsa2048', 'P-256': 'ecdsap256' };

/** Uses `openssl speed` if it is installed. */
export function physicalLimit(algorithm: CaAlgorithm): PhysicalLimit {
  const openssl = findOnPath('openssl');
  if (openssl === null) return { by: 'node:crypto', measure: (seconds) => signInNode(algorithm, seconds) };
  const name = opensslNames[algorithm];
  return {
    by: `openssl speed ${name}`,
    async measure(seconds) {
      // It measures by the clock, as all other measurements do, and not by CPU time.
      const options = ['-elapsed', '-seconds', String(seconds), '-multi', String(availableParallelism())];
      return signaturesIn(await outputOf(openssl, ['speed', ...options, name]));
    },
  };
}

/**
 * Reads the column `sign/s` from the end of the output of `openssl speed`: a line of headings, and a line of figures
 * whose name has several words.
 */
export function signaturesIn(output: string): number {
  const lines = output.trimEnd().split('\n');
  const [headings, figures] = lines.slice(-2).map((line) => line.trim().split(/\s+/));
  const place = headings?.indexOf('sign/s') ?? -1;
  const perSecond = place < 0 ? NaN : Number(figures?.at(place - headings!.length));
  if (!(perSecond > 0)) throw new Error(`openssl speed does not say how many signatures it makes:\n${output}`);
  return perSecond;
}

function outputOf(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code ?? 'a signal'}`));
    });
  });
}

/** Keeps so many signatures under way that the thread pool is busy. */
async function signInNode(algorithm: CaAlgorithm, seconds: number): Promise<number> {
  const { privateKey } =
    algorithm === 'RSA-2048'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const tbsCertificate = Buffer.alloc(600, 1);
  const signOnce = promisify((done: (error: Error | null, signature: Buffer) => void) =>
    sign('sha256', tbsCertificate, privateKey, done),
  );
  const began = performance.now();
  let signatures = 0;
  const worker = async () => {
    for (; performance.now() < began + seconds * 1000; signatures++) await signOnce();
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  return signatures / ((performance.now() - began) / 1000);
}
