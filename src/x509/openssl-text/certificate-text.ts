import { contextConstructed, contextPrimitive, inside, onlyElement, Tag, type DerElement } from '../strict/der.js';
import { readAlgorithm } from './algorithm.js';
import { extensionListText, readExtensions } from './extensions/extension-list.js';
import { hexBlock } from './hex-block.js';
import { nameText, readName } from './name-text.js';
import { objectNames as names } from './object-names.js';
import { decodeOctets } from './octets.js';
import { publicKeyText } from './public-key-text.js';
import { serialNumberText } from './serial-number-text.js';
import { signatureAlgorithmText, signatureText } from './signature-text.js';
import { readTime, timeText } from './time-text.js';
import { readBits } from './values.js';
import { certificateVersionText } from './version-text.js';

/**
 * A certificate as `openssl x509 -noout -text` of OpenSSL 3.5 shows it.
 *
 * `docs/inspection.md` lists the known differences.
 *
 * @throws DerError when the bytes are not one DER certificate (RFC 5280 4.1).
 */
export function certificateText(der: Uint8Array): string {
  const outer = inside(onlyElement(Buffer.from(der.buffer, der.byteOffset, der.byteLength), 'a certificate'));
  const signed = inside(outer.expect(Tag.SEQUENCE, 'the signed part'));
  const signatureAlgorithm = readAlgorithm(outer);
  const signature = outer.expect(Tag.BIT_STRING, 'the signature');
  outer.end('a certificate');

  let text = 'Certificate:\n    Data:\n';
  const version = signed.optional(contextConstructed(0));
  text += certificateVersionText(version && inside(version).expect(Tag.INTEGER, 'the version'));
  text += serialNumberText(signed.expect(Tag.INTEGER, 'the serial number'));
  text += signatureAlgorithmText(readAlgorithm(signed), names);
  text += `        Issuer: ${nameText(readName(signed), names)}\n`;
  const validity = inside(signed.expect(Tag.SEQUENCE, 'the validity'));
  text += '        Validity\n';
  text += `            Not Before: ${timeText(readTime(validity))}\n`;
  text += `            Not After : ${timeText(readTime(validity))}\n`;
  validity.end('the validity');
  text += `        Subject: ${nameText(readName(signed), names)}\n`;
  text += publicKeyText(signed, names);
  text += uniqueIdText('Issuer', signed.optional(contextPrimitive(1)));
  text += uniqueIdText('Subject', signed.optional(contextPrimitive(2)));
  const wrapped = signed.optional(contextConstructed(3));
  signed.end('the signed part');
  if (wrapped) {
    const extensions = readExtensions(inside(wrapped));
    if (extensions.length > 0) text += `        X509v3 extensions:\n${extensionListText(extensions, names, 12)}`;
  }
  return decodeOctets(text + signatureText(signatureAlgorithm, signature, names));
}

function uniqueIdText(whose: string, bits: DerElement | undefined): string {
  return bits ? `        ${whose} Unique ID: ${hexBlock(readBits(bits).octets, 12, 18)}\n` : '';
}
