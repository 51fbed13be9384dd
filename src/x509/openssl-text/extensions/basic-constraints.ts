import { Tag } from '../../strict/der.js';
import { integerText, readTruth } from '../values.js';
import { fieldsOf, inOneLine, type ExtensionPrinter } from './extension-printer.js';

/** RFC 5280 4.2.1.9, and X.509's basicAttConstraints, which differs in a word. */
const constraints =
  (word: string): ExtensionPrinter =>
  (value, place) => {
    const fields = fieldsOf(value, Tag.SEQUENCE, 'BasicConstraints');
    const flag = fields.optional(Tag.BOOLEAN);
    const pathLength = fields.optional(Tag.INTEGER);
    fields.end('BasicConstraints');
    const values = [`${word}:${flag && readTruth(flag) ? 'TRUE' : 'FALSE'}`];
    if (pathLength) values.push(`pathlen:${integerText(pathLength)}`);
    return inOneLine(values, place);
  };

export const printBasicConstraints = constraints('CA');
export const printBasicAttributeConstraints = constraints('authority');
