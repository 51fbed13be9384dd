import { type DerElement, DerError, type DerReader, inside, onlyElement, Tag } from '../strict/der.js';
import { type AlgorithmIdentifier, readAlgorithm } from './algorithm.js';
import { type BitString, bitStringOf } from './values.js';

/** SEQUENCE { signed part, AlgorithmIdentifier, BIT STRING }: certificates, requests and lists are built so. */
export interface SignedObject {
  readonly raw: Buffer;
  readonly toBeSigned: Buffer;
  readonly algorithm: AlgorithmIdentifier;
  readonly signature: BitString;
  /** The parts that something follows which does not belong there: `the signature`, `notAfter`. */
  readonly trailing: readonly string[];
}

/** Where a SignedObject stands open: its fields are still to be read. */
export interface OpenSignedObject {
  readonly object: SignedObject;
  readonly fields: DerReader;
  /** Notes that something follows a part, if something does. */
  readonly noteTrailing: (reader: DerReader, part: string) => void;
}

/** Throws `DerError`. */
export function openSignedObject(der: Buffer, what: string): OpenSignedObject {
  const element = onlyElement(der, what);
  if (element.tag !== Tag.SEQUENCE) throw new DerError(`${what} is no SEQUENCE`, 0);
  const trailing: string[] = [];
  const noteTrailing = (reader: DerReader, part: string): void => {
    if (!reader.atEnd) trailing.push(part);
  };
  const outer = inside(element);
  const toBeSigned = outer.expect(Tag.SEQUENCE, 'the signed part');
  const algorithm = readAlgorithm(outer, 'the signature algorithm');
  const signature = bitStringOf(outer.expect(Tag.BIT_STRING, 'the signature'));
  noteTrailing(outer, 'the signature');
  const object = { raw: element.raw, toBeSigned: toBeSigned.raw, algorithm, signature, trailing };
  return { object, fields: inside(toBeSigned), noteTrailing };
}

/** The Extensions inside their EXPLICIT tag. */
export function extensionsInside(wrapped: DerElement, noteTrailing: OpenSignedObject['noteTrailing']): DerElement {
  const wrapper = inside(wrapped);
  const extensions = wrapper.next();
  noteTrailing(wrapper, 'the extensions');
  return extensions;
}
