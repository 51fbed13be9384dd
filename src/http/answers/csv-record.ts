/**
 * One record of a CSV file, with its line break (RFC 4180 section 2). A spreadsheet calculates a cell that begins like
 * a formula, so an apostrophe goes before such a beginning; also behind a separator, because not every program takes
 * the comma.
 */
export const csvRecord = (fields: readonly string[]): string => `${fields.map(csvField).join(',')}\r\n`;

// Some programs take the full-width forms for the same characters.
const formula = /(^|[,;|\t\r\n])([^\S\t\r\n]*)([=+\-@\uff1d\uff0b\uff0d\uff20])/g;
const plain = /^[\w.:@/-]*$/;

function csvField(value: string): string {
  const safe = value.replace(formula, "$1$2'$3");
  return plain.test(safe) ? safe : `"${safe.replaceAll('"', '""')}"`;
}
