import { pino, type DestinationStream, type LevelWithSilent, type Logger } from 'pino';

/** Writes JSON lines to standard output, or to `destination`. Every line passes through `sanitize` last. */
export function createLogger(
  options: { readonly level?: LevelWithSilent } = {},
  destination: DestinationStream = bufferedOutput(),
): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: { service: 'kubepass' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: sanitize },
    },
    destination,
  );
}

/** How long a line may wait for others, so that one call writes them all. */
const longestWaitMilliseconds = 100;
const mostWaitingCharacters = 8 * 1024;
/** Lines beyond these octets are dropped while nothing can be written, as on a full disk. */
const mostUnwrittenOctets = 4 * 1024 * 1024;

/**
 * Standard output, several lines at a time. Lines of level `warn` and above are written at once, with all lines before
 * them. The end of the process writes the rest, also after an uncaught exception; only a process that is killed loses
 * it. A write is synchronous: a slow reader holds the service up, but does not fill its memory.
 */
function bufferedOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true, maxLength: mostUnwrittenOctets });
  // Lines that cannot be written do not stop the service. The next write tries them again.
  output.on('error', () => undefined);
  let waiting = '';
  let timer: NodeJS.Timeout | null = null;
  const flush = () => {
    timer = null;
    const lines = waiting;
    waiting = '';
    if (lines !== '') output.write(lines);
  };
  process.on('exit', flush);
  const destination = {
    // Makes pino set `lastLevel` before each line.
    [pino.symbols.needsMetadataGsym]: true,
    lastLevel: 0,
    write(line: string) {
      waiting += line;
      if (destination.lastLevel >= warn || waiting.length >= mostWaitingCharacters) flush();
      else timer ??= setTimeout(flush, longestWaitMilliseconds).unref();
    },
  };
  return destination;
}

const warn = pino.levels.values['warn'] ?? 0;

/**
 * Removes secrets from a log line, wherever they stand in it: an error message, a nested object or a stack may carry
 * one although no caller logs it on purpose. The line is JSON, so line breaks in a text are escapes, and a text ends at
 * the next quote.
 */
function sanitize(line: string): string {
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
  // The two fields of a kubeconfig that hold a secret, as YAML inside a text or as a JSON member.
  { pattern: /((?:client-key-data|token)(?:\\*")?:[ ]*(?:\\*")?)[A-Za-z0-9+/=._~-]{8,}/g, instead: '$1[redacted]' },
  // API tokens of kubepass, valid or not.
  { pattern: /kubepass_[A-Za-z0-9_-]{43}/g, instead: '[redacted token]' },
  // JSON Web Tokens (RFC 7519 section 3): two parts that begin as the JSON object of a header do, and a signature.
  { pattern: /\beyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?/g, instead: '[redacted token]' },
  // Secrets that sign webhooks (Standard Webhooks).
  { pattern: /whsec_[A-Za-z0-9+/=_-]{8,}/g, instead: '[redacted secret]' },
  { pattern: /\b(Bearer|Basic) +[A-Za-z0-9._~+/=-]{12,}/gi, instead: '$1 [redacted]' },
  // Members whose name means a secret.
  {
    pattern:
      /("(?:authorization|proxy-authorization|cookie|set-cookie|idempotency-key|password|secret|yaml)":)"(?:[^"\\]|\\.)*"/gi,
    instead: '$1"[redacted]"',
  },
];
