import { rootCertificates } from 'node:tls';
import { readCertificate } from '@kubepass/x509';
import { readCorpus } from '../../packages/inspect/test/helpers/inspection-corpus.js';
import { mutateDer } from '../fuzz/mutate-der.js';
import { mutateFields } from '../fuzz/mutate-fields.js';
import { mutateOctets } from '../fuzz/mutate-octets.js';
import { Random } from '../fuzz/random.js';

/** Whether the reader throws. */
export function refuses(read: (der: Buffer) => unknown, der: Buffer): boolean {
  try {
    read(der);
    return false;
  } catch {
    return true;
  }
}

/** The certificates of CAs in the corpus of the inspection, and the roots of Node.js. */
export function someAuthorities(): readonly Buffer[] {
  const texts = [
    ...rootCertificates,
    ...readCorpus().flatMap(({ upload }) => upload.parts.map(({ bytes }) => Buffer.from(bytes).toString('latin1'))),
  ];
  const ders = texts
    .flatMap((text) => [...text.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END/g)])
    .map(([, base64 = '']) => Buffer.from(base64, 'base64'));
  const once = [...new Map(ders.map((der) => [der.toString('latin1'), der])).values()];
  return once.filter((der) => !refuses(readCertificate, der) && readCertificate(der).basicConstraints?.ca === true);
}

/** As many changed CAs, each of which can be sent; the same for the same seed. */
export function changedAuthorities(count: number, seed: number): readonly Buffer[] {
  const authorities = someAuthorities();
  return Array.from({ length: count }, (_, number) => {
    const random = new Random(seed, number, 'authorities');
    const der = random.pick(authorities);
    const other = () => random.pick(authorities);
    const changed = random.once(5) ? mutateDer(der, random, other) : mutateFields(der, random, other);
    return changed ?? mutateOctets(der, random, other);
  }).filter(({ length }) => length < 65_536);
}
