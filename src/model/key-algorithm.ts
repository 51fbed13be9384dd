export { keyAlgorithms, type KeyAlgorithm } from '../x509/strict/key-algorithm.js';
