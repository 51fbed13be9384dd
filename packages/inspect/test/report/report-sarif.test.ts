// Tests packages/inspect/src/report/report-sarif.ts, packages/inspect/src/inspect.ts
import { readFileSync } from 'node:fs';
import Schema from 'typebox/schema';
import { describe, expect, it } from 'vitest';
import { filesOf, inspectUpload, renderInspection } from '../../src/inspect.js';
import { answerTo, inspectedFixture } from '../helpers/inspected-corpus.js';
import { corpusContext, type CorpusFixture, readCorpus, readFixture } from '../helpers/inspection-corpus.js';
import { UploadRefusedError } from '../../src/model/budget.js';
import type { Upload } from '../../src/model/inspection.js';

interface Log {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly locations: readonly {
        readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } };
        readonly logicalLocations: readonly { readonly fullyQualifiedName: string }[];
      }[];
      readonly partialFingerprints: Readonly<Record<string, string>>;
    }[];
  }[];
}

const context = corpusContext();

async function sarifOf(upload: Upload, now = context.now): Promise<Log> {
  return JSON.parse(
    renderInspection(await inspectUpload(upload, { ...context, now }), now, 'application/sarif+json'),
  ) as Log;
}

const named = (fixture: string, name: string): Upload => {
  const [part] = readFixture(fixture).upload.parts;
  return { parts: [{ name, bytes: part!.bytes }], password: null };
};

/** The schema of SARIF 2.1.0, without the pattern of a property, which is no regular expression. */
const schema = JSON.parse(
  readFileSync(new URL('../fixtures/sarif/sarif-2.1.0-rtm.5.json', import.meta.url), 'utf8'),
  (key, value: unknown) =>
    key === 'pattern' && typeof value === 'string' && value.endsWith(']?$') ? undefined : value,
) as Record<string, unknown>;
const validator = Schema.Compile(schema);

describe('SARIF', () => {
  const corpus = readCorpus();
  /** Null where the upload is refused. */
  const inspected = (fixture: CorpusFixture) =>
    inspectedFixture(fixture).catch((error: unknown) => {
      if (error instanceof UploadRefusedError) return null;
      throw error;
    });

  it('validates against its schema for the whole corpus', async () => {
    for (const fixture of corpus) {
      if ((await inspected(fixture)) === null) continue;
      const log: unknown = JSON.parse(await answerTo(fixture, 'application/sarif+json'));
      expect(validator.Check(log), fixture.name).toBe(true);
    }
    const log = await sarifOf(named('expired', 'jane.crt'));
    expect(validator.Check({ ...log, version: '2.2.0' })).toBe(false);
    expect(validator.Check({ ...log, runs: log.runs.map((run) => ({ ...run, tool: {} })) })).toBe(false);
    const results = log.runs[0]!.results.map((result) => ({ ...result, level: 'info' }));
    expect(validator.Check({ ...log, runs: [{ ...log.runs[0], results }] })).toBe(false);
  });

  it('has one result for each finding, with its rule', async () => {
    for (const fixture of corpus) {
      const { findings } = (await inspected(fixture))?.inspection ?? {};
      if (findings === undefined) continue;
      const [run] = (JSON.parse(await answerTo(fixture, 'application/sarif+json')) as Log).runs;
      expect(
        run!.results.map(({ ruleId }) => ruleId),
        fixture.name,
      ).toEqual(findings.map(({ code }) => code));
      for (const { ruleId, ruleIndex } of run!.results) expect(run!.tool.driver.rules[ruleIndex]!.id).toBe(ruleId);
      expect(new Set(run!.tool.driver.rules.map(({ id }) => id)).size).toBe(run!.tool.driver.rules.length);
    }
  });

  it('says info as a note', async () => {
    const [run] = (await sarifOf(named('address-as-dns-name-too', 'web.crt'))).runs;
    expect(run!.results.map(({ level }) => level)).toEqual(['note']);
  });

  it('points at the file, and says in words where in it', async () => {
    const [run] = (await sarifOf(named('kubeconfig-insecure', 'my configs/über#1.yaml'))).runs;
    const [location] = run!.results[0]!.locations;
    expect(location!.physicalLocation.artifactLocation.uri).toBe('my%20configs/%C3%BCber%231.yaml');
    expect(location!.logicalLocations[0]!.fullyQualifiedName).toBe('my configs/über#1.yaml');
  });

  it('tells the same finding of two days', async () => {
    const upload = named('expired', 'jane.crt');
    const fingerprints = async (day: string) =>
      (await sarifOf(upload, new Date(day))).runs[0]!.results.map(({ partialFingerprints }) => partialFingerprints);
    const messages = async (day: string) =>
      (await sarifOf(upload, new Date(day))).runs[0]!.results.map(({ message }) => message.text);
    expect(await fingerprints('2026-12-01')).toEqual(await fingerprints('2026-12-11'));
    expect(await messages('2026-12-01')).not.toEqual(await messages('2026-12-11'));
  });
});

it('knows the file of an object inside others', async () => {
  const { objects } = await inspectUpload(readFixture('kubeadm-kubernetes').upload, context);
  const files = filesOf(objects);
  expect(new Set(files.values())).toEqual(new Set([objects[0]!.path]));
  const chain = await inspectUpload(named('chain-with-root', 'tls/chain.pem'), context);
  expect([...filesOf(chain.objects)]).toEqual([
    ['tls/chain.pem[0]', 'tls/chain.pem'],
    ['tls/chain.pem[1]', 'tls/chain.pem'],
    ['tls/chain.pem[2]', 'tls/chain.pem'],
  ]);
});
