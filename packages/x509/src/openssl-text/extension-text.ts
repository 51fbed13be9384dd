import { DerError } from '../strict/der.js';
import type { ExtensionTree } from '../tree/extension.js';
import { extensionPrinters } from './extension-printers.js';
import {
  printAdmissions,
  printAsIdentifiers,
  printIpAddressBlocks,
  printIssuerSignTool,
  printOcspCrlReference,
  printOcspNonce,
  printProxyCertificateInformation,
  printStrongExtranet,
} from './rare-extensions.js';
import type { ObjectNames } from './object-names.js';
import { indentation, type OctetPrinter, printableOctets, type PrintPlace } from './printing.js';

/** Printers of extensions that are shown in this text alone, and so read their octets themselves. */
const octetPrinters: ReadonlyMap<string, OctetPrinter> = new Map([
  ['1.3.6.1.5.5.7.1.7', printIpAddressBlocks],
  ['1.3.6.1.5.5.7.1.8', printAsIdentifiers],
  ['1.3.6.1.5.5.7.1.14', printProxyCertificateInformation],
  ['1.3.6.1.5.5.7.48.1.2', printOcspNonce],
  ['1.3.6.1.5.5.7.48.1.3', printOcspCrlReference],
  ['1.2.643.100.112', printIssuerSignTool],
  ['1.3.36.8.3.3', printAdmissions],
  ['1.3.101.1.4.1', printStrongExtranet],
]);

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
function valueText(extension: ExtensionTree, names: ObjectNames, indent: number): string {
  try {
    const text = printed(extension, { indent, names });
    if (text !== undefined) return text;
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
  }
  return indentation(indent) + printableOctets(extension.value);
}

function printed(extension: ExtensionTree, place: PrintPlace): string | undefined {
  const print = extensionPrinters.get(extension.oid);
  if (print === undefined) return octetPrinters.get(extension.oid)?.(extension.value, place);
  const value = extension.contents?.asWritten ?? null;
  return value === null ? undefined : print(value, place);
}
