import { DerError, readOrNull } from '../strict/der.js';
import type { ExtensionTree } from '../tree/extension.js';
import { extensionPrinters } from './extension-printers.js';
import { rareExtensionPrinters } from './rare-extensions.js';
import type { ObjectNames } from './object-names.js';
import { indentation, printableOctets, type PrintPlace } from './printing.js';

/**
 * Each extension's name and, below it, its value.
 *
 * @throws DerError when something follows the value of an extension.
 */
export function extensionListText(extensions: readonly ExtensionTree[], names: ObjectNames, indent: number): string {
  return extensions
    .map((extension) => {
      const { oid, critical, hasTrailingData } = extension;
      if (hasTrailingData) throw new DerError('an extension has trailing data', 0);
      const heading = `${indentation(indent)}${names.long(oid)}: ${critical ? 'critical' : ''}`;
      return `${heading}\n${valueText(extension, names, indent + 4)}\n`;
    })
    .join('');
}

/** The octets of the value where OpenSSL has no other way to print it. */
const valueText = (extension: ExtensionTree, names: ObjectNames, indent: number): string =>
  readOrNull(() => printed(extension, { indent, names })) ?? indentation(indent) + printableOctets(extension.value);

function printed(extension: ExtensionTree, place: PrintPlace): string | undefined {
  const print = extensionPrinters.get(extension.oid);
  if (print === undefined) return rareExtensionPrinters.get(extension.oid)?.(extension.value, place);
  const value = extension.contents?.asWritten ?? null;
  return value === null ? undefined : print(value, place);
}
