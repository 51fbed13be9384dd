import type { AlgorithmContent } from '../../model/inspection.js';
import { type DerElement, type DerReader, inside, Tag } from '../../x509/strict/der.js';
import { objectNames } from '../../x509/openssl-text/object-names.js';
import { dottedIdentifier } from './values.js';

/** An AlgorithmIdentifier (RFC 5280 4.1.1.2). */
export interface AlgorithmIdentifier {
  readonly raw: Buffer;
  /** Dotted. */
  readonly oid: string;
  readonly parameters: DerElement | null;
}

/** Throws `DerError`. */
export function readAlgorithm(reader: DerReader, what: string): AlgorithmIdentifier {
  const element = reader.expect(Tag.SEQUENCE, what);
  const fields = inside(element);
  const oid = dottedIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, what));
  const parameters = fields.atEnd ? null : fields.next();
  fields.end(what);
  return { raw: element.raw, oid, parameters };
}

export function describeAlgorithm({ oid, parameters }: AlgorithmIdentifier): AlgorithmContent {
  const silent = parameters === null || parameters.tag === Tag.NULL;
  return { name: objectNames.long(oid), oid, parameters: silent ? null : parameters.raw.toString('hex') };
}
