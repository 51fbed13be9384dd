import 'reflect-metadata';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { attributeType, extensionId, onlyElement, readDistinguishedName } from '@kubepass/x509';

/** The parts of a PKCS#10 request that the in-tree signer uses. */
export interface RequestContents {
  /** The last of several, because Go reads a name in this way. */
  readonly commonName: string | undefined;
  readonly organizations: readonly string[];
  /** DER. */
  readonly subjectPublicKeyInfo: Buffer;
  /** The extension subjectAltName, DER; null where there is none. */
  readonly subjectAltName: Buffer | null;
}

/** Reads PEM as leniently as Go does. Returns its errors in Go's words if Go has some. */
export async function readRequest(pem: string): Promise<RequestContents | { readonly problem: string }> {
  const block = /-----BEGIN ([^-]+)-----\r?\n([\s\S]*?)-----END \1-----/.exec(pem);
  if (block?.[1] !== 'CERTIFICATE REQUEST') return { problem: 'PEM block type must be CERTIFICATE REQUEST' };
  try {
    const request = new Pkcs10CertificateRequest(Buffer.from(block[2] ?? '', 'base64'));
    if (!(await request.verify())) return { problem: 'x509: signature is not valid' };
    const subject = readDistinguishedName(onlyElement(Buffer.from(request.subjectName.toArrayBuffer()), 'the subject'));
    const texts = (type: string) =>
      subject.rdns.flat().flatMap((attribute) => (attribute.type === type ? [attribute.text ?? ''] : []));
    const subjectAltName = request.extensions.find(({ type }) => type === extensionId.subjectAltName);
    return {
      commonName: texts(attributeType.commonName).at(-1),
      organizations: texts(attributeType.organizationName),
      subjectPublicKeyInfo: Buffer.from(request.publicKey.rawData),
      subjectAltName: subjectAltName === undefined ? null : Buffer.from(subjectAltName.rawData),
    };
  } catch (error) {
    return { problem: `asn1: structure error: ${String(error)}` };
  }
}
