/**
 * Takes secrets out of a log line, wherever in it they stand: whoever writes to the log means well, and an error
 * message, a nested object or a stack may still carry what it was about. The line is JSON, so a text's line breaks
 * are escapes and a text ends at the next quote.
 */
export function sanitize(line: string): string {
  return patterns.reduce((text, { pattern, instead }) => text.replace(pattern, instead), line);
}

const patterns: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  // A private key as PEM (RFC 7468), whole or cut off.
  {
    pattern: /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[^"]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|(?=")|$)/g,
    instead: '[redacted private key]',
  },
  // The same in base64, as kubeconfigs carry it; certificates, which begin "-----BEGIN C", stay.
  { pattern: /LS0tLS1CRUdJTi(?!BD)[A-Za-z0-9+/]{8,}={0,2}/g, instead: '[redacted private key]' },
  // The two fields of a kubeconfig that hold a secret, as YAML in a text or as a member.
  { pattern: /((?:client-key-data|token)(?:\\*")?:[ ]*(?:\\*")?)[A-Za-z0-9+/=._~-]{8,}/g, instead: '$1[redacted]' },
  // Our API tokens, and anything that is presented as one.
  { pattern: /kubepass_[A-Za-z0-9_-]{43}/g, instead: '[redacted token]' },
  // What webhooks are signed with (Standard Webhooks).
  { pattern: /whsec_[A-Za-z0-9+/=_-]{8,}/g, instead: '[redacted secret]' },
  { pattern: /\b(Bearer|Basic) +[A-Za-z0-9._~+/=-]{12,}/gi, instead: '$1 [redacted]' },
  // Members whose very name says that they are not for the log.
  {
    pattern:
      /("(?:authorization|proxy-authorization|cookie|set-cookie|idempotency-key|password|secret|yaml)":)"(?:[^"\\]|\\.)*"/gi,
    instead: '$1"[redacted]"',
  },
];
