import { hash } from 'node:crypto';

import type { CertificateListContent } from '../../model/inspection.js';
import { contextConstructed, DerError, type DerElement, type DerReader, inside, Tag } from '../../x509/strict/der.js';
import { normalize, type Normalized } from '../ber/normalize.js';
import type { Decoded, DecodeContext, Piece } from '../decoded.js';
import { Observations, type Report } from '../observations.js';
import { actedUponInLists } from './acted-upon.js';
import { describeAlgorithm, readAlgorithm } from './describe-algorithm.js';
import { describeExtensions, type DescribedExtensions, NO_EXTENSIONS } from './describe-extensions.js';
import { nameContent, readName } from './describe-name.js';
import { malformed } from './malformed.js';
import { observeName } from './name-observations.js';
import { readTime } from './read-time.js';
import { serialNumberHex } from './serial-number.js';
import { observeAlgorithms, observeBrokenHash, readSignedObject } from './signed-object.js';

/** Reads any certificate list that OpenSSL or Go shows (RFC 5280 5.1) and says what is wrong with it. */
export function decodeCertificateList(piece: Piece, _context: DecodeContext): Decoded {
  const normalized = normalize(piece.bytes);
  return normalized.ok
    ? decodeNormalizedList(normalized)
    : malformed(piece.bytes.length, 'a certificate list', normalized.problem);
}

export function decodeNormalizedList(normalized: Normalized): Decoded {
  const observations = new Observations();
  try {
    return decode(normalized, observations);
  } catch (error) {
    if (error instanceof DerError)
      return malformed(normalized.found.length, 'a certificate list', error.message, normalized.observations);
    throw error;
  }
}

function decode(normalized: Normalized, observations: Observations): Decoded {
  const { report } = observations;
  observations.addAll(normalized.observations);
  const { toBeSigned, algorithm, signed } = readSignedObject(normalized, 'the certificate list', report);
  const fields = inside(toBeSigned);
  const version = readVersion(fields.optional(Tag.INTEGER), report);
  observeAlgorithms(readAlgorithm(fields, 'the signature algorithm'), algorithm, report);
  const issuer = readName(fields, 'the issuer');
  observeName(issuer, 'the issuer', report);
  const thisUpdate = readTime(fields.next(), 'thisUpdate', report);
  const next = isTime(fields.peekTag()) ? readTime(fields.next(), 'nextUpdate', report) : null;
  const revoked = readRevoked(fields.optional(Tag.SEQUENCE), report);
  const { contents: extensions, facts } = readListExtensions(fields, version, report);
  observeBrokenHash(algorithm, report);

  const content: CertificateListContent = {
    type: 'CertificateList',
    version,
    issuer: nameContent(issuer),
    thisUpdate: thisUpdate.text,
    nextUpdate: next?.text ?? null,
    signatureAlgorithm: describeAlgorithm(algorithm),
    extensions,
    revokedCount: revoked.count,
    revoked: revoked.shown,
    fingerprintSha256: hash('sha256', normalized.found, 'hex'),
  };
  return {
    content,
    material: {
      kind: 'list',
      der: normalized.der,
      signed,
      issuer: issuer.raw,
      authorityKeyIdentifier: facts.authorityKeyIdentifier,
      thisUpdate: thisUpdate.instant,
      nextUpdate: next?.instant ?? null,
      revokedSerialNumbers: revoked.serialNumbers,
    },
    observations: observations.toArray(),
    pieces: [],
  };
}

const isTime = (tag: number | undefined): boolean => tag === Tag.UTC_TIME || tag === Tag.GENERALIZED_TIME;

/** RFC 5280 5.1.2.1: absent for v1, else v2, which is 1. */
function readVersion(element: DerElement | undefined, report: Report): number {
  if (element === undefined) return 1;
  const { content, offset } = element;
  if (content.length === 0) throw new DerError('the version is empty', offset);
  const version = content.length <= 4 ? content.readIntBE(0, content.length) + 1 : 0;
  if (version !== 2) report('VersionContradictory', 'its version is not 1, which stands for version 2');
  return version;
}

function readListExtensions(fields: DerReader, version: number, report: Report): DescribedExtensions {
  const wrapped = fields.optional(contextConstructed(0));
  if (!fields.atEnd) report('TrailingData', 'something follows the last field of the signed part');
  if (wrapped === undefined) return NO_EXTENSIONS;
  if (version === 1) report('VersionContradictory', 'it is of version 1 and has extensions');
  const wrapper = inside(wrapped);
  const extensions = describeExtensions(wrapper.next(), actedUponInLists, report);
  if (!wrapper.atEnd) report('TrailingData', 'something follows the extensions');
  return extensions;
}

const MAX_SHOWN = 100;

interface Revoked {
  readonly count: number;
  /** The first of them. */
  readonly shown: CertificateListContent['revoked'];
  /** Content octets of all of their serial numbers, hex. */
  readonly serialNumbers: ReadonlySet<string>;
}

function readRevoked(list: DerElement | undefined, report: Report): Revoked {
  const serialNumbers = new Set<string>();
  const shown: CertificateListContent['revoked'][number][] = [];
  let count = 0;
  const reader = list && inside(list);
  for (; reader && !reader.atEnd; count++) {
    const fields = inside(reader.expect(Tag.SEQUENCE, 'an entry of the list'));
    const serialNumber = fields.expect(Tag.INTEGER, 'the serial number of an entry');
    serialNumbers.add(serialNumber.content.toString('hex'));
    if (shown.length < MAX_SHOWN) shown.push(readEntry(serialNumber, fields, report));
  }
  return { count, shown, serialNumbers };
}

function readEntry(
  serialNumber: DerElement,
  fields: DerReader,
  report: Report,
): CertificateListContent['revoked'][number] {
  const revocationDate = readTime(fields.next(), 'a revocation date', report).text;
  const extensions = fields.optional(Tag.SEQUENCE);
  if (!fields.atEnd) report('TrailingData', 'something follows an entry of the list');
  return {
    serialNumber: serialNumberHex(serialNumber),
    revocationDate,
    reason: extensions ? readReason(extensions, report) : null,
  };
}

const REASON_CODE = '2.5.29.21';
const actedUponInEntries: ReadonlySet<string> = new Set([REASON_CODE, '2.5.29.24', '2.5.29.29']);

/** Of the extensions of an entry (RFC 5280 5.3) the one that says why. */
function readReason(extensions: DerElement, report: Report): string | null {
  const { contents } = describeExtensions(extensions, actedUponInEntries, report);
  const value = contents.find(({ oid }) => oid === REASON_CODE)?.value;
  return typeof value === 'string' ? value : null;
}
