/** The levels of the log, the most urgent one first. No level is silent: why a service cannot serve is always said. */
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

export type LogLevel = (typeof logLevels)[number];
