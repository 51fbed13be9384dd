// Tests packages/inspect/src/loadable/index.ts
import { describe, expect, inject, it } from 'vitest';
import { readLoadableCertificate } from '@kubepass/inspect/loadable';
import { readCertificate } from '@kubepass/x509';
import { changedAuthorities, refuses, someAuthorities } from '../helpers/unloadable-authorities.js';
import { ask } from './ask.js';

const oracles = inject('oracles');

describe.skipIf(oracles === null)('CAs that are taken into bundles, as Go parses them', () => {
  const refusedByGo = (ders: readonly Buffer[]) =>
    ask(
      oracles!.parse,
      ders.map((der) => `certificate ${der.toString('base64')}`),
    ).map((answer) => answer !== null);

  it('are all parsed: of 26,000 changed ones, too', { timeout: 600_000 }, () => {
    const read = changedAuthorities(26_000, 20_261_202).filter((der) => !refuses(readCertificate, der));
    const refused = refusedByGo(read);
    const missed = read.filter((der, i) => refused[i] && !refuses(readLoadableCertificate, der));
    console.log(
      `${read.length} changed CAs, ${refused.filter(Boolean).length} refused by Go, ${missed.length} of these taken here`,
    );
    expect(missed.map((der) => der.toString('base64'))).toEqual([]);
    // Both answers occur often enough to say something.
    expect(refused.filter(Boolean).length).toBeGreaterThan(2000);
    expect(read.filter((der) => !refuses(readLoadableCertificate, der)).length).toBeGreaterThan(2000);
  });

  it('are not refused where Go parses them and nobody changed them', () => {
    const authorities = someAuthorities();
    const refused = refusedByGo(authorities);
    expect(authorities.length).toBeGreaterThan(150);
    expect(authorities.filter((der) => refuses(readLoadableCertificate, der))).toEqual(
      authorities.filter((_, i) => refused[i]),
    );
  });
});
