/** 256 bits as base64url, and no padding: a cookie value as it is (RFC 6265 section 4.1.1). */
const grammar = /^[A-Za-z0-9_-]{43}$/;

export const newSessionSecret = (random: (octets: number) => Buffer): string => random(32).toString('base64url');

export const isSessionSecret = (text: string): boolean => grammar.test(text);
