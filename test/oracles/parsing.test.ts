import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type FindingCode, inspectUpload, type Upload } from '@kubepass/inspect';
import { corpusContext, readCorpus } from '../../packages/inspect/test/helpers/inspection-corpus.js';
import { ask } from './ask.js';
import { acceptedOnPurpose, refusals } from './go-refusals.js';
import { isMissed, judge, type Judged, type Loadable, loadablesOf } from './loading.js';

const oracles = inject('oracles');

/** The certificates and requests of the package that reads and prints them. */
function x509Fixtures(): readonly { readonly name: string; readonly upload: Upload }[] {
  const folder = new URL('../../packages/x509/test/fixtures/', import.meta.url);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:pem|der)$/.test(name))
    .map((name) => ({
      name,
      upload: { parts: [{ name, bytes: readFileSync(new URL(name, folder)) }], password: null },
    }));
}

describe.skipIf(oracles === null)('what Go refuses to parse', () => {
  let judged: readonly (Judged & { readonly fixture: string })[] = [];

  beforeAll(async () => {
    const context = corpusContext();
    const found: (Loadable & { readonly fixture: string })[] = [];
    for (const { name, upload } of [...readCorpus(), ...x509Fixtures()])
      found.push(...(await loadablesOf(upload, context)).map((each) => ({ ...each, fixture: name })));
    judged = judge(oracles!.parse, found).map((each, i) => ({ ...each, fixture: found[i]!.fixture }));
  });

  it('is an error of the inspection, or the reason is listed', () => {
    const missed = judged.filter(isMissed).map(({ fixture, path, refusal }) => `${fixture} ${path}: ${refusal ?? ''}`);
    expect(missed).toEqual([]);
    // All kinds occur often enough to say something.
    for (const [kind, least] of Object.entries({ certificate: 80, request: 15, 'private-key': 15, 'public-key': 0 }))
      expect(judged.filter((each) => each.kind === kind && each.refusal !== null).length, kind).toBeGreaterThan(least);
  });

  it('is named where no certificate of a file is loaded, because its PEM is damaged', async () => {
    const begin = '-----BEGIN CERTIFICATE-----';
    const ofPem = ['PemMalformed', 'PemLabelWrong'];
    const parts = readCorpus().flatMap(({ name, upload }) => upload.parts.map(({ bytes }) => ({ name, bytes })));
    const texts = parts.filter(({ bytes }) => Buffer.from(bytes).toString('latin1').startsWith(begin));
    const questions = texts.map(({ bytes }) => `certificates ${Buffer.from(bytes).toString('base64')}`);
    const answers = ask(oracles!.parse, questions);
    const refused = texts.filter((_, i) => answers[i] !== null);
    const silent: string[] = [];
    for (const { name, bytes } of refused) {
      const { inspection } = await inspectUpload({ parts: [{ name: null, bytes }], password: null }, corpusContext());
      if (!inspection.findings.some(({ code }) => ofPem.includes(code) || refusals.has(code as FindingCode)))
        silent.push(name);
    }
    expect(silent).toEqual([]);
    expect(refused.length).toBeGreaterThan(20);
  });

  it('is all that the finding NotLoadable is about', () => {
    const inVain = judged.filter(({ refusal, errors }) => refusal === null && errors.includes('NotLoadable'));
    expect(inVain.map(({ fixture, path }) => `${fixture} ${path}`)).toEqual([]);
  });

  it.each(acceptedOnPurpose)('has no error: $what', (acceptance) => {
    const concerned = judged.filter((each) => each.accepted === acceptance);
    expect(concerned.some(({ errors }) => errors.length === 0)).toBe(true);
  });
});
