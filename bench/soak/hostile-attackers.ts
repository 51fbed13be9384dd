/**
 * The attackers of `npm run bench:hostile`, in a process of their own at the lowest priority. Each attack has a rate,
 * so that they load the service by what it does with an attack, and not the machine by how many of them there are. The
 * parent says when they act.
 */
import { randomBytes, randomUUID, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { codeOf } from '@kubepass/x509';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import { keyProof } from '../../test/helpers/key-proof.js';
import { refusedOctets } from '../../test/http/support/ambiguous-requests.js';
import type { AttackOrder, AttackReport, AttackTarget } from './hostile-order.js';

setPriority(19);

/** Addresses of loopback: strangers fill one, the API server has one, and all others share that of the portal. */
const [portalsAddress, idleAddress, apiServersAddress, slowAddress] = [
  '127.0.0.1',
  '127.0.0.2',
  '127.0.0.3',
  '127.0.0.4',
];
const idleConnections = 250;
const reviewsAtOnce = 400;
const pipelinedOctets = 64 * 1024;
const mebibyte = 2 ** 20;
const waitingCalls = 500;
/** Five addresses wait. */
const waitingAddress = (i: number) => `127.0.0.${String(10 + (i % 5))}`;
/** Bodies do not come from the portal's address, whose connections have a limit of their own. */
const bodiesAddress = '127.0.0.20';
/** A body of which each octet is a chunk: 64 KiB of them take six times as much. */
const octetByOctet = '1\r\na\r\n'.repeat(64 * 1024);
const chunked = (path: string, type: string, token?: string) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked` +
  (token === undefined ? '' : `\r\nAuthorization: Bearer ${token}`);

let order: AttackOrder = { attack: false };
const isOn = () => order.attack;
const counts = new Map<string, number>();
const wrong = new Map<string, number>();
const count = (what: string, in_ = counts): void => void in_.set(what, (in_.get(what) ?? 0) + 1);
/** The connections of attackers. */
const open = new Set<Socket>();

class Attackers {
  readonly #host: string;
  readonly #port: number;
  readonly #kept: Readonly<Record<'portals' | 'apiServers', Agent>>;

  readonly #held: { readonly fingerprint: string; readonly key: KeyObject; readonly username: string }[];

  readonly #renewals = new Map<string, number>();

  constructor(private readonly target: AttackTarget) {
    this.#held = target.held.map((held) => ({ ...held, key: createPrivateKey(held.key) }));
    const { hostname, port } = new URL(target.origin);
    this.#host = hostname;
    this.#port = Number(port);
    const agent = (localAddress: string, maxSockets: number) =>
      new Agent({ keepAlive: true, ca: target.ca, localAddress, maxSockets, timeout: 60_000 });
    this.#kept = { portals: agent(portalsAddress, 32), apiServers: agent(apiServersAddress, reviewsAtOnce) };
  }

  /** A connection of an attacker. Their errors are expected. */
  connect(over: 'TCP' | 'TLS', localAddress = portalsAddress): Socket {
    const to = { host: this.#host, port: this.#port, localAddress, rejectUnauthorized: false };
    const socket = over === 'TLS' ? connectTls(to) : connectTcp(to);
    open.add(socket);
    return socket.on('error', () => undefined).on('close', () => open.delete(socket));
  }

  /** The status of an answer, which is read whole; 0: there was none. */
  async call(
    method: string,
    path: string,
    { token, body, headers = {}, of = 'portals' }: Call = {},
  ): Promise<{ readonly status: number; readonly text: string; readonly cookies: string }> {
    const sent = request({
      ...{ agent: this.#kept[of], host: this.#host, port: this.#port, method, path },
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        ...headers,
      },
    });
    try {
      const answered = once(sent, 'response');
      sent.end(body);
      const [response] = (await answered) as [IncomingMessage & { readonly statusCode: number }];
      let text = '';
      for await (const chunk of response) text += String(chunk);
      return { status: response.statusCode, text, cookies: String(response.headers['set-cookie']) };
    } catch (error) {
      const text = codeOf(error) ?? String(error);
      return { status: 0, text, cookies: '' };
    }
  }

  /**
   * Octets of one whole connection. `holdMilliseconds`: how long nobody reads the answers, and then the connection
   * ends.
   */
  async octets(octets: string | Buffer, over: 'TCP' | 'TLS', { reads, milliseconds, from }: Patience): Promise<void> {
    const socket = this.connect(over, from);
    if (reads) socket.resume();
    else socket.pause();
    socket.write(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets);
    await Promise.race([once(socket, 'close').catch(() => undefined), sleep(milliseconds)]);
    socket.destroy();
  }

  /** Reads an answer at so many octets a second, and leaves before its end. */
  async readSlowly(path: string, accept: string, token: string): Promise<void> {
    const socket = this.connect('TLS', slowAddress);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nAccept: ${accept}\r\n\r\n`);
    for (let second = 0; second < 20 && isOn() && !socket.destroyed; second++) {
      socket.read(4_096);
      await sleep(1_000);
    }
    socket.destroy();
  }

  /** The connections of strangers who send nothing, or their headers octet by octet. */
  async hold(): Promise<void> {
    const held = new Set<Socket>();
    while (isOn()) {
      for (const socket of held) if (socket.destroyed) held.delete(socket);
      for (let i = 0; i < 25 && held.size < idleConnections; i++) held.add(this.connect('TCP', idleAddress));
      await sleep(1_000);
    }
  }
  async slowloris(): Promise<void> {
    const held = new Set<Socket>();
    const head = `GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(1_000)}`;
    for (let at = 0; isOn(); at++) {
      for (const socket of held) if (socket.destroyed) held.delete(socket);
      if (held.size < 20) held.add(this.connect('TLS', slowAddress));
      for (const socket of held) if (!socket.connecting) socket.write(head[at % head.length] ?? 'a');
      await sleep(500);
    }
  }

  /** Waits for changes on many connections, each by another session of one API token. */
  async waitForChanges(): Promise<void> {
    const token = this.target.tokens.requester;
    const cookies: string[] = [];
    while (isOn() && cookies.length < waitingCalls / 4) {
      const made = await this.call('POST', '/v1/sessions', { token });
      const cookie = /__Host-kubepass-session=[^;]+/.exec(made.cookies)?.[0];
      if (cookie === undefined) return;
      cookies.push(cookie);
    }
    const held = new Set<Socket>();
    while (isOn()) {
      const { status, text } = await this.call('GET', '/v1/changes', { token });
      const { cursor } = JSON.parse(status === 200 ? text : '{}') as { cursor?: string };
      for (const socket of held) if (socket.destroyed) held.delete(socket);
      while (cursor !== undefined && held.size < waitingCalls) {
        const socket = this.connect('TLS', waitingAddress(held.size)).resume();
        const fields = `Cookie: ${cookies[held.size % cookies.length] ?? ''}\r\nPrefer: wait=30`;
        socket.write(`GET /v1/changes?after=${cursor} HTTP/1.1\r\nHost: x\r\n${fields}\r\n\r\n`);
        held.add(socket);
      }
      await sleep(1_000);
    }
  }

  /** Sends the headers of a body, and then the body or its beginning, on many connections at once. */
  async bodies(connections: number, headers: string, body: string | Buffer): Promise<void> {
    const patience = { reads: true, milliseconds: 5_000, from: bodiesAddress };
    const octets = Buffer.concat([Buffer.from(`${headers}\r\n\r\n`), Buffer.from(body)]);
    await Promise.all(Array.from({ length: connections }, () => this.octets(octets, 'TLS', patience)));
  }

  /** The API server of a cluster asks about everybody who calls it, on connections that it keeps. */
  async reviews(): Promise<void> {
    const body = JSON.stringify({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: 'jane',
        groups: ['team-a', 'system:authenticated'],
        resourceAttributes: { verb: 'get', resource: 'pods' },
      },
    });
    const path = `/v1/clusters/${this.target.cluster}/access-reviews?timeout=3s`;
    const all = await Promise.all(
      Array.from({ length: reviewsAtOnce }, () =>
        this.call('POST', path, { token: this.target.tokens.reviewer, body, of: 'apiServers' }),
      ),
    );
    for (const { status, text } of all) expected('an access review of the API server', status === 200, status, text);
  }

  /**
   * Holders of certificates renew them, one after the other, and each twice: three certificates of one line may be
   * valid.
   */
  async renew(): Promise<void> {
    const held = this.#held.shift();
    if (held === undefined) return;
    const renewals = (this.#renewals.get(held.username) ?? 0) + 1;
    this.#renewals.set(held.username, renewals);
    if (renewals > 2) return;
    const { pem, keyPair } = await csrFor(held.username, ['team-a']);
    const { status, text } = await this.#prove(held.fingerprint, held.key, pem);
    expected('a renewal by the holder of the key', status === 201, status, text);
    const { certificate } = JSON.parse(status === 201 ? text : '{}') as { certificate?: { fingerprintSha256: string } };
    if (certificate === undefined) this.#held.push(held);
    else this.#held.push({ ...held, key: keyPair.privateKey, fingerprint: certificate.fingerprintSha256 });
  }
  async forge(): Promise<void> {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { pem } = await csrFor('somebody', ['team-a']);
    const { status, text } = await this.#prove(this.target.held[0]?.fingerprint ?? '', privateKey, pem);
    expected('a forged proof', status === 401 || status === 429, status, text);
  }
  async #prove(fingerprint: string, key: KeyObject, csr: string) {
    const proof = await keyProof({ fingerprint, key, address: this.target.origin, csr });
    return this.call('POST', `/v1/certificates/${fingerprint}/renew`, {
      body: JSON.stringify({ csr }),
      headers: { authorization: `KubepassProof ${proof}`, prefer: 'wait=20' },
    });
  }
}

