import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { codeOf } from '@kubepass/x509';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}
export type Call = (
  method: string,
  path: string,
  body?: string,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answer>;

/** Calls one service as the bearer of `token`. */
export const callTo =
  (address: () => string, token: () => string): Call =>
  async (method, path, body, headers = {}) => {
    const response = await fetch(`${address()}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

const idOf = (location: string | null) => location?.split('/').at(-1) ?? '';

/** The groups of the clients of each kind. */
const [csrGroup, kubeconfigGroup] = ['team-a', 'team-b'];

interface Request {
  id: string;
  state: string;
  groups: readonly string[];
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
  fingerprintSha256: string | null;
  details: { serialNumber?: string };
}

/** The answers that clients got from services that died or lost their database. They must still be true afterwards. */
export class Ledger {
  readonly fingerprints = new Set<string>();
  readonly requests = new Set<string>();
  /** Idempotency-Keys without an answer. */
  readonly unanswered: { readonly key: string; readonly body: string }[] = [];
  /** The number of 503 answers. */
  away = 0;

  /** `mayBeAway`: whether 503 is an acceptable answer too; it promises nothing. */
  constructor(private readonly mayBeAway = false) {}

  /** Asks with a CSR and waits for its end. */
  async askWithCsr(call: Call): Promise<void> {
    const { pem } = await csrFor(`user-${randomUUID()}`, [csrGroup]);
    const answer = await call('POST', '/v1/certificate-requests', JSON.stringify({ csr: pem }), { prefer: 'wait=10' });
    if (this.#isAway(answer)) return;
    expect(answer.status, answer.text).toBe(201);
    const { id, certificate } = JSON.parse(answer.text) as {
      id: string;
      certificate: { fingerprintSha256: string } | null;
    };
    this.requests.add(id);
    if (certificate) this.fingerprints.add(certificate.fingerprintSha256);
  }

  /** Asks for a whole kubeconfig under an Idempotency-Key. */
  async askForKubeconfig(call: Call): Promise<void> {
    const ask = {
      key: randomUUID(),
      body: JSON.stringify({ username: `user-${randomUUID()}`, groups: [kubeconfigGroup] }),
    };
    this.unanswered.push(ask);
    const answer = await call('POST', '/v1/kubeconfigs', ask.body, { 'idempotency-key': ask.key }).catch(
      (error: unknown) => {
        // A service that is gone was not asked. Thousands of these would be asked again in the end.
        if (wasRefused(error)) this.unanswered.splice(this.unanswered.indexOf(ask), 1);
        throw error;
      },
    );
    if (this.#isAway(answer)) return;
    expect(answer.status, answer.text).toBe(201);
    this.unanswered.splice(this.unanswered.indexOf(ask), 1);
    this.requests.add(idOf(answer.headers.get('location')));
    this.fingerprints.add(fingerprintIn(answer.text));
  }

  /**
   * A key whose answer was lost continues its request: the client gets one more kubeconfig, or learns that its key went
   * out.
   */
  async lostAnswersCanBeAskedForAgain(call: Call): Promise<void> {
    const left = this.unanswered.splice(0);
    const client = async () => {
      for (let ask = left.pop(); ask !== undefined; ask = left.pop()) {
        const answer = await call('POST', '/v1/kubeconfigs', ask.body, { 'idempotency-key': ask.key });
        expect([201, 409], answer.text).toContain(answer.status);
        if (answer.status === 201) this.fingerprints.add(fingerprintIn(answer.text));
        expect(answer.headers.get('location')).toMatch(/^\/v1\/certificate-requests\//);
      }
    };
    await Promise.all(Array.from({ length: 8 }, client));
  }

  /**
   * Waits until recovery is complete; it runs every five seconds. Then no request is `issuing`, and none with a CSR is
   * `approved`, because recovery issues those again. An approved request without a CSR waits until its caller asks
   * again.
   */
  async untilRecovered(call: Call, timeoutSeconds: number): Promise<void> {
    const inState = (state: string) => everyItem<Request>(call, '/v1/certificate-requests', `&state=${state}`);
    const left = async () => [
      ...(await inState('issuing')),
      ...(await inState('approved')).filter(({ groups }) => groups.includes(csrGroup)),
    ];
    await expect.poll(left, { timeout: timeoutSeconds * 1000, interval: 500 }).toEqual([]);
  }

  async everythingHolds(call: Call): Promise<void> {
    const [requests, certificates, events] = [
      await everyItem<Request>(call, '/v1/certificate-requests'),
      await everyItem<Certificate>(call, '/v1/certificates'),
      await everyItem<Event>(call, '/v1/audit-events'),
    ];
    const verification = await json(call, '/v1/audit-events/verification');
    expect(verification).toMatchObject({ valid: true, firstInvalidSeq: null, events: events.length });

    // The request is finished or reported.
    const states = new Map(requests.map((request) => [request.id, request.state]));
    expect(requests.filter(({ state }) => state === 'issuing')).toEqual([]);
    for (const id of this.requests) expect(states.get(id)).toBe('issued');

    // Every certificate that a client holds is in the inventory, and nothing was issued twice.
    const known = new Set(certificates.map(({ fingerprintSha256 }) => fingerprintSha256));
    for (const fingerprint of this.fingerprints) expect(known.has(fingerprint)).toBe(true);
    expect(new Set(certificates.map(({ requestId }) => requestId)).size).toBe(certificates.length);

    const told = new Set(
      events.flatMap(({ type, fingerprintSha256 }) => (type === 'CertificateIssued' ? (fingerprintSha256 ?? []) : [])),
    );
    for (const fingerprint of this.fingerprints) expect(told.has(fingerprint)).toBe(true);
    expect(told.size).toBe(certificates.length);

    // No serial number is signed twice: each was intended once, and each issued one was intended.
    const serials = (type: string) =>
      events.flatMap((event) => (event.type === type ? (event.details.serialNumber ?? []) : []));
    const started = serials('IssuanceStarted');
    const intended = new Set(started);
    expect(intended.size).toBe(started.length);
    const issued = serials('CertificateIssued');
    expect(new Set(issued).size).toBe(issued.length);
    expect(issued.every((serial) => intended.has(serial))).toBe(true);
    expect(new Set(certificates.map(({ serialNumber }) => serialNumber))).toEqual(new Set(issued));

    // Every attempt that began has ended.
    const ended = events.filter(({ type }) =>
      ['CertificateIssued', 'IssuanceFailed', 'IssuanceAbandoned'].includes(type),
    );
    expect(ended.length).toBe(started.length);
  }

  #isAway({ status, headers, text }: Answer): boolean {
    if (!this.mayBeAway || status !== 503) return false;
    expect(headers.get('retry-after'), text).toMatch(/^[1-9]\d*$/);
    this.away += 1;
    return true;
  }
}

/** Whether nobody listened. */
const wasRefused = (error: unknown): boolean => error instanceof TypeError && codeOf(error.cause) === 'ECONNREFUSED';

/** That many clients of both kinds, which continue until `running` returns false. */
export async function load(ledger: Ledger, calls: readonly Call[], running: () => boolean): Promise<void> {
  const client = async (ask: () => Promise<void>) => {
    while (running()) {
      const { away } = ledger;
      try {
        await ask();
        // Each lost answer is asked for again in the end, and on a fast machine a client without a pause would lose
        // thousands of them.
        if (ledger.away > away) await setTimeout(250);
      } catch (error) {
        // fetch throws TypeError when the connection breaks; any other error is a fault of the service.
        if (!(error instanceof TypeError)) throw error;
        // Clients of a service that is gone must not take the processor time of those that recover.
        await setTimeout(wasRefused(error) ? 250 : 20);
      }
    }
  };
  await Promise.all(
    calls.map((call, i) => client(() => (i % 2 ? ledger.askWithCsr(call) : ledger.askForKubeconfig(call)))),
  );
}

async function json(call: Call, path: string): Promise<unknown> {
  const answer = await call('GET', path, undefined, { accept: 'application/json' });
  expect(answer.status, answer.text).toBe(200);
  return JSON.parse(answer.text);
}

/** `filter`: more of the query, each part after an ampersand. */
export async function everyItem<T>(call: Call, path: string, filter = ''): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '?limit=500' : `?limit=500&cursor=${encodeURIComponent(cursor)}`;
    const page = (await json(call, `${path}${query}${filter}`)) as { items: T[]; nextCursor: string | null };
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}

export function fingerprintIn(answer: string): string {
  const { kubeconfig } = JSON.parse(answer) as { kubeconfig: string };
  const { users } = parse(kubeconfig) as { users: { user: { 'client-certificate-data': string } }[] };
  const pem = Buffer.from(users[0]!.user['client-certificate-data'], 'base64');
  return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
}
