// Tests packages/inspect/src/inspect.ts, packages/inspect/src/x509/go-rules.ts
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

/** Errors that say that Go takes no certificate from a PEM block. */
const ofPem: ReadonlySet<string> = new Set(['PemMalformed', 'PemLabelWrong']);

/** A file with one healthy certificate, in layouts of which Go takes some. */
function laidOutOtherwise(text: string): readonly { readonly text: string; readonly how: string }[] {
  const [pem, begin = '', body = '', end = ''] =
    /^(-----BEGIN CERTIFICATE-----)\n([A-Za-z0-9+/\n]+={0,2})\n(-----END CERTIFICATE-----)\n$/.exec(text) ?? [];
  if (pem === undefined) return [];
  const between = [
    '',
    '\n',
    '\r\n',
    '\r',
    ' \n',
    '\t\r\n',
    '\f\n',
    '\n\n',
    '\n ',
    '\n#\n',
    ' ',
    '\\n',
    '\xa0\n',
    '-\n',
    '\0\n',
  ];
  return between.flatMap((each) =>
    [
      each + pem,
      `${begin}${each}${body}\n${end}\n`,
      `${begin}\n${body.slice(0, 64)}${each}${body.slice(65)}\n${end}\n`,
      `${begin}\n${body}${each}${end}\n`,
      `${begin}\n${body}\n${end}${each}`,
      pem.replaceAll('\n', each),
    ].map((laidOut, i) => ({ text: laidOut, how: `${JSON.stringify(each)} at ${i}` })),
  );
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

  it('is an error where no certificate of a file is loaded, because its PEM is damaged or laid out otherwise', async () => {
    const parts = readCorpus().flatMap(({ name, upload }) => upload.parts.map(({ bytes }) => ({ name, bytes })));
    const whole = parts
      .map(({ name, bytes }) => ({ name, text: Buffer.from(bytes).toString('latin1') }))
      .filter(({ text }) => /^(?:\xef\xbb\xbf)?\s*-----BEGIN CERTIFICATE-----/.test(text));
    const others = whole.flatMap(({ name, text }) => laidOutOtherwise(text).map((each) => ({ name, ...each })));
    // A few files in all layouts, because each is inspected.
    const texts: readonly { name: string; text: string; how?: string }[] = [...whole, ...others.slice(0, 500)];
    const answers = ask(
      oracles!.parse,
      texts.map(({ text }) => `certificates ${Buffer.from(text, 'latin1').toString('base64')}`),
    );
    const unlike: string[] = [];
    for (const [i, { name, text, how }] of texts.entries()) {
      const upload = { parts: [{ name: null, bytes: Buffer.from(text, 'latin1') }], password: null };
      const { findings } = (await inspectUpload(upload, corpusContext())).inspection;
      const isNamed = findings.some(({ code }) => ofPem.has(code) || refusals.has(code as FindingCode));
      const isOfPem = findings.some(({ code }) => code === 'PemMalformed');
      if (answers[i] !== null ? !isNamed : how !== undefined && isOfPem) unlike.push(`${name} ${how ?? 'as it is'}`);
    }
    expect(unlike).toEqual([]);
    expect(answers.filter((answer) => answer !== null).length).toBeGreaterThan(200);
    expect(answers.filter((answer) => answer === null).length).toBeGreaterThan(200);
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
