/** Certificates and requests in the words of `openssl x509 -text` and `openssl req -text`. */
export { certificateText, certificateTreeText } from './certificate-text.js';
export { certificationRequestText } from './certification-request-text.js';
export { namedCurves } from './named-curves.js';
export { objectNames } from './object-names.js';
