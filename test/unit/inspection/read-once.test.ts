import { beforeEach, describe, expect, it, type Mock, vi } from 'vitest';

import { inspect } from '../../../src/inspection/inspect.js';
import type { InspectionFormat } from '../../../src/model/inspection.js';
import { DerReader } from '../../../src/x509/strict/der.js';
import { readCertificateTree } from '../../../src/x509/tree/certificate.js';
import { readCertificationRequestTree } from '../../../src/x509/tree/certification-request.js';
import { readContents } from '../../../src/x509/tree/contents.js';
import { readPublicKeyTree } from '../../../src/x509/tree/public-key.js';
import { testNow } from '../../helpers/certificates.js';
import { testThresholds } from './inspected.js';
import { opensslDer, opensslFixtures } from './x509/decoding.js';

/** Wraps one function of a module, so that calls from other modules are counted. */
const { counted } = vi.hoisted(() => ({
  counted: (name: string) => async (load: () => Promise<Record<string, (...parameters: never[]) => unknown>>) => {
    const actual = await load();
    return { ...actual, [name]: vi.fn(actual[name]) };
  },
}));

vi.mock('../../../src/x509/tree/certificate.js', counted('readCertificateTree'));
vi.mock('../../../src/x509/tree/certification-request.js', counted('readCertificationRequestTree'));
vi.mock('../../../src/x509/tree/contents.js', counted('readContents'));
vi.mock('../../../src/x509/tree/public-key.js', counted('readPublicKeyTree'));

const formats: readonly InspectionFormat[] = ['application/json', 'text/plain', 'text/html'];

const inspectOne = (bytes: Buffer, format: InspectionFormat): Promise<string> =>
  inspect(
    { parts: [{ name: null, bytes }], password: null },
    { now: testNow, clusters: [], thresholds: testThresholds, inventory: async () => new Map() },
    format,
  );

beforeEach(() => vi.clearAllMocks());

describe.each(formats)('an inspection as %s', (format) => {
  it.each(['k8s-apiserver.crt', 'ext-san-all.crt', 'key-pss.crt', 'ext-aki-full.crt'])(
    'reads the certificate, its key and each of its extensions once: %s',
    async (name) => {
      await inspectOne(opensslDer(name), format);
      expect(readCertificateTree).toHaveBeenCalledOnce();
      expect(readPublicKeyTree).toHaveBeenCalledOnce();
      const values = (readContents as Mock<typeof readContents>).mock.calls.map(([octets]) => octets.byteOffset);
      expect(values.length).toBeGreaterThan(0);
      expect(new Set(values).size).toBe(values.length);
    },
  );

  it('reads the request once', async () => {
    await inspectOne(opensslDer('two-groups.csr'), format);
    expect(readCertificationRequestTree).toHaveBeenCalledOnce();
    expect(readPublicKeyTree).toHaveBeenCalledOnce();
  });
});

/** The elements that are read in an inspection: where they stand, each as often as it is read. */
async function elementsRead(bytes: Buffer, format: InspectionFormat): Promise<readonly string[]> {
  const next = vi.spyOn(DerReader.prototype, 'next');
  await inspectOne(bytes, format);
  const read = next.mock.results.flatMap(({ type, value }) =>
    type === 'return' ? [`${value.raw.byteOffset}+${value.raw.length}`] : [],
  );
  next.mockRestore();
  return read.sort();
}

/** Fixtures with values that OpenSSL's text alone shows: its printer is their only reader. */
const ofTextAlone = /^(?:ext-asn|ext-ipaddr|ext-proxy|key-p256explicit)\./;

it.each([...opensslFixtures('crt'), ...opensslFixtures('csr')].filter((name) => !ofTextAlone.test(name)))(
  'prints without reading any element again: %s',
  async (name) => {
    const bytes = opensslDer(name);
    const inJson = await elementsRead(bytes, 'application/json');
    expect(await elementsRead(bytes, 'text/plain')).toEqual(inJson);
    expect(await elementsRead(bytes, 'text/html')).toEqual(inJson);
  },
);
