// Tests src/inspections/inspection-pool.ts, src/workers/worker-pool.ts
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { withReaders } from '../../helpers/other-methods.js';
import { InspectionPool } from '../../../src/inspections/inspection-pool.js';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { hostileUploads } from '../../http/support/hostile-uploads.js';
import { as, type Answer } from '../../http/support/call.js';
import { startService, type TestService } from '../../http/support/service.js';

let service: TestService;
let pem: string;
const made = new Map<string, Buffer>();
const thresholds = { expiresWithinSeconds: 1, maxValiditySeconds: 1, maxCaValiditySeconds: 1 };
/** As that of the service, but for the 2 s of the clock on the wall: a busy machine has less work done in them. */
const patient = new InspectionPool({ workMilliseconds: 60_000 });
beforeAll(async () => {
  service = await startService({
    context: (context) => ({
      ...withReaders(context, 'inventory', { find: async () => [] }),
      inspecting: { thresholds, known: { all: () => [] }, pool: patient },
    }),
  });
  pem = readFileSync(join(service.dataDir, 'ca', 'ca.crt'), 'utf8');
});
afterAll(async () => {
  await service.close();
  await patient.close();
});

/** The processor time of all threads so far, which the work of other processes does not lengthen. */
function processorMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Sends a password too, because some uploads need one to do harm. */
const inspect = (upload: Buffer) =>
  service.as('alice')('post', '/v1/inspections').attach('file', upload, 'upload').field('password', 'secret');

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** The reason of the refusal of each upload, or the finding if it can be recognised without carrying it out. */
const outcomes: Readonly<Record<string, string>> = {
  'a gzip bomb': 'TooMuchCompressed',
  'a gzip bomb in gzip': 'TooMuchCompressed',
  'gzip in gzip in gzip, a hundred times': 'TooDeep',
  'a tar bomb': 'TooMuchCompressed',
  'a zip bomb': 'UnrecognisedContent',
  'a tar of 20,000 entries': 'TooMuchCompressed',
  'a tar of 2,000 entries': 'TooManyEntries',
  'a tar whose entry says that it has 8 GiB': 'MalformedObject',
  'a tar whose entry says that it has 2^90 octets': 'MalformedObject',
  'a tar with links and ways out': 'EntrySkipped',
  'a tar with a name of a megabyte': 'nothing',
  'ASN.1 of 100,000 elements': 'UnrecognisedContent',
  'ASN.1 of 100,000 elements in a certificate': 'MalformedObject',
  '10,000 nested sequences': 'MalformedObject',
  '100,000 nested sequences without lengths': 'MalformedObject',
  '10,000 nested octet strings in parts': 'UnrecognisedContent',
  'a sequence that says that it has 2^56 octets': 'UnrecognisedContent',
  'an object identifier of a megabyte': 'MalformedObject',
  'an integer of a megabyte': 'UnrecognisedContent',
  'a certificate with 20,000 extensions': 'MalformedObject',
  'billion laughs': 'UnrecognisedContent',
  'billion laughs in a kubeconfig': 'TooMuchWork',
  'an alias to itself': 'UnrecognisedContent',
  '100,000 YAML documents': 'UnrecognisedContent',
  'YAML of 100,000 nested lists': 'TooDeep',
  'YAML of 10,000 nested mappings': 'UnrecognisedContent',
  'YAML of 100,000 keys': 'UnrecognisedContent',
  'YAML of 300,000 anchors': 'TooMuchWork',
  'JSON of 500,000 nested lists': 'TooDeep',
  'JSON of 100,000 members': 'CurrentContextMissing',
  // It is base64 of zeros, and these are a tar without files.
  'a megabyte in one line': 'nothing',
  'a megabyte of blanks': 'UnrecognisedContent',
  'a megabyte of line ends': 'UnrecognisedContent',
  'a megabyte of dashes': 'UnrecognisedContent',
  'a megabyte of nothing': 'nothing',
  'a megabyte by chance': 'UnrecognisedContent',
  'a PEM block of one line': 'MalformedObject',
  'PEM blocks that only begin': 'TooManyObjects',
  'PEM blocks that only end': 'UnrecognisedContent',
  'PEM blocks that begin without an end of line': 'TooManyObjects',
  'PEM with 20,000 headers': 'PrivateKeyInvalid',
  'base64 of base64 of base64': 'content-too-large',
  '199 certificates whose signatures are all wrong': 'IssuerMissing',
  '200 times the same certificate': 'DuplicateObject',
  'an RSA key of 8 million bits': 'KeyAlgorithmUnsupported',
  'an RSA key of 8192 bits with an exponent of as many': 'RsaExponentUnusual',
  'PKCS#12 with a billion iterations': 'KeyDerivationTooCostly',
  'PKCS#12 with 2^31 - 1 iterations': 'KeyDerivationTooCostly',
  'an encrypted key with a billion iterations': 'KeyDerivationTooCostly',
  'an encrypted key whose scrypt takes a terabyte': 'KeyDerivationTooCostly',
  'twenty encrypted keys that are just affordable': 'KeyDerivationTooCostly',
};