interface Call {
  readonly token?: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly of?: 'portals' | 'apiServers';
}
interface Patience {
  readonly reads: boolean;
  readonly milliseconds: number;
  /** The address of the attacker; default: the portal's. */
  readonly from?: string;
}

function expected(what: string, holds: boolean, status: number, text: string): void {
  count(`${what}: ${String(status)}`);
  if (!holds && isOn()) count(`${what}: ${String(status)} ${text.slice(0, 200)}`, wrong);
}

/**
 * Does it so often, as long as the attack is on; one that takes longer than its turn is not waited for, up to `most` at
 * a time.
 */
async function repeat(
  what: string,
  perSecond: number,
  attack: (i: number) => Promise<unknown>,
  most = 20,
): Promise<void> {
  let running = 0;
  // Attacks that go together by chance would be measured as one.
  await sleep((Math.random() * 1_000) / perSecond);
  for (let i = 0; isOn() && isMade(what); i++) {
    if (running < most) {
      running += 1;
      count(what);
      void attack(i)
        .catch((error: unknown) => {
          count(`${what}: ${String(error)}`);
        })
        .finally(() => (running -= 1));
    }
    await sleep(1_000 / perSecond);
  }
}

const pipelined = (method: string, path: string): string => {
  const one = `${method} ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  return one.repeat(Math.floor(pipelinedOctets / one.length));
};
const paths = [
  '/docs/json',
  '/docs/yaml',
  '/docs/',
  '/docs/static/swagger-ui-bundle.js',
  '/livez',
  '/readyz',
  '/openapi.json',
];
const pipelines = paths.flatMap((path) => ['HEAD', 'GET'].map((method) => pipelined(method, path)));

const badCredentials = (i: number): Readonly<Record<string, string>> => {
  const random = randomBytes(32).toString('base64url');
  const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
  const claims = Buffer.from(JSON.stringify({ iss: 'https://evil.example', sub: `user-${String(i)}` })).toString(
    'base64url',
  );
  const all = [
    `Bearer kubepass_${random}`,
    `Bearer ${none}.${claims}.`,
    `Bearer ${none}.${claims}.${random}`,
    `Bearer ${'a'.repeat(8_000)}`,
    `Basic ${random}`,
    'Bearer ',
    `KubepassProof ${none}.${claims}.${random}`,
    `Bearer ${random}, Bearer ${random}`,
  ];
  return { authorization: all[i % all.length] ?? '' };
};

const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const patch = (...operations: readonly object[]) => JSON.stringify({ schemas: [patchSchema], Operations: operations });
const values = (octets: number, value: (i: number) => string) =>
  Array.from({ length: Math.floor(octets / (value(0).length + 13)) }, (_, i) => ({ value: value(i) }));
const emails = (from: number) => values(1.9 * mebibyte, (i) => `a${String(i + from).padStart(7, '0')}@x`);
const members = () => values(0.9 * mebibyte, () => randomUUID()).slice(0, 19_999);
/** Each has nearly 4 MiB, and removes what it added, or what is not there. */
const patches = () =>
  [
    [
      'Users',
      patch({ op: 'add', path: 'emails', value: emails(0) }, { op: 'remove', path: 'emails', value: emails(0) }),
    ],
    [
      'Users',
      patch(
        ...Array.from({ length: 1_000 }, (_, i) => ({
          op: 'remove',
          path: `emails[value eq "${'a'.repeat(1_900)}${String(i)}"]`,
        })),
      ),
    ],
    ['Groups', patch(...Array.from({ length: 4 }, () => ({ op: 'remove', path: 'members', value: members() })))],
    [
      'Groups',
      patch(...Array.from({ length: 1_000 }, () => ({ op: 'remove', path: `members[value eq "${randomUUID()}"]` }))),
    ],
  ] as const;

async function attack(attackers: Attackers, target: AttackTarget): Promise<void> {
  const { tokens, directory } = target;
  const call = attackers.call.bind(attackers);
  const numbers = Buffer.from(`{"spec":{"extra":{"a":[${'1,'.repeat(499_000)}1]}}}`.padEnd(976 * 1024));
  const scim = { token: tokens.connector, headers: { 'content-type': 'application/scim+json' } };
  const bodies = patches();
  await Promise.all([
    repeat('64 KiB pipelined, and read', 0.5, (i) =>
      attackers.octets(pipelines[i % pipelines.length] ?? '', 'TLS', { reads: true, milliseconds: 5_000 }),
    ),
    repeat('64 KiB pipelined, and not read', 0.5, (i) =>
      attackers.octets(pipelines[(i + 3) % pipelines.length] ?? '', 'TLS', { reads: false, milliseconds: 5_000 }),
    ),
    repeat('500,000 numbers to review, without a role', 1, () =>
      call('POST', `/v1/clusters/${target.cluster}/access-reviews`, { token: tokens.requester, body: numbers }),
    ),
    repeat('a bad credential', 20, async (i) => {
      const { status, text } = await call('GET', '/v1/whoami', { headers: badCredentials(i) });
      expected('a bad credential', [401, 429, 503].includes(status), status, text);
    }),
    ...(
      [
        ['/v1/audit-events', 'application/x-ndjson'],
        ['/v1/audit-events?hashes=true', 'application/x-ndjson'],
        ['/v1/certificates', 'application/x-ndjson'],
        ['/v1/certificates', 'text/csv'],
      ] as const
    ).map(([path, accept]) =>
      repeat(`${path} as ${accept}, read slowly`, 0.1, () => attackers.readSlowly(path, accept, tokens.auditor)),
    ),
    repeat('a PATCH of 4 MiB', 0.2, async (i) => {
      const [type, body] = bodies[i % bodies.length] ?? (['Users', ''] as const);
      const { status, text } = await call('PATCH', `/scim/v2/${type}/${directory[type]}`, { ...scim, body });
      expected(`a PATCH of 4 MiB to ${type}`, status >= 200 && status < 500, status, text);
    }),
    repeat('a forged proof', 5, () => attackers.forge()),
    repeat('a renewal', 0.2, () => attackers.renew()),
    repeat(`${String(reviewsAtOnce)} access reviews at once`, 0.1, () => attackers.reviews(), 1),
    repeat('random octets', 5, (i) =>
      attackers.octets(randomBytes(2_000), i % 2 === 0 ? 'TCP' : 'TLS', { reads: true, milliseconds: 5_000 }),
    ),
    repeat('an ambiguous request', 5, (i) =>
      attackers.octets(refusedOctets[i % refusedOctets.length]?.octets ?? '', 'TLS', {
        reads: true,
        milliseconds: 5_000,
      }),
    ),
    repeat('40 bodies to nowhere, an octet in each chunk', 0.2, () =>
      attackers.bodies(40, chunked('/v1/nowhere', 'application/json'), octetByOctet),
    ),
    repeat('6 uploads, an octet in each chunk', 0.5, () =>
      attackers.bodies(6, chunked('/v1/inspections', 'application/octet-stream', tokens.requester), octetByOctet),
    ),
    repeat(
      '200 uploads of 1 MiB that stop before their end',
      0.1,
      () =>
        attackers.bodies(
          200,
          `POST /v1/inspections HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n` +
            `Authorization: Bearer ${tokens.requester}\r\nContent-Length: ${String(mebibyte)}`,
          almostAMebibyte,
        ),
      1,
    ),
    repeat('the timeline of somebody with many certificates', 1, async () => {
      const path = `/v1/timeline?cluster=${target.cluster}&username=person-0`;
      const { status, text } = await call('GET', path, { token: tokens.auditor });
      expected('the timeline of somebody with many certificates', status === 200, status, text);
    }),
    repeat('an upload of zeros', 0.2, () =>
      call('POST', '/v1/inspections', {
        token: tokens.requester,
        body: zeros,
        headers: { 'content-type': 'application/gzip' },
      }),
    ),
    isMade('idle connections') && attackers.hold(),
    isMade('slow headers') && attackers.slowloris(),
    isMade('calls that wait') && attackers.waitForChanges(),
  ]);
}
const almostAMebibyte = Buffer.alloc(mebibyte - 1, 0x20);
const zeros = gzipSync(Buffer.alloc(64 * mebibyte), { level: 9 });

const isMade = (what: string): boolean => what.includes(target?.only ?? '');
let attackers: Attackers | undefined;
let target: AttackTarget | undefined;
process.on('message', (message: AttackOrder) => {
  order = message;
  if (message.target) {
    target = message.target;
    attackers = new Attackers(target);
  }
  if (message.attack && attackers && target) {
    void attack(attackers, target);
    return;
  }
  for (const socket of open) socket.destroy();
  const report: AttackReport = { counts: [...counts], wrong: [...wrong] };
  process.send?.(report);
});
process.on('disconnect', () => {
  process.exit();
});
