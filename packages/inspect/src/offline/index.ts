/** The program `kubepass-inspect`, without the process around it. */
export { inspectFiles } from './inspect-files.js';
export type { OutputStream } from '../formats/text/screen.js';
