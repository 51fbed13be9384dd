export { keyAlgorithms, type KeyAlgorithm } from '../pki/key-algorithm.js';
