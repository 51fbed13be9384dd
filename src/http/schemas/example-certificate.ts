/**
 * The certificate of the contract's examples. It was issued for `jane@corp.example` in `team-a`; nobody trusts its CA.
 */
export const certificatePem = [
  '-----BEGIN CERTIFICATE-----',
  'MIIBtjCCAVugAwIBAgIQAZqzxNXm9wgZKjtMXW5/gDAKBggqhkjOPQQDAjAVMRMw',
  'EQYDVQQDDAprdWJlcm5ldGVzMB4XDTI2MDMwMTA5MjUwMFoXDTI2MDMwMjA5MzAw',
  'MFowLTEPMA0GA1UECgwGdGVhbS1hMRowGAYDVQQDDBFqYW5lQGNvcnAuZXhhbXBs',
  'ZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABM4V3sX6MYmJvM/pfTWcNTFYGhZ+',
  'EZHYT6JhArpetjQ9nZN2wJ/GFwFfMZ/QvpNL6B/tOfzbQGmvBOu7J50cQDqjdTBz',
  'MA4GA1UdDwEB/wQEAwIHgDATBgNVHSUEDDAKBggrBgEFBQcDAjAMBgNVHRMBAf8E',
  'AjAAMB8GA1UdIwQYMBaAFFEFChoTeiFxgQUjYlDNAICSJkvPMB0GA1UdDgQWBBQl',
  'eI4vSgXmzq/UOWN6s7a3XkgNqTAKBggqhkjOPQQDAgNJADBGAiEAl+aErcRuXxBm',
  'RBTHCS6GLqv2pMi6XgJe1hrLMxmYUK8CIQDa4y8EzzisG7tB+CdD7hOYgDmkL5mU',
  'j0AOobSldQWtdQ==',
  '-----END CERTIFICATE-----',
  '',
].join('\n');

/** The certification request (PKCS#10) that it was issued for. Nobody has its key. */
export const certificationRequestPem = [
  '-----BEGIN CERTIFICATE REQUEST-----',
  'MIHpMIGPAgEAMC0xDzANBgNVBAoMBnRlYW0tYTEaMBgGA1UEAwwRamFuZUBjb3Jw',
  'LmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATOFd7F+jGJibzP6X01',
  'nDUxWBoWfhGR2E+iYQK6XrY0PZ2TdsCfxhcBXzGf0L6TS+gf7Tn820BprwTruyed',
  'HEA6oAAwCgYIKoZIzj0EAwIDSQAwRgIhAILSo0DUEzpDELjPx9FZkRaPFiMyLUPS',
  '5Ds3/ftGeZ39AiEAh3qQxQO/24F+HVw2dKfj8euJUkjZLYGtz35y9ohGPcs=',
  '-----END CERTIFICATE REQUEST-----',
  '',
].join('\n');

/** An empty list of revoked certificates, of a CA that nobody trusts. */
export const certificateListPem = [
  '-----BEGIN X509 CRL-----',
  'MIHOMHUCAQEwCgYIKoZIzj0EAwIwFTETMBEGA1UEAwwKa3ViZXJuZXRlcxcNMjYx',
  'MTI5MjEwODU1WhcNMjYxMjA2MjEwODU1WqAvMC0wHwYDVR0jBBgwFoAUd6FuYI+G',
  'cmp19Q+CR/B4saK5NAUwCgYDVR0UBAMCAQEwCgYIKoZIzj0EAwIDSQAwRgIhAKiL',
  '7HkF/78CtgTrbN5ytlsWoVza6VUqsE10s+ZwCFw5AiEApO52PqL/tWHjqOeCjEfC',
  'GRtyzc/wxuAQEZ9kj2XPi7U=',
  '-----END X509 CRL-----',
  '',
].join('\n');

export const certificateSerialNumber = '019ab3c4d5e6f708192a3b4c5d6e7f80';
export const certificateSha256 = '853a9c2bc1bdaecda184ba45aabae57f68b82a06234d78b103529ebdd3ba371e';
export const certificateSpkiSha256 = '9ab6892c8cb5d5b6224a325fe8099349c0736243d76b1accc997afdb72170c55';
