import { describe, expect, it } from 'vitest';
import { inspectSingleObject } from '../src/inspect.js';
import type { Inspection } from '../src/model/inspection.js';
import { inspectedInCompany, inspectionOf, strangers, withNames } from './helpers/in-company.js';
import { corpusContext, readCorpus } from './helpers/inspection-corpus.js';

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
