import { contextConstructed, contextPrimitive, Tag } from '../../../x509/strict/der.js';
import { readGeneralNames } from '../general-name.js';
import { demand, type ExtensionDecoder, fieldsOf } from './extension-decoder.js';

/** RFC 5280 4.2.1.2. */
export const decodeSubjectKeyIdentifier: ExtensionDecoder = (element, report) => {
  const { content } = demand(element, Tag.OCTET_STRING, 'a key identifier');
  if (content.length === 0) report('MalformedExtension', 'the key identifier is empty');
  return { value: content.toString('hex'), facts: { subjectKeyIdentifier: content } };
};

/** RFC 5280 4.2.1.1. */
export const decodeAuthorityKeyIdentifier: ExtensionDecoder = (element, report) => {
  const fields = fieldsOf(element, Tag.SEQUENCE, 'AuthorityKeyIdentifier');
  const keyIdentifier = fields.optional(contextPrimitive(0))?.content ?? null;
  const issuers = fields.optional(contextConstructed(1));
  const serialNumber = fields.optional(contextPrimitive(2))?.content ?? null;
  fields.end('AuthorityKeyIdentifier');
  const names = issuers ? readGeneralNames(issuers, report) : [];
  if ((issuers === undefined) !== (serialNumber === null))
    report('MalformedExtension', 'issuer and serial number of the authority are there one without the other');
  const issuer = names.find(({ name }) => name !== null)?.name?.raw ?? null;
  return {
    value: {
      keyIdentifier: keyIdentifier?.toString('hex') ?? null,
      authorityCertIssuer: names.map(({ content }) => content),
      authorityCertSerialNumber: serialNumber?.toString('hex') ?? null,
    },
    facts: { authorityKeyIdentifier: { keyIdentifier, issuer, serialNumber } },
  };
};
