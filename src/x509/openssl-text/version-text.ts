import type { DerElement } from '../strict/der.js';
import { magnitudeOf, readSignedMagnitude } from './values.js';

/** RFC 5280 4.1.2.1: v1 is 0 and the default. */
export const certificateVersionText = (element: DerElement | undefined): string => versionText(element, 2n);

/** RFC 2986 4.1: there is one version, and it is 0. */
export const requestVersionText = (element: DerElement): string => versionText(element, 0n);

function versionText(element: DerElement | undefined, highest: bigint): string {
  const { negative, octets } = element ? readSignedMagnitude(element) : { negative: false, octets: Buffer.of(0) };
  // OpenSSL shows -1 for what a C long cannot hold.
  const version = octets.length > 8 ? -1n : (negative ? -1n : 1n) * magnitudeOf(octets);
  return version >= 0n && version <= highest
    ? `        Version: ${version + 1n} (0x${version.toString(16)})\n`
    : `        Version: Unknown (${version})\n`;
}
