import { contextConstructed, DerError, type DerElement, type DerReader, inside, Tag } from '../strict/der.js';
import { requestAttribute } from '../strict/object-identifiers.js';
import { type ExtensionTree, readExtensionTrees } from './extension.js';
import { type NameTree, readName } from './name.js';
import { type PublicKeyTree, readPublicKeyTree } from './public-key.js';
import { openSignedObject, type SignedObject } from './signed-object.js';
import { dottedIdentifier, readAll } from './values.js';

/** A certification request (RFC 2986 4), read as far as OpenSSL and Go read it. */
export interface CertificationRequestTree extends SignedObject {
  readonly kind: 'request';
  /** An INTEGER. */
  readonly version: DerElement;
  readonly subject: NameTree;
  readonly publicKey: PublicKeyTree;
  /** Null where the field is left out. */
  readonly attributes: readonly RequestAttribute[] | null;
}

export interface RequestAttribute {
  /** Dotted. */
  readonly type: string;
  readonly values: readonly DerElement[];
  /** Something follows the values. */
  readonly hasTrailingData: boolean;
  /** Null for an attribute that asks for no extensions, and where its first value is none or malformed. */
  readonly extensions: readonly ExtensionTree[] | null;
  /** Why the extensions that it asks for cannot be read. */
  readonly problem: string | null;
}

/** PKCS #9 extensionRequest (RFC 2985 5.4.2) and Microsoft's older one. */
export const extensionRequests: readonly string[] = [requestAttribute.extensionRequest, '1.3.6.1.4.1.311.2.1.14'];

/** Reads one certification request in DER. Throws `DerError`. */
export function readCertificationRequestTree(der: Buffer): CertificationRequestTree {
  const { object, fields, noteTrailing } = openSignedObject(der, 'the request');
  const version = fields.expect(Tag.INTEGER, 'the version');
  const subject = readName(fields, 'the subject');
  const publicKey = readPublicKeyTree(fields);
  const attributes = fields.optional(contextConstructed(0));
  noteTrailing(fields, 'the attributes');
  return {
    kind: 'request',
    ...object,
    version,
    subject,
    publicKey,
    attributes: attributes ? readAll(inside(attributes), readAttribute) : null,
  };
}

function readAttribute(reader: DerReader): RequestAttribute {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'an attribute'));
  const type = dottedIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the type of an attribute'));
  const values = readAll(inside(fields.expect(Tag.SET, 'the values of an attribute')), (set) => set.next());
  const [value] = values;
  const requested = extensionRequests.includes(type) && value ? readRequested(value) : NOTHING_REQUESTED;
  return { type, values, hasTrailingData: !fields.atEnd, ...requested };
}

const NOTHING_REQUESTED = { extensions: null, problem: null };

function readRequested(value: DerElement): Pick<RequestAttribute, 'extensions' | 'problem'> {
  try {
    return { extensions: readExtensionTrees(value), problem: null };
  } catch (error) {
    if (error instanceof DerError) return { extensions: null, problem: error.message };
    throw error;
  }
}
