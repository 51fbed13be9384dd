// Tests packages/inspect/src/inspect.ts, packages/inspect/src/reading/read-upload.ts,
// packages/inspect/src/offline/inspect-files.ts
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectSingleObject } from '../src/inspect.js';
import type { Inspection } from '../src/model/inspection.js';
import { inspectFiles } from '../src/offline/inspect-files.js';
import { inspectedInCompany, inspectionOf, strangers, withNames } from './helpers/in-company.js';
import { corpusContext, readCorpus } from './helpers/inspection-corpus.js';
import { tarOf } from './helpers/tar-of.js';

const context = corpusContext();
const corpus = readCorpus().map(({ name, upload }) => ({ name, upload: withNames(upload) }));
const account = { by: 'jane', mustHaveSome: () => undefined, spend: () => undefined };

describe('an upload of the corpus', () => {
  it.each(corpus)('is the same beside a stranger: $name', async ({ upload }) => {
    const alone = await inspectionOf(upload, context);
    for (const [i, stranger] of strangers.entries()) {
      const together = await inspectedInCompany(upload, stranger, i % 2 === 0, context);
      if (together !== null) expect(together).toEqual(alone);
    }
  });

  it.each(corpus)('is the same where it is read at once: $name', async ({ upload }) => {
    const quick = await inspectSingleObject(upload, context, 'application/json', account);
    if (quick !== null) expect(JSON.parse(quick) as Inspection).toEqual(await inspectionOf(upload, context));
  });
});

/** One file without a password. */
const files = readCorpus().flatMap(({ name, upload: { parts, password } }) => {
  const [part, ...others] = parts;
  return part === undefined || others.length > 0 || password !== null ? [] : [{ name, bytes: Buffer.from(part.bytes) }];
});
const without = ({ objects, relations, findings }: Inspection, prefix: string): unknown =>
  JSON.parse(JSON.stringify({ objects, relations, findings }).replaceAll(prefix, ''));

describe('a file of the corpus', () => {
  it.each(files)('is the same in a folder as alone, for the program: $name', async ({ bytes }) => {
    const folder = mkdtempSync(join(tmpdir(), 'in-company-'));
    try {
      const answered = async (...paths: readonly string[]): Promise<Inspection> => {
        const args = [...paths, '--format', 'json'];
        return JSON.parse((await inspectFiles(args, { now: context.now, stdout: {} })).output) as Inspection;
      };
      mkdirSync(join(folder, 'both'));
      const [own, note] = [join(folder, 'both', 'a.bin'), join(folder, 'both', 'b.txt')];
      writeFileSync(own, bytes);
      const alone = await answered(own);
      writeFileSync(note, 'nothing of interest');
      const both = await answered(join(folder, 'both'));
      const beside = {
        objects: both.objects.filter(({ path }) => path !== note),
        relations: both.relations,
        findings: both.findings.filter(({ object }) => object !== note),
      };
      expect(without(beside, `${own}/`)).toEqual(without(alone, `${own}/`));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each(files)('is the same in a tar: $name', async ({ bytes }) => {
    const [alone, packed] = await Promise.all(
      [bytes, await tarOf({ 'the-part.bin': bytes })].map((octets, i) =>
        inspectionOf({ parts: [{ name: i === 0 ? 'the-part.bin' : 'x.tar', bytes: octets }], password: null }, context),
      ),
    );
    if (typeof alone === 'string' || typeof packed === 'string') {
      expect(packed).toBe(alone);
      return;
    }
    // Files of an archive in an archive have longer paths.
    if (alone?.objects.some(({ type }) => type === 'Archive') === true) return;
    const [archive, ...objects] = packed!.objects;
    expect(archive?.type).toBe('Archive');
    expect(objects.length).toBe(alone!.objects.length);
    expect(objects.map(({ path: _path, ...content }) => content)).toEqual(
      alone!.objects.map(({ path: _path, ...content }) => content),
    );
    expect(packed!.findings.map(({ code, message }) => [code, message])).toEqual(
      alone!.findings.map(({ code, message }) => [code, message]),
    );
  });

  it.each(files)('is the same in base64: $name', async ({ bytes }) => {
    const [alone, encoded] = await Promise.all(
      [bytes, Buffer.from(bytes.toString('base64'))].map((octets) =>
        inspectionOf({ parts: [{ name: 'the-part.bin', bytes: octets }], password: null }, context),
      ),
    );
    // Any word is base64 of something, and the shortest object takes 40 characters.
    const isWord = typeof alone !== 'string' && alone!.objects.every(({ type }) => type === 'Unknown');
    if (!isWord && bytes.length >= 30) expect(encoded).toEqual(alone);
  });
});
