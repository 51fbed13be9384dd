import { type KeyObject, sign, verify } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { importSpki } from '@kubepass/x509/public-keys';
import { type CryptoMessage, fieldsOfJob, JobKind, packFields, SignatureAnswer, unpackFields } from './crypto-job.js';

/** The keys that are used again and again, by the numbers that the other side gave them. */
const keys = new Map<number, KeyObject>();

// An error ends the thread, and with it all jobs under way: the other side must not take it for an answer.
parentPort?.on('message', (message: CryptoMessage) => {
  if (message instanceof ArrayBuffer) {
    const answers = answer(message);
    parentPort?.postMessage(answers, [answers]);
  } else keys.set(message.id, message.key);
});

/** Does the jobs of a message; answers one field for each, in their order. */
function answer(message: ArrayBuffer): ArrayBuffer {
  const fields = unpackFields(message);
  const answers: Uint8Array[] = [];
  for (let i = 0; i < fields.length; i += fieldsOfJob) {
    const [kind, key, data, signature] = fields.slice(i, i + fieldsOfJob);
    if (!kind || !key || !data || !signature) throw new RangeError('a job is incomplete');
    answers.push(work(kind.readUInt8(0), key, data, signature));
  }
  return packFields(answers);
}

function work(kind: number, key: Buffer, data: Buffer, signature: Buffer): Uint8Array {
  switch (kind) {
    case JobKind.sign:
      return sign('sha256', data, knownKey(key));
    case JobKind.verify:
      return verdict(verify('sha256', data, knownKey(key), signature));
    case JobKind.verifyProof:
      return verdict(verify('sha256', data, importSpki(key), signature));
    default:
      throw new RangeError('the kind of a job is not known');
  }
}

const verdict = (good: boolean): Uint8Array => Uint8Array.of(good ? SignatureAnswer.good : SignatureAnswer.bad);

function knownKey(id: Buffer): KeyObject {
  const key = keys.get(id.readUInt32LE(0));
  if (key === undefined) throw new RangeError('the key of a job is not known');
  return key;
}
