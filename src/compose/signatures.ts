import { CryptoThread, threadedSignatures } from '../signing/crypto-thread.js';
import type { Log } from '../context/context.js';
import { type Signatures, signaturesHere } from '@kubepass/x509';
import type { Closings } from './closings.js';

/** `threaded`: whether those with P-256 are made and verified on a thread of their own. */
export function openSignatures(threaded: boolean, log: Log, closings: Closings): Signatures {
  if (!threaded) return signaturesHere;
  const thread = new CryptoThread({
    report: (error) => {
      log.error({ err: error }, 'the thread that makes and verifies signatures ended by itself');
    },
  });
  closings.push(() => thread.close());
  thread.begin();
  return threadedSignatures(thread);
}
