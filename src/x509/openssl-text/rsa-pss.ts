import { contextConstructed, DerError, DerReader, inside, Tag, type DerElement } from '../strict/der.js';
import { parameterFields, readAlgorithm, type Algorithm } from './algorithm.js';

export const rsassaPss = '1.2.840.113549.1.1.10';
const mgf1 = '1.2.840.113549.1.1.8';

/** RSASSA-PSS-params (RFC 4055 3.1); what is undefined stands for its default. */
export interface RsaPssParameters {
  readonly hash: Algorithm | undefined;
  readonly mask: Algorithm | undefined;
  readonly saltLength: DerElement | undefined;
  readonly trailerField: DerElement | undefined;
}

/** @throws DerError when the parameters are not RSASSA-PSS-params. */
export function readRsaPssParameters(algorithm: Algorithm): RsaPssParameters {
  const fields = parameterFields(algorithm);
  const explicit = <T>(tag: number, read: (element: DerElement) => T): T | undefined => {
    const element = fields.optional(contextConstructed(tag));
    return element === undefined ? undefined : read(element);
  };
  const algorithmInside = (element: DerElement): Algorithm => {
    const reader = inside(element);
    const value = readAlgorithm(reader);
    reader.end('a field of RSASSA-PSS-params');
    return value;
  };
  const integerInside = (element: DerElement): DerElement => {
    const reader = inside(element);
    const value = reader.expect(Tag.INTEGER, 'a field of RSASSA-PSS-params');
    reader.end('a field of RSASSA-PSS-params');
    return value;
  };
  const parameters = {
    hash: explicit(0, algorithmInside),
    mask: explicit(1, algorithmInside),
    saltLength: explicit(2, integerInside),
    trailerField: explicit(3, integerInside),
  };
  fields.end('RSASSA-PSS-params');
  return parameters;
}

/** The hash of a mask generation function, which must be MGF1 (RFC 8017 B.2.1). */
export function maskHash({ algorithm, parameters }: Algorithm): string {
  if (algorithm !== mgf1 || parameters === undefined)
    throw new DerError('a mask generation function is not MGF1 with its hash', parameters?.offset ?? 0);
  return readAlgorithm(new DerReader(parameters.raw)).algorithm;
}
