import { pino, type DestinationStream, type Logger } from 'pino';
import { sanitize } from './sanitize.js';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** JSON lines to standard output, or to `destination`; every line passes through `sanitize` last. */
export function createLogger(
  options: { readonly level?: LogLevel } = {},
  destination: DestinationStream = pino.destination({ dest: 1, sync: true }),
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
