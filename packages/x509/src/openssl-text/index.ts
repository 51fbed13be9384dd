/** Certificates and requests in the words of `openssl x509 -text` and `openssl req -text`. */
export { certificateText, certificateTreeText, certificationRequestText } from './certificate-text.js';
export { namedCurves } from './named-curves.js';
export { objectNames } from './object-names.js';
