/** Media types whose body is what is to be inspected. What it really is, its content says. */
export const rawMediaTypes = [
  'application/octet-stream',
  'text/plain',
  'application/x-pem-file',
  'application/pem-certificate-chain',
  'application/pkix-cert',
  'application/x-x509-ca-cert',
  'application/pkcs8',
  'application/pkcs10',
  'application/pkcs7-mime',
  'application/x-pkcs7-certificates',
  'application/x-pkcs12',
  'application/pkix-crl',
  'application/yaml',
  'application/x-yaml',
  'text/yaml',
  'application/gzip',
  'application/x-gzip',
  'application/x-tar',
  // What `curl --data-binary` says of everything.
  'application/x-www-form-urlencoded',
] as const;
