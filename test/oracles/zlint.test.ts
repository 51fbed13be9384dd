import { describe, expect, inject, it } from 'vitest';
import { UploadRefusedError } from '../../src/inspection/decoded.js';
import { inspectUpload } from '../../src/inspection/inspect.js';
import { corpusContext, readCorpus } from '../helpers/inspection-corpus.js';
import { ask } from './ask.js';
import { type Disagreement, sharedCodes } from './zlint-codes.js';

const oracles = inject('oracles');

interface Judged {
  /** The fixture and the path within it. */
  readonly fixture: string;
  readonly path: string;
  readonly codes: ReadonlySet<string>;
  readonly lints: ReadonlySet<string>;
}

interface Verdict {
  /** Why zlint cannot read the certificate. */
  readonly problem?: string;
  readonly raised: Readonly<Record<string, string>>;
}

/** Every certificate of the corpus once, and the certificates that zlint cannot read. */
async function judge(lint: string): Promise<{ judged: readonly Judged[]; unread: readonly string[] }> {
  const found: { fixture: string; path: string; der: Buffer; codes: ReadonlySet<string> }[] = [];
  const seen = new Set<string>();
  for (const { name: fixture, upload } of readCorpus()) {
    const inspected = await inspectUpload(upload, corpusContext()).catch((error: unknown) => {
      if (error instanceof UploadRefusedError) return null;
      throw error;
    });
    for (const { path, content, material } of inspected?.objects ?? []) {
      if (content.type !== 'Certificate' || material?.kind !== 'certificate') continue;
      if (seen.has(content.fingerprintSha256)) continue;
      seen.add(content.fingerprintSha256);
      const findings = inspected?.inspection.findings.filter(({ object }) => object === path) ?? [];
      found.push({ fixture, path, der: material.der, codes: new Set(findings.map(({ code }) => code)) });
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

const isListed = (all: readonly Disagreement[], alone: Disagreement['alone'], fixture: string): boolean =>
  all.some((each) => each.alone === alone && each.fixtures.includes(fixture));

describe.skipIf(oracles === null)('findings, as zlint judges the same certificates', async () => {
  const { judged, unread } = oracles === null ? { judged: [], unread: [] } : await judge(oracles.lint);

  it('are compared over the whole corpus', () => {
    expect(judged.length).toBeGreaterThan(200);
    expect(unread.length).toBeLessThan(20);
  });

  it.each(sharedCodes)('agree, or the reason is listed: $code', ({ code, lints, disagreements = [] }) => {
    const differing = judged.flatMap(({ fixture, path, codes, lints: raised }) => {
      const inZlint = lints.filter((lint) => raised.has(lint));
      if (codes.has(code) === inZlint.length > 0) return [];
      const alone = codes.has(code) ? 'kubepass' : 'zlint';
      return isListed(disagreements, alone, fixture) ? [] : [`${alone} alone: ${fixture} ${path} ${inZlint.join()}`];
    });
    expect(differing).toEqual([]);
  });

  it.each(sharedCodes)(
    'agree somewhere, and every listed disagreement happens: $code',
    ({ code, lints, disagreements = [] }) => {
      const inZlint = (each: Judged) => lints.some((lint) => each.lints.has(lint));
      expect(judged.some((each) => each.codes.has(code) && inZlint(each))).toBe(true);
      for (const { alone, fixtures } of disagreements)
        for (const fixture of fixtures) {
          const happens = judged.some(
            (each) =>
              each.fixture === fixture &&
              (alone === 'zlint' ? inZlint(each) && !each.codes.has(code) : each.codes.has(code) && !inZlint(each)),
          );
          expect(happens, `${alone} alone: ${fixture}`).toBe(true);
        }
    },
  );
});
