import { gunzipSync, gzipSync } from 'node:zlib';
import { mutateDer } from './mutate-der.js';
import { mutateOctets } from './mutate-octets.js';
import { isTar, mutateTar } from './mutate-tar.js';
import { mutateBase64, mutateJson, mutatePem, mutateYaml, writePem } from './mutate-text.js';
import type { Random } from './random.js';

/**
 * Changes an input somewhere between its outermost and its innermost layer. For example it takes a certificate out of
 * the base64 of a kubeconfig in a compressed archive, changes it, and puts it back.
 */
export function mutate(octets: Buffer, random: Random, other: () => Buffer): Buffer {
  if (random.once(6)) return mutateOctets(octets, random, other);
  const inner = (within: Buffer): Buffer => mutate(within, random, other);
  if (octets[0] === 0x1f && octets[1] === 0x8b) {
    const unpacked = unzipped(octets);
    return unpacked === null ? mutateOctets(octets, random, other) : gzipSync(inner(unpacked), { level: 1 });
  }
  if (isTar(octets)) return mutateTar(octets, random, inner);
  const text = octets.toString('latin1');
  if (text.startsWith('-----BEGIN') || (/-----BEGIN/.test(text) && random.once(2)))
    return Buffer.from(mutatePem(text, random, inner), 'latin1');
  if (/^\s*\{/.test(text)) return Buffer.from(mutateJson(text, random, inner), 'latin1');
  if (/^(apiVersion|kind):|\napiVersion:/.test(text)) return Buffer.from(mutateYaml(text, random, inner), 'latin1');
  if (/^[A-Za-z0-9+/=\s]{64,}$/.test(text)) return Buffer.from(mutateBase64(text, random, inner), 'latin1');
  return mutateDer(octets, random, other) ?? mutateOctets(octets, random, other);
}

function unzipped(octets: Buffer): Buffer | null {
  try {
    return gunzipSync(octets, { maxOutputLength: 1 << 20 });
  } catch {
    return null;
  }
}

const wrappers: readonly ((octets: Buffer, random: Random) => Buffer | string)[] = [
  (octets) => octets.toString('base64'),
  (octets) => gzipSync(octets, { level: 1 }),
  (octets, random) => writePem('CERTIFICATE', octets, random),
  (octets) => `apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\ndata:\n  tls.crt: ${octets.toString('base64')}\n`,
  (octets) => JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', data: { 'ca.crt': octets.toString('latin1') } }),
  (octets) =>
    `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  data:\n    value: ${octets.toString('base64')}\n`,
  (octets) =>
    `apiVersion: v1\nkind: Config\nusers:\n- name: x\n  user:\n    client-certificate-data: ${octets.toString('base64')}\n`,
];

/** Wraps it in containers that hold such things, some layers deep. */
export function nest(octets: Buffer, random: Random): Buffer {
  let nested = octets;
  for (let depth = random.pick([1, 1, 2, 3, 9, 12]); depth > 0 && nested.length < 100_000; depth--)
    nested = Buffer.from(random.pick(wrappers)(nested, random));
  return nested;
}
