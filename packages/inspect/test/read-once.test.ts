// Tests packages/inspect/src/inspect.ts, packages/inspect/src/der/recognise.ts,
// packages/inspect/src/x509/decode-signed-object.ts, packages/x509/src/tree/signed-object.ts
import { describe, expect, it, vi } from 'vitest';

import { recognise } from '../src/der/recognise.js';
import { inspect } from '../src/inspect.js';
import type { InspectionFormat } from '../src/model/inspection.js';
import { certificateText } from '@kubepass/x509/openssl-text';
import { DerReader, refusalsOfCertificationRequest } from '@kubepass/x509';
import { readCertificateTree } from '@kubepass/x509/tree';
import { testNow } from '../../x509/test/helpers/certificates.js';
import { testThresholds } from './inspected.js';
import { opensslDer, opensslFixtures } from './x509/decoding.js';

/** The elements that some work reads: where they stand, each as often as it is read. */
async function elementsRead(work: () => unknown): Promise<readonly string[]> {
  const next = vi.spyOn(DerReader.prototype, 'next');
  await work();
  const read = next.mock.results.flatMap(({ type, value }) =>
    type === 'return' ? [`${value.raw.byteOffset}+${value.raw.length}`] : [],
  );
  next.mockRestore();
  return read.sort();
}

const inspectAs = (bytes: Buffer, format: InspectionFormat) => () =>
  inspect(
    { parts: [{ name: null, bytes }], password: null },
    { now: testNow, clusters: [], thresholds: testThresholds, inventory: async () => new Map() },
    format,
  );

/** The elements of the first list that are left when each of the second has been taken away once. */
function without(elements: readonly string[], taken: readonly string[]): readonly string[] {
  const left = [...elements];
  for (const each of taken) {
    const at = left.indexOf(each);
    if (at >= 0) left.splice(at, 1);
  }
  return left;
}

const twice = (elements: readonly string[]): readonly string[] =>
  elements.filter((element, i) => elements.indexOf(element) !== i);

describe.each<InspectionFormat>(['application/json', 'application/sarif+json', 'text/plain', 'text/html'])(
  'an inspection as %s',
  (format) => {
    it.each(['k8s-apiserver.crt', 'k8s-ca.crt', 'ext-san-all.crt', 'ext-aki-full.crt', 'ext-pol.crt'])(
      'reads each element of a certificate once, after it has been recognised: %s',
      async (name) => {
        const bytes = opensslDer(name);
        const read = await elementsRead(inspectAs(bytes, format));
        const recognised = await elementsRead(() => recognise(bytes));
        expect(read.length).toBeGreaterThan(40);
        expect(twice(without(read, recognised))).toEqual([]);
      },
    );

    it('reads each element of a request once, besides the strict reader', async () => {
      const bytes = opensslDer('two-groups.csr');
      const read = await elementsRead(inspectAs(bytes, format));
      const others = await elementsRead(() => [recognise(bytes), refusalsOfCertificationRequest(bytes)]);
      expect(twice(without(read, others))).toEqual([]);
    });
  },
);

/** Fixtures with values that OpenSSL's text alone shows: its printer is their only reader. */
const ofTextAlone = /^(?:ext-asn|ext-ipaddr|ext-proxy|key-p256explicit)\./;

it.each([...opensslFixtures('crt'), ...opensslFixtures('csr')].filter((name) => !ofTextAlone.test(name)))(
  'prints without reading any element again: %s',
  async (name) => {
    const bytes = opensslDer(name);
    const inJson = await elementsRead(inspectAs(bytes, 'application/json'));
    expect(await elementsRead(inspectAs(bytes, 'text/plain'))).toEqual(inJson);
    expect(await elementsRead(inspectAs(bytes, 'text/html'))).toEqual(inJson);
  },
);

it('prints a certificate in DER with one reading', async () => {
  const bytes = opensslDer('k8s-apiserver.crt');
  const printed = await elementsRead(() => certificateText(bytes));
  expect(printed.length).toBeGreaterThan((await elementsRead(() => readCertificateTree(bytes))).length);
  expect(twice(printed)).toEqual([]);
});
