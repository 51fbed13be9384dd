import { DerError, inside, Tag, type DerElement, type DerReader } from '../strict/der.js';
import { readObjectIdentifier } from './values.js';

/** AlgorithmIdentifier (RFC 5280 4.1.1.2). */
export interface Algorithm {
  /** Dotted form. */
  readonly algorithm: string;
  readonly parameters: DerElement | undefined;
}

export function readAlgorithm(reader: DerReader): Algorithm {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'an algorithm'));
  const algorithm = readObjectIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the identifier of an algorithm'));
  const parameters = fields.atEnd ? undefined : fields.next();
  fields.end('an algorithm');
  return { algorithm, parameters };
}

/** The fields inside the parameters, which must be a SEQUENCE. */
export function parameterFields({ parameters }: Algorithm): DerReader {
  if (parameters?.tag !== Tag.SEQUENCE)
    throw new DerError('the parameters of an algorithm are not a SEQUENCE', parameters?.offset ?? 0);
  return inside(parameters);
}
