import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { csrFor } from '../helpers/csr.js';
import { testPolicies } from '../helpers/issuance.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { startChild, type ChildService } from './child-service.js';
import { localCrashPoints } from './crash-points.js';

const directory = temporaryDirectory();
const dataDir = join(directory.path, 'data');
const policiesDir = join(directory.path, 'policies');
let child: ChildService | undefined;

beforeAll(() => {
  mkdirSync(policiesDir);
  writeFileSync(join(policiesDir, 'test.yaml'), testPolicies);
});
afterAll(async () => {
  await child?.kill();
  directory.remove();
});

/** What clients were told before the service died; it must still be true afterwards. */
const received = { fingerprints: new Set<string>(), requests: new Set<string>() };
/** Idempotency-Keys whose answer never came. */
const unanswered: { key: string; body: string }[] = [];

const authorization = () => `Bearer ${readFileSync(join(dataDir, 'admin-token'), 'utf8').trim()}`;

async function call(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${child?.address ?? ''}${path}`, {
    method,
    headers: {
      authorization: authorization(),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const json = async (path: string): Promise<unknown> => {
  const answer = await call('GET', path, undefined, { accept: 'application/json' });
  expect(answer.status, answer.text).toBe(200);
  return JSON.parse(answer.text);
};

async function everyItem<T>(path: string): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '?limit=500' : `?limit=500&cursor=${encodeURIComponent(cursor)}`;
    const page = (await json(`${path}${query}`)) as { items: T[]; nextCursor: string | null };
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}

const idOf = (location: string | null) => location?.split('/').at(-1) ?? '';

/** Asks with a CSR and waits for its end. */
async function askWithCsr(): Promise<void> {
  const { pem } = await csrFor(`user-${randomUUID()}`, ['team-a']);
  const answer = await call('POST', '/v1/certificate-requests', JSON.stringify({ csr: pem }), { prefer: 'wait=10' });
  expect(answer.status, answer.text).toBe(201);
  const { id, certificate } = JSON.parse(answer.text) as {
    id: string;
    certificate: { fingerprintSha256: string } | null;
  };
  received.requests.add(id);
  if (certificate) received.fingerprints.add(certificate.fingerprintSha256);
}

/** Asks for a whole kubeconfig under an Idempotency-Key. */
async function askForKubeconfig(): Promise<void> {
  const call_ = { key: randomUUID(), body: JSON.stringify({ username: `user-${randomUUID()}`, groups: ['team-b'] }) };
  unanswered.push(call_);
  const answer = await call('POST', '/v1/kubeconfigs', call_.body, { 'idempotency-key': call_.key });
  expect(answer.status, answer.text).toBe(201);
  unanswered.splice(unanswered.indexOf(call_), 1);
  received.requests.add(idOf(answer.headers.get('location')));
  received.fingerprints.add(fingerprintIn(answer.text));
}

function fingerprintIn(kubeconfig: string): string {
  const { users } = parse(kubeconfig) as { users: { user: { 'client-certificate-data': string } }[] };
  const pem = Buffer.from(users[0]!.user['client-certificate-data'], 'base64');
  return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
}

/** Eight clients that go on until the service is gone. */
async function load(gone: Promise<void>): Promise<void> {
  let running = true;
  void gone.then(() => {
    running = false;
  });
  const client = async (ask: () => Promise<void>) => {
    while (running) {
      try {
        await ask();
      } catch (error) {
        // fetch throws TypeError when the connection breaks; whatever else it is, the service was wrong.
        if (!(error instanceof TypeError)) throw error;
      }
    }
  };
  await Promise.all(
    [...Array<() => Promise<void>>(4).fill(askWithCsr), ...Array<() => Promise<void>>(4).fill(askForKubeconfig)].map(
      client,
    ),
  );
}

interface Request {
  id: string;
  state: string;
  failure: unknown;
}
interface Certificate {
  fingerprintSha256: string;
  serialNumber: string;
  requestId: string;
}
interface Event {
  type: string;
  requestId: string | null;
  details: { serialNumber?: string };
}

async function everythingHolds(): Promise<void> {
  const [requests, certificates, events] = [
    await everyItem<Request>('/v1/certificate-requests'),
    await everyItem<Certificate>('/v1/certificates'),
    await everyItem<Event>('/v1/audit-events'),
  ];
  const verification = await json('/v1/audit-events/verification');
  expect(verification).toMatchObject({ valid: true, firstInvalidSeq: null, events: events.length });

  // The request is finished or reported.
  const states = new Map(requests.map((request) => [request.id, request.state]));
  expect(requests.filter(({ state }) => state === 'issuing')).toEqual([]);
  for (const id of received.requests) expect(states.get(id)).toBe('issued');

  // Whatever a client holds is in the inventory; nothing was issued twice.
  const known = new Set(certificates.map(({ fingerprintSha256 }) => fingerprintSha256));
  for (const fingerprint of received.fingerprints) expect(known.has(fingerprint)).toBe(true);
  expect(new Set(certificates.map(({ requestId }) => requestId)).size).toBe(certificates.length);

  // No serial number is signed twice: each was intended once, and each issued one was intended.
  const serials = (type: string) =>
    events.flatMap((event) => (event.type === type ? (event.details.serialNumber ?? []) : []));
  const intended = serials('IssuanceStarted');
  expect(new Set(intended).size).toBe(intended.length);
  const issued = serials('CertificateIssued');
  expect(new Set(issued).size).toBe(issued.length);
  expect(issued.every((serial) => intended.includes(serial))).toBe(true);
  expect(new Set(certificates.map(({ serialNumber }) => serialNumber))).toEqual(new Set(issued));

  // Every attempt that began has ended.
  const ended = events.filter(({ type }) =>
    ['CertificateIssued', 'IssuanceFailed', 'IssuanceAbandoned'].includes(type),
  );
  expect(ended.length).toBe(intended.length);
}

/** A key whose answer was lost goes on with its request: one more kubeconfig, or the word that its key went out. */
async function lostAnswersCanBeAskedForAgain(): Promise<void> {
  for (const { key, body } of unanswered.splice(0)) {
    const answer = await call('POST', '/v1/kubeconfigs', body, { 'idempotency-key': key });
    expect([201, 409], answer.text).toContain(answer.status);
    if (answer.status === 201) received.fingerprints.add(fingerprintIn(answer.text));
    expect(answer.headers.get('location')).toMatch(/^\/v1\/certificate-requests\//);
  }
}

const rounds = 30;
const round = (number: number) => {
  const point = localCrashPoints[number % (2 * localCrashPoints.length)];
  return point === undefined ? undefined : { at: point, on: 1 + ((number * 7) % 40) };
};

describe('kill -9', () => {
  it.each(Array.from({ length: rounds }, (_, number) => [number + 1, round(number)] as const))(
    'round %i: %o',
    async (number, crash) => {
      child = await startChild(dataDir, policiesDir, crash);
      if (!crash) setTimeout(() => child?.process.kill('SIGKILL'), 100 + ((number * 137) % 900));
      await load(child.gone);

      child = await startChild(dataDir, policiesDir);
      await everythingHolds();
      await lostAnswersCanBeAskedForAgain();
      await everythingHolds();
      await child.kill();
    },
    60_000,
  );

  it('issued something in every way', () => {
    expect(received.fingerprints.size).toBeGreaterThan(rounds);
    expect(received.requests.size).toBeGreaterThan(rounds);
  });
});
