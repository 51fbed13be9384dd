// Tests packages/inspect/src/inspect.ts, packages/inspect/src/reading/read-upload.ts
import { describe, expect, it } from 'vitest';
import { Mutants } from '../../../../test/fuzz/mutants.js';
import { propertyRuns } from '../../../../test/helpers/property-runs.js';
import { inspectSingleObject } from '../../src/inspect.js';
import { inspectedInCompany, inspectionOf, strangers, withNames } from '../helpers/in-company.js';
import { corpusContext } from '../helpers/inspection-corpus.js';

const context = corpusContext();
const account = { by: 'jane', mustHaveSome: () => undefined, spend: () => undefined };
const mutants = new Mutants(20261130);

/** Their refusals depend on all parts: an upload without octets is none, and in company it is an empty part. */
const isWhole = (refusal: unknown): boolean => refusal === 'Empty';

describe('mutants of the corpus', () => {
  it('are the same beside a stranger, and where they are read at once', async () => {
    for (let number = 0; number < propertyRuns(4000); number += 1) {
      const upload = withNames(mutants.make(number).upload);
      const alone = await inspectionOf(upload, context);
      const stranger = strangers[number % strangers.length]!;
      const together = await inspectedInCompany(upload, stranger, number % 2 === 0, context);
      if (together !== null && !isWhole(alone)) expect(together, `mutant ${number}`).toEqual(alone);

      const quick = inspectSingleObject(upload, context, 'application/json', account);
      if (quick !== null) expect(JSON.parse(await quick), `mutant ${number}`).toEqual(alone);
    }
  });
});