function outcomesOf(answer: Answer): readonly string[] {
  if (answer.status === 200) {
    const { findings } = as.inspection(answer);
    return findings.length === 0 ? ['nothing'] : findings.map(({ code }) => code);
  }
  const { type, reason } = as.problem(answer);
  return [reason ?? type.replace('urn:kubepass:problem:', '')];
}

function send(to: TestService, upload: Buffer): Promise<Response> {
  const body = new FormData();
  body.set('file', new Blob([new Uint8Array(upload)]));
  body.set('password', 'secret');
  const headers = { authorization: `Bearer ${to.tokenOf('alice')}` };
  return fetch(new URL('/v1/inspections', to.address), { method: 'POST', headers, body });
}

/**
 * Issues certificates one after the other while the work goes on. Repeats the work until there are 21 of them. Returns
 * how many milliseconds each took.
 */
async function issueDuring(work: () => Promise<unknown>): Promise<readonly number[]> {
  const { pem: csr } = await csrFor('jane', ['team-a']);
  const issuing: number[] = [];
  const state = { done: false };
  const enough = async () => {
    do await work();
    while (issuing.length <= 20);
  };
  const settled = enough().finally(() => (state.done = true));
  settled.catch(() => undefined);
  while (!state.done) {
    const since = performance.now();
    await service
      .as('alice')('post', '/v1/certificate-requests')
      .set('prefer', 'wait=10')
      .send({ csr, expirationSeconds: 600 })
      .expect(201);
    issuing.push(performance.now() - since);
  }
  await settled;
  return issuing;
}

describe('an upload that is', () => {
  it.each(Object.keys(hostileUploads))('%s is answered in bounded time and memory', async (name) => {
    const upload = await hostileUploads[name]!(pem);
    made.set(name, upload);
    expect(upload.length).toBeLessThanOrEqual(1024 * 1024);
    const before = process.memoryUsage().rss;
    const since = processorMilliseconds();
    const answer = await inspect(upload);
    const milliseconds = processorMilliseconds() - since;
    expect([200, 413, 422], answer.text).toContain(answer.status);
    expect(outcomesOf(answer)).toContain(outcomes[name]);
    // 2 s of work, and perhaps the start of a worker.
    expect(milliseconds).toBeLessThan(5000);
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
    if (answer.status === 200) expect(as.inspection(answer).objects.length).toBeLessThanOrEqual(201);
  });

  it('followed by one that is not, does not harm it', async () => {
    expect(as.inspection(await inspect(Buffer.from(pem)).expect(200)).objects).toMatchObject([
      { type: 'Certificate', role: 'CA' },
    ]);
  });
});

describe('issuing', () => {
  it('goes on while every worker is kept busy, and does not wait for one of them', async () => {
    const pool = new InspectionPool({
      file: new URL('../unit/inspections/misbehaving-task.ts', import.meta.url),
      threads: 2,
      workMilliseconds: 600_000,
    });
    let atWork = 0;
    const busy = await startService({
      context: (context) => ({
        ...withReaders(context, 'inventory', {
          find: async () => {
            atWork += 1;
            return [];
          },
        }),
        inspecting: { thresholds, known: { all: () => [] }, pool },
      }),
    });
    try {
      let answered = 0;
      const uploads = Array.from({ length: 6 }, async () => {
        await send(busy, Buffer.from('look-up-and-loop'));
        answered += 1;
      });
      await vi.waitUntil(() => atWork === 2, 20_000);
      const { pem: csr } = await csrFor('jane', ['team-a']);
      for (let i = 0; i < 20; i += 1) {
        const answer = await busy
          .as('alice')('post', '/v1/certificate-requests')
          .set('prefer', 'wait=30')
          .send({ csr, expirationSeconds: 600 })
          .expect(201);
        expect(as.request(answer).state).toBe('issued');
      }
      expect(answered).toBe(0);
      await pool.close();
      await Promise.all(uploads);
    } finally {
      await pool.close();
      await busy.close();
    }
  });

  it('keeps its latency while hostile uploads are inspected', async () => {
    const all = async () => {
      const queue = [...made.values()];
      await Promise.all(
        [1, 2, 3, 4].map(async () => {
          // Checking the answers would keep this event loop busy.
          for (let upload = queue.shift(); upload; upload = queue.shift())
            await (await send(service, upload)).arrayBuffer();
        }),
      );
    };
    const alone = await issueDuring(() => setTimeout(1000));
    const meanwhile = await issueDuring(all);
    // Wide bounds, because the machine may have other work. The test before this one needs no clock.
    expect(median(meanwhile)).toBeLessThan(5 * median(alone) + 50);
  });
});
