// Tests src/signing/crypto-thread.ts, src/signing/crypto-worker.ts, src/signing/crypto-job.ts, src/workers/thread.ts
import { createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { CryptoThread, threadedSignatures } from '../../../../src/signing/crypto-thread.js';
import {
  generateKeyPair,
  keyAlgorithms,
  readCertificationRequestDer,
  signatureAlgorithmFor,
  signaturesHere,
  writeCertificationRequest,
} from '@kubepass/x509';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spki = publicKey.export({ type: 'spki', format: 'der' });
const unavailable = { name: 'SignaturesUnavailableError' };

const opened: CryptoThread[] = [];
afterEach(async () => {
  for (const thread of opened.splice(0)) await thread.close();
});
function openThread(file?: URL) {
  const failures: Error[] = [];
  const report = (error: Error) => void failures.push(error);
  const thread = new CryptoThread(file === undefined ? { report } : { report, file });
  opened.push(thread);
  return { thread, failures };
}

/** The threads that a piece of work starts. */
async function threadsOf(work: () => Promise<unknown>): Promise<readonly Worker[]> {
  const threads: Worker[] = [];
  const note = (worker: Worker) => void threads.push(worker);
  process.on('worker', note);
  await work().finally(() => process.off('worker', note));
  return threads;
}

describe('the crypto thread', () => {
  it('signs, verifies and proves many at once, and gives each caller its own answer', async () => {
    const { thread } = openThread();
    const jobs = Array.from({ length: 200 }, (_, i) => i);
    await Promise.all(
      jobs.map(async (i) => {
        const data = randomBytes(1 + i * 50);
        const good = sign('sha256', data, privateKey);
        const bad = sign('sha256', randomBytes(8), privateKey);
        const isGood = i % 3 === 0;
        expect(await thread.verifyProof(data, spki, isGood ? good : bad)).toBe(isGood);
        expect(await thread.verify(data, publicKey, isGood ? good : bad)).toBe(isGood);
        expect(verify('sha256', data, publicKey, await thread.sign(data, privateKey))).toBe(true);
      }),
    );
  });

  it.each([Buffer.alloc(0), Buffer.of(0x30, 0), randomBytes(70)])(
    'calls a malformed signature bad',
    async (signature) => {
      const { thread } = openThread();
      expect(await thread.verifyProof(Buffer.from('data'), spki, signature)).toBe(false);
      expect(await thread.verify(Buffer.from('data'), publicKey, signature)).toBe(false);
    },
  );

  it('is one thread, which starts with the first job', async () => {
    const { thread } = openThread();
    const threads = await threadsOf(() =>
      Promise.all(Array.from({ length: 20 }, () => thread.sign(Buffer.from('data'), privateKey))),
    );
    expect(threads).toHaveLength(1);
  });

  it('rejects all jobs of a thread that dies, and does the next on a new one', async () => {
    const { thread, failures } = openThread();
    const [worker] = await threadsOf(() => thread.sign(Buffer.from('data'), privateKey));
    const proof = sign('sha256', Buffer.from('data'), privateKey);
    const lost = Array.from({ length: 30 }, () => thread.verifyProof(Buffer.from('data'), spki, proof));
    const settled = Promise.allSettled(lost);
    await worker?.terminate();
    // No proof is called good or bad, unless the thread said so before it died.
    const rejected = (await settled).filter(({ status }) => status === 'rejected');
    expect(rejected.length).toBeGreaterThan(0);
    for (const one of rejected) expect(one).toMatchObject({ reason: unavailable });
    expect(failures).toHaveLength(1);
    expect(await thread.verifyProof(Buffer.from('data'), spki, proof)).toBe(true);
    expect(verify('sha256', Buffer.from('data'), publicKey, await thread.sign(Buffer.from('data'), privateKey))).toBe(
      true,
    );
  });

  it('rejects a proof whose key cannot be imported, and quotes nothing of it', async () => {
    const { thread, failures } = openThread();
    await expect(thread.verifyProof(Buffer.from('secret'), Buffer.from('no key'), Buffer.of(0))).rejects.toMatchObject(
      unavailable,
    );
    expect(JSON.stringify(failures.map(({ message, stack }) => ({ message, stack })))).not.toContain('secret');
  });

  it('rejects its jobs where no thread can start', async () => {
    const scratch = temporaryDirectory();
    const file = join(scratch.path, 'broken.mjs');
    writeFileSync(file, 'throw new Error("broken");');
    const { thread, failures } = openThread(pathToFileURL(file));
    const jobs = Array.from({ length: 6 }, () => thread.sign(Buffer.from('data'), privateKey));
    for (const job of jobs) await expect(job).rejects.toMatchObject(unavailable);
    expect(failures).toHaveLength(1);
    scratch.remove();
  });

  it('rejects its jobs when it is closed, and reports nothing', async () => {
    const { thread, failures } = openThread();
    const job = thread.sign(Buffer.from('data'), privateKey);
    const rejected = expect(job).rejects.toMatchObject(unavailable);
    await thread.close();
    await rejected;
    expect(failures).toEqual([]);
  });
});

describe('signatures with a crypto thread', () => {
  it.each(keyAlgorithms)('are those of the event loop: %s', async (algorithm) => {
    const { thread } = openThread();
    const signatures = threadedSignatures(thread);
    const keys = await generateKeyPair(algorithm);
    const csr = await writeCertificationRequest({ username: 'jane', groups: [] }, keys);
    expect(await readCertificationRequestDer(csr, signatures)).toEqual(await readCertificationRequestDer(csr));
    const forged = Buffer.from(csr);
    forged.writeUInt8(forged.readUInt8(forged.length - 1) ^ 1, forged.length - 1);
    expect(await readCertificationRequestDer(forged, signatures)).toMatchObject({
      refusal: { reason: 'BadSignature' },
    });
    const signatureAlgorithm = signatureAlgorithmFor(keys.privateKey);
    const data = Buffer.from('data');
    const signature = await signatures.sign(signatureAlgorithm, data, keys.privateKey);
    const own = createPublicKey(keys.privateKey);
    for (const by of [signatures, signaturesHere]) {
      expect(await by.verify(signatureAlgorithm, data, own, signature)).toBe(true);
      expect(await by.verify(signatureAlgorithm, Buffer.from('other'), own, signature)).toBe(false);
    }
  });

  it('neither take nor refuse a csr whose proof could not be verified', async () => {
    const { thread } = openThread();
    const keys = await generateKeyPair('ECDSA-P256');
    const csr = await writeCertificationRequest({ username: 'jane', groups: [] }, keys);
    const reading = readCertificationRequestDer(csr, threadedSignatures(thread));
    const rejected = expect(reading).rejects.toMatchObject(unavailable);
    await thread.close();
    await rejected;
  });
});
