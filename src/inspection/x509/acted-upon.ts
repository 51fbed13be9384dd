/** Extensions of certificates that Go, and so Kubernetes, acts upon (crypto/x509 parser.go), by dotted identifier. */
export const actedUponInCertificates: ReadonlySet<string> = new Set([
  '2.5.29.14',
  '2.5.29.15',
  '2.5.29.17',
  '2.5.29.19',
  '2.5.29.30',
  '2.5.29.31',
  '2.5.29.32',
  '2.5.29.33',
  '2.5.29.35',
  '2.5.29.36',
  '2.5.29.37',
  '2.5.29.54',
  '1.3.6.1.5.5.7.1.1',
]);

/** Extensions of lists that RFC 5280 5.2 defines. */
export const actedUponInLists: ReadonlySet<string> = new Set([
  '2.5.29.18',
  '2.5.29.20',
  '2.5.29.27',
  '2.5.29.28',
  '2.5.29.35',
  '2.5.29.46',
  '1.3.6.1.5.5.7.1.1',
]);
