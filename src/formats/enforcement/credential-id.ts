/** The extra of a user that names its credential; of client certificates from Kubernetes 1.32 on. */
export const credentialId = 'authentication.kubernetes.io/credential-id';

/** The beginning of the credential id of a client certificate; SHA-256 of its DER in lower-case hex follows. */
export const certificatePrefix = 'X509SHA256=';

/** The text as a literal of CEL, for texts without quotes and controls. */
export function celText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/**
 * CEL: whether the user of this map of extras came with a client certificate. A look whether the extra is there is not
 * enough, because tokens of service accounts have one too (`JTI=…`).
 */
export const isCertificate = (extra: string): string =>
  `'${credentialId}' in ${extra} && ${extra}['${credentialId}'].exists(v, v.startsWith('${certificatePrefix}'))`;
