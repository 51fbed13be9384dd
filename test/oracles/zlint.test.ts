// Tests packages/inspect/src/findings/find-all.ts, packages/inspect/src/inspect.ts
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, inject, it } from 'vitest';
import { inspectUpload, type Upload, UploadRefusedError } from '@kubepass/inspect';
import { corpusContext, readCorpus } from '../../packages/inspect/test/helpers/inspection-corpus.js';
import { ask } from './ask.js';
import { type Disagreement, sharedCodes } from './zlint-codes.js';

const oracles = inject('oracles');

interface Judged {
  /** The fixture and the path within it. */
  readonly fixture: string;
  readonly path: string;
  /** Issuer and subject are the same. */
  readonly selfIssued: boolean;
  readonly codes: ReadonlySet<string>;
  readonly lints: ReadonlySet<string>;
}

interface Verdict {
  /** Why zlint cannot read the certificate. */
  readonly problem?: string;
  readonly raised: Readonly<Record<string, string>>;
}

/** The certificates that OpenSSL made, for the tests of its text. */
function opensslCertificates(): readonly { readonly name: string; readonly upload: Upload }[] {
  const folder = new URL('../../packages/x509/test/fixtures/openssl-3.5/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.crt.pem'));
  return files.map((file) => ({
    name: `openssl-3.5/${file}`,
    upload: { parts: [{ name: file, bytes: readFileSync(new URL(file, folder)) }], password: null },
  }));
}

/** Every certificate of the corpus once, and the certificates that zlint cannot read. */
async function judge(lint: string): Promise<{ judged: readonly Judged[]; unread: readonly string[] }> {
  const found: (Omit<Judged, 'lints'> & { readonly der: Buffer })[] = [];
  const seen = new Set<string>();
  for (const { name: fixture, upload } of [...readCorpus(), ...opensslCertificates()]) {
    const inspected = await inspectUpload(upload, corpusContext()).catch((error: unknown) => {
      if (error instanceof UploadRefusedError) return null;
      throw error;
    });
    for (const { path, content, material } of inspected?.objects ?? []) {
      if (content.type !== 'Certificate' || material?.kind !== 'certificate') continue;
      if (seen.has(content.fingerprintSha256)) continue;
      seen.add(content.fingerprintSha256);
      const findings = inspected?.inspection.findings.filter(({ object }) => object === path) ?? [];
      const selfIssued = material.issuer.equals(material.subject);
      found.push({
        fixture,
        path,
        selfIssued,
        der: material.tree.raw,
        codes: new Set(findings.map(({ code }) => code)),
      });
    }
  }
  const verdicts = ask(
    lint,
    found.map(({ der }) => der.toString('base64')),
  ) as readonly Verdict[];
  const judged = found.flatMap((each, i) =>
    verdicts[i]!.problem === undefined ? [{ ...each, lints: new Set(Object.keys(verdicts[i]!.raised)) }] : [],
  );
  return { judged, unread: found.filter((_, i) => verdicts[i]!.problem !== undefined).map(({ fixture }) => fixture) };
}

const concerns = ({ fixtures }: Disagreement, { fixture, selfIssued }: Judged): boolean =>
  fixtures === 'self-issued' ? selfIssued : fixtures.includes(fixture);

describe.skipIf(oracles === null)('findings, as zlint judges the same certificates', async () => {
  const { judged, unread } = oracles === null ? { judged: [], unread: [] } : await judge(oracles.lint);

  it('are compared over the whole corpus', () => {
    expect(judged.length).toBeGreaterThan(300);
    expect(unread.filter((fixture) => !fixture.startsWith('openssl')).length).toBeLessThan(20);
  });

  it.each(sharedCodes)('agree, or the reason is listed: $code', ({ code, lints, disagreements = [] }) => {
    const differing = judged.flatMap((each) => {
      const inZlint = lints.filter((lint) => each.lints.has(lint));
      if (each.codes.has(code) === inZlint.length > 0) return [];
      const alone = each.codes.has(code) ? 'kubepass' : 'zlint';
      const isListed = disagreements.some((listed) => listed.alone === alone && concerns(listed, each));
      return isListed ? [] : [`${alone} alone: ${each.fixture} ${each.path} ${inZlint.join()}`];
    });
    expect(differing).toEqual([]);
  });

  it.each(sharedCodes)(
    'agree somewhere, and every listed disagreement happens: $code',
    ({ code, lints, disagreements = [] }) => {
      const inZlint = (each: Judged) => lints.some((lint) => each.lints.has(lint));
      expect(judged.some((each) => each.codes.has(code) && inZlint(each))).toBe(true);
      for (const { alone, fixtures } of disagreements)
        for (const fixture of fixtures === 'self-issued' ? [null] : fixtures) {
          const happens = judged.some(
            (each) =>
              (fixture === null ? each.selfIssued : each.fixture === fixture) &&
              (alone === 'zlint' ? inZlint(each) && !each.codes.has(code) : each.codes.has(code) && !inZlint(each)),
          );
          expect(happens, `${alone} alone: ${String(fixture)}`).toBe(true);
        }
    },
  );
});
