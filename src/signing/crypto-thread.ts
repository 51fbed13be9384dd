import type { KeyObject } from 'node:crypto';
import type { Worker } from 'node:worker_threads';
import { SignaturesUnavailableError } from '../model/errors.js';
import { describeFailure, WorkerFailedError, startThread, workerFile } from '../workers/thread.js';
import { type CryptoMessage, JobKind, packFields, SignatureAnswer, unpackFields } from './crypto-job.js';
import { type SignatureAlgorithm, type Signatures, signaturesHere } from '@kubepass/x509';

/** A larger message keeps its first jobs waiting for the last; a smaller one wakes both threads more often. */
const mostJobsInMessage = 16;
/** One that the thread works on, and one that it finds when it is done. */
const mostMessagesUnderWay = 2;

interface Job {
  readonly fields: readonly Uint8Array[];
  resolve(answer: Buffer): void;
  reject(error: Error): void;
}

/** A thread that runs, with what it was told. */
interface Running {
  readonly worker: Worker;
  /** The numbers of the keys that it has. */
  readonly keys: Map<KeyObject, Buffer>;
  /** The jobs of the messages under way; the thread answers in the order of the messages. */
  readonly sent: (readonly Job[])[];
}

interface CryptoThreadOptions {
  /** Receives the errors of threads that end by themselves. */
  readonly report: (error: WorkerFailedError) => void;
  /** The module that the thread runs; tests may give another one. */
  readonly file?: URL;
}

/**
 * Makes and verifies ECDSA signatures with SHA-256 on a thread of its own, so that the event loop does not. It starts
 * with its first job. A thread that ends by itself takes its jobs with it: they reject, because nobody
 * knows whether a signature is good that could not be verified. The next job starts another thread.
 */
export class CryptoThread {
  #running: Running | null = null;
  #waiting: Job[] = [];
  #flushIsDue = false;

  constructor(private readonly options: CryptoThreadOptions) {}

  /** Signs. The key goes to the thread once. */
  sign(data: Uint8Array, privateKey: KeyObject): Promise<Buffer> {
    return this.#do(JobKind.sign, this.#given(privateKey), data, nothing);
  }

