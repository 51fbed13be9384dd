import { contextConstructed, type DerElement, inside, Tag } from '../strict/der.js';
import { type AlgorithmIdentifier, readAlgorithm } from './algorithm.js';
import { type ExtensionTree, readExtensionTrees } from './extension.js';
import { type NameTree, readName } from './name.js';
import { extensionsInside, openSignedObject, type SignedObject } from './signed-object.js';
import { readAnyTime, type Time } from './time.js';
import { readAll } from './values.js';

/** A certificate list (RFC 5280 5.1), read as far as OpenSSL and Go read it. */
export interface CertificateListTree extends SignedObject {
  readonly kind: 'list';
  /** An INTEGER; null where it is left out, which stands for version 1. */
  readonly version: DerElement | null;
  /** The signature algorithm inside the signed part. */
  readonly innerAlgorithm: AlgorithmIdentifier;
  readonly issuer: NameTree;
  readonly thisUpdate: Time;
  readonly nextUpdate: Time | null;
  readonly revoked: readonly RevokedEntry[];
  /** Null where the field is left out. */
  readonly extensions: readonly ExtensionTree[] | null;
}

/** An entry of a list, which can have tens of thousands. */
export interface RevokedEntry {
  /** An INTEGER. */
  readonly serialNumber: DerElement;
  /** Reads the other fields. Throws `DerError`. */
  readonly details: () => RevocationDetails;
}

export interface RevocationDetails {
  readonly date: Time;
  /** Null where the field is left out. */
  readonly extensions: readonly ExtensionTree[] | null;
  /** Something follows the fields of the entry. */
  readonly hasTrailingData: boolean;
}

/** Reads one certificate list in DER. Throws `DerError`. */
export function readCertificateListTree(der: Buffer): CertificateListTree {
  const { object, fields, noteTrailing } = openSignedObject(der, 'the certificate list');
  const version = fields.optional(Tag.INTEGER) ?? null;
  const innerAlgorithm = readAlgorithm(fields, 'the signature algorithm');
  const issuer = readName(fields, 'the issuer');
  const thisUpdate = readAnyTime(fields.next(), 'thisUpdate');
  const isTime = fields.peekTag() === Tag.UTC_TIME || fields.peekTag() === Tag.GENERALIZED_TIME;
  const nextUpdate = isTime ? readAnyTime(fields.next(), 'nextUpdate') : null;
  const list = fields.optional(Tag.SEQUENCE);
  const revoked = list
    ? readAll(inside(list), (reader) => openEntry(reader.expect(Tag.SEQUENCE, 'an entry of the list')))
    : [];
  const wrapped = fields.optional(contextConstructed(0));
  noteTrailing(fields, 'the last field of the signed part');
  const extensions = wrapped ? readExtensionTrees(extensionsInside(wrapped, noteTrailing)) : null;
  return {
    kind: 'list',
    ...object,
    version,
    innerAlgorithm,
    issuer,
    thisUpdate,
    nextUpdate,
    revoked,
    extensions,
  };
}

function openEntry(entry: DerElement): RevokedEntry {
  const fields = inside(entry);
  const serialNumber = fields.expect(Tag.INTEGER, 'the serial number of an entry');
  return {
    serialNumber,
    details: () => {
      const rest = inside(entry);
      rest.next();
      const date = readAnyTime(rest.next(), 'a revocation date');
      const extensions = rest.optional(Tag.SEQUENCE);
      return {
        date,
        extensions: extensions ? readExtensionTrees(extensions) : null,
        hasTrailingData: !rest.atEnd,
      };
    },
  };
}
