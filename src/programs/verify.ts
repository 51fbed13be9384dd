import { finish } from '@kubepass/inspect/command-line';
import { verifyFiles } from '../audit/verify-files.js';

/** `kubepass verify FILE… [--checkpoint FILE] [--key KEY]`. Its usage says what the exit codes mean. */
export const run = (args: readonly string[]): Promise<void> => finish(verifyFiles(args, 'kubepass verify'));
