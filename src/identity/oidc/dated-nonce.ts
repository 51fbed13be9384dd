/**
 * A nonce (OpenID Connect Core 1.0 section 15.5.2) that says when it was made: four octets of seconds since 1970, and 28 random
 * ones. The identity provider puts it into the id token that it signs. So the time of a sign-in needs neither a record nor a key
 * that replicas share.
 */
export function datedNonce(at: Date, random: (octets: number) => Buffer): string {
  const seconds = Buffer.alloc(4);
  seconds.writeUInt32BE(Math.floor(at.getTime() / 1000));
  return Buffer.concat([seconds, random(28)]).toString('base64url');
}

/** When the nonce was made, in seconds since 1970. */
export const secondsOfNonce = (nonce: string): number => Buffer.from(nonce.padEnd(6, 'A'), 'base64url').readUInt32BE();