  /** Verifies. The key goes to the thread once, so it should be one that is used again and again. */
  async verify(data: Uint8Array, publicKey: KeyObject, signature: Uint8Array): Promise<boolean> {
    return isGood(await this.#do(JobKind.verify, this.#given(publicKey), data, signature));
  }

  /** Verifies with a key that the thread imports, as DER SubjectPublicKeyInfo. */
  async verifyProof(data: Uint8Array, publicKey: Uint8Array, signature: Uint8Array): Promise<boolean> {
    return isGood(await this.#do(JobKind.verifyProof, publicKey, data, signature));
  }

  /** Starts the thread before the first job, which would wait for it. It does not keep the process alive. */
  begin(): void {
    this.#running ??= this.#start();
    this.#running.worker.unref();
  }

  /** Ends the thread; jobs under way reject. */
  async close(): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    this.#lose(running);
    await running.worker.terminate();
  }

  #do(kind: number, key: Uint8Array, data: Uint8Array, signature: Uint8Array): Promise<Buffer> {
    const running = (this.#running ??= this.#start());
    return new Promise((resolve, reject) => {
      // An idle thread does not keep the process alive, one with jobs does.
      if (this.#waiting.length === 0 && running.sent.length === 0) running.worker.ref();
      this.#waiting.push({ fields: [Uint8Array.of(kind), key, data, signature], resolve, reject });
      if (this.#waiting.length >= mostJobsInMessage) this.#flush(running);
      else this.#flushSoon();
    });
  }

  /** Other requests of the same turn of the event loop may bring more jobs for the message. */
  #flushSoon(): void {
    if (this.#flushIsDue) return;
    this.#flushIsDue = true;
    setImmediate(() => {
      this.#flushIsDue = false;
      if (this.#running !== null) this.#flush(this.#running);
    });
  }

  #flush({ worker, sent }: Running): void {
    while (this.#waiting.length > 0 && sent.length < mostMessagesUnderWay) {
      const jobs = this.#waiting.splice(0, mostJobsInMessage);
      const message = packFields(jobs.flatMap(({ fields }) => fields));
      sent.push(jobs);
      worker.postMessage(message satisfies CryptoMessage, [message]);
    }
  }

  #start(): Running {
    const worker = startThread(this.options.file ?? workerFile(import.meta.url, 'crypto-worker'), {});
    const running: Running = { worker, keys: new Map(), sent: [] };
    worker.on('message', (message: ArrayBuffer) => {
      this.#settle(running, message);
    });
    const ended = (cause: unknown) => {
      if (this.#running !== running) return;
      this.#lose(running);
      this.options.report(new WorkerFailedError(describeFailure(cause)));
    };
    worker.on('error', ended).on('exit', (code) => {
      ended(new Error(`exit code ${String(code)}`));
    });
    return running;
  }

  #settle(running: Running, message: ArrayBuffer): void {
    if (this.#running !== running) return;
    const jobs = running.sent.shift() ?? [];
    const answers = unpackFields(message);
    for (const [i, job] of jobs.entries()) {
      const answer = answers[i];
      if (answer === undefined) job.reject(notDone());
      else job.resolve(answer);
    }
    this.#flush(running);
    if (running.sent.length === 0) running.worker.unref();
  }

  #lose(running: Running): void {
    this.#running = null;
    const jobs = [...running.sent.flat(), ...this.#waiting];
    this.#waiting = [];
    for (const job of jobs) job.reject(notDone());
  }

  /** The number of a key, which the thread is given before its first job. */
  #given(key: KeyObject): Uint8Array {
    const running = (this.#running ??= this.#start());
    const known = running.keys.get(key);
    if (known !== undefined) return known;
    const number = Buffer.alloc(4);
    number.writeUInt32LE(running.keys.size + 1);
    running.keys.set(key, number);
    running.worker.postMessage({ id: running.keys.size, key } satisfies CryptoMessage);
    return number;
  }
}

const nothing = new Uint8Array();

const notDone = () => new SignaturesUnavailableError('the thread for signatures ended before a job was done');

function isGood(answer: Buffer): boolean {
  return answer.length === 1 && answer[0] === SignatureAnswer.good;
}

const isEcdsaSha256 = ({ name }: SignatureAlgorithm): boolean => name === 'ecdsa-with-SHA256';

/**
 * Decides where signatures are made and verified. P-256 goes to the crypto thread: the proof of a CSR, and the
 * signature of a CA with its check. Everything else stays where `signaturesHere` does it: long work on libuv's threads,
 * and short work, such as verifying RSA with its small exponent in 16 µs, on the event loop.
 *
 * Microseconds of processor time for a job, on Node 24, with 32 callers at the same time:
 *
 * | job                             | event loop: here | event loop: thread | process: here | process: thread |
 * | proof: import a key, and verify |               60 |                  5 |            61 |              67 |
 * | sign                            |               17 |                  3 |            18 |              22 |
 * | verify                          |               45 |                  3 |            45 |              50 |
 *
 * A job for the thread alone in its message costs 10 to 13 µs on the event loop, which is still less than the job.
 */
export const threadedSignatures = (thread: CryptoThread): Signatures => ({
  sign: (algorithm, data, privateKey) =>
    isEcdsaSha256(algorithm) ? thread.sign(data, privateKey) : signaturesHere.sign(algorithm, data, privateKey),
  verify: (algorithm, data, publicKey, signature) =>
    isEcdsaSha256(algorithm) && publicKey.asymmetricKeyType === 'ec'
      ? thread.verify(data, publicKey, signature)
      : signaturesHere.verify(algorithm, data, publicKey, signature),
  verifyProof: (algorithm, data, publicKey, signature) =>
    isEcdsaSha256(algorithm) && publicKey.algorithm === 'ECDSA-P256'
      ? thread.verifyProof(data, publicKey.der, signature)
      : signaturesHere.verifyProof(algorithm, data, publicKey, signature),
});
