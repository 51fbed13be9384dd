/** Public keys for Node, for a thread that needs nothing else. */
export { importSpki } from '../strict/crypto.js';
