import { hash } from 'node:crypto';

const prefix = 'kubepass_';

/** 256 bits as base64url; the prefix lets scanners for leaked secrets find it. */
const grammar = /^kubepass_[A-Za-z0-9_-]{43}$/;

export function newApiTokenSecret(random: (octets: number) => Buffer): string {
  return prefix + random(32).toString('base64url');
}

export function isApiTokenSecret(text: string): boolean {
  return grammar.test(text);
}

/**
 * The hash that a secret is kept and found by, lower-case hex. A secret of 256 random bits needs no salt and no slow
 * hash. The time of the look-up on an index tells a caller nothing, because nobody can choose the hash of a guess.
 */
export function secretSha256(secret: string): string {
  return hash('sha256', secret, 'hex');
}
