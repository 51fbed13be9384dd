import { hash } from 'node:crypto';

/** SHA-256 as lower-case hex, the form in which kubepass shows and stores fingerprints. */
export function sha256(octets: Uint8Array): string {
  return hash('sha256', octets, 'hex');
}
