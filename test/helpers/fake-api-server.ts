import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Access } from '../../src/kubernetes/cluster-error.js';
import { attributeType, readCertificate } from '@kubepass/x509';
import { CsrApi } from './fake-api-server/csr-api.js';
import { CsrStorage } from './fake-api-server/csr-storage.js';
import { InTreeSigner } from './fake-api-server/in-tree-signer.js';
import type { Reads } from './fake-api-server/object-reads.js';
import { Rbac, type User } from './fake-api-server/rbac.js';
import { RbacApi } from './fake-api-server/rbac-api.js';
import { issue, makeAuthority, type TestAuthority } from './fake-api-server/serving-certificate.js';
import { StatusError, unauthorized } from './fake-api-server/status.js';

/** A fault instead of an answer. */
export interface Fault {
  /** Only for requests like this: `POST /apis/certificates.k8s.io/v1/certificatesigningrequests`; default: any. */
  readonly to?: RegExp;
  readonly times: number;
  /** `reset`: the connection is cut before an answer. `lost`: it is cut after the request was carried out. */
  readonly answer:
    | 'reset'
    | 'lost'
    | 'silence'
    | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string };
}

export interface FakeApiServerOptions {
  /** One CA for servers and clients, as with kubeadm; by default each has its own, as with k3s. */
  readonly oneAuthority?: boolean;
  readonly bookmarkMilliseconds?: number;
}

const anonymous: User = { username: 'system:anonymous', groups: ['system:unauthenticated'] };

/**
 * An API server with everything that kubepass uses, over TLS on loopback, including the signer of
 * kube-controller-manager. It refuses requests that the real one refuses, in the same words; the contract tests run
 * against both.
 */
export class FakeApiServer {
  readonly storage = new CsrStorage();
  /** The rights of each user. */
  readonly rbac = new Rbac();
  /** The roles and bindings that it shows. */
  readonly roleBindings = new RbacApi(this.rbac);
  readonly signer: InTreeSigner;
  /** `METHOD /path` of each request in order; `WATCH /path` for a watch. */
  readonly requests: string[] = [];
  /** The header `traceparent` of each of them; undefined where it came without. */
  readonly traceparents: (string | undefined)[] = [];
  /** How many TLS connections were accepted. */
  connections = 0;
  readonly #csrs: CsrApi;
  readonly #tokens = new Map<string, User>();
  readonly #watches = new Set<{ cut(): void; end(): void; bookmark(): void }>();
  readonly #sockets = new Set<Socket>();
  #faults: Fault[] = [];
  #frozen = false;
  #clientCaReadable = true;
  #clientAuthorities: string;
  #server: Server;
  #port = 0;

  private constructor(
    readonly servingAuthority: TestAuthority,
    readonly clientAuthority: TestAuthority,
    private readonly serving: { readonly certificatePem: string; readonly privateKeyPem: string },
    private readonly options: FakeApiServerOptions,
  ) {
    this.signer = new InTreeSigner(this.storage, clientAuthority.authority);
    this.#csrs = new CsrApi(this.storage, this.rbac);
    this.#clientAuthorities = clientAuthority.pem;
    this.#server = this.#createServer();
  }

  static async start(options: FakeApiServerOptions = {}): Promise<FakeApiServer> {
    const serving = await makeAuthority('fake-serving-ca');
    const client = options.oneAuthority === true ? serving : await makeAuthority('fake-client-ca');
    const certificate = await issue(serving, { username: 'kube-apiserver' }, 'serverAuth');
    const server = new FakeApiServer(serving, client, certificate, options);
    await server.restart();
    return server;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  /** A kubeconfig for this user, with a client certificate or with a bearer token. */
  async kubeconfig(
    user: { username: string; groups?: readonly string[] },
    by: 'certificate' | 'token' = 'certificate',
  ) {
    if (by === 'token') return this.#kubeconfig({ token: this.token(user) });
    const { certificatePem, privateKeyPem } = await issue(this.clientAuthority, user, 'clientAuth');
    return this.#kubeconfig({
      'client-certificate-data': Buffer.from(certificatePem).toString('base64'),
      'client-key-data': Buffer.from(privateKeyPem).toString('base64'),
    });
  }

  /** A new bearer token for this user. */
  token(user: { username: string; groups?: readonly string[] }): string {
    const token = randomBytes(24).toString('base64url');
    this.#tokens.set(token, { username: user.username, groups: user.groups ?? [] });
    return token;
  }

  revokeToken(token: string): void {
    this.#tokens.delete(token);
  }

  fail(fault: Fault): void {
    this.#faults.push(fault);
  }

  /** Whether the ConfigMap extension-apiserver-authentication exists. */
  publishClientCa(published: boolean): void {
    this.#clientCaReadable = published;
  }

  /** From now on, these CAs (PEM) are those of clients: `--client-ca-file`, replaced by rename. */
  trustClients(pem: string): void {
    this.#clientAuthorities = pem;
    this.#server.setSecureContext(this.#secureContext());
  }

  /** Sends a bookmark on every watch now. */
  bookmark(): void {
    for (const watch of this.#watches) watch.bookmark();
  }

  /** Breaks the connection of every watch. */
  cutWatches(): void {
    for (const watch of this.#watches) watch.cut();
  }

  /** Ends every watch, as the API server does in time: all that it has sent arrives before. */
  endWatches(): void {
    for (const watch of this.#watches) watch.end();
  }

  /** From now on, watches that are under way receive nothing more, and nothing tells them. */
  freezeWatches(): void {
    this.#frozen = true;
  }

  /** Watches that begin from now on receive everything. */
  thawWatches(): void {
    this.#frozen = false;
  }

  get watching(): number {
    return this.#watches.size;
  }

  /** Ends every connection and stops listening. The stored objects stay. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    // This includes connections in the middle of a handshake, which the server does not count yet.
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Listens again, on the port it had. */
  async restart(): Promise<void> {
    this.#server = this.#createServer();
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.signer.stop();
    await this.stop();
  }

  #kubeconfig(user: object): string {
    // JSON is YAML.
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'fake',
          cluster: {
            server: this.url,
            'certificate-authority-data': Buffer.from(this.servingAuthority.pem).toString('base64'),
          },
        },
      ],
      users: [{ name: 'user', user }],
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'user' } }],
      'current-context': 'fake',
    });
  }

  #secureContext() {
    const { certificatePem: cert, privateKeyPem: key } = this.serving;
    return { cert, key, ca: this.#clientAuthorities };
  }

  #createServer(): Server {
    const server = createServer(
      {
        ...this.#secureContext(),
        requestCert: true,
        // Like the API server: a bad certificate gets 401, not a broken handshake.
        rejectUnauthorized: false,
      },
      (request, response) => void this.#serve(request, response),
    );
    server.on('secureConnection', () => this.connections++);
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.keepAliveTimeout = 90_000;
    return server;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const isWatch = url.searchParams.get('watch') === 'true';
    const line = `${isWatch ? 'WATCH' : (request.method ?? '')} ${url.pathname}`;
    this.requests.push(line);
    this.traceparents.push(request.headers['traceparent']?.toString());
    const fault = this.#takeFault(line);
    const body = await readBody(request);
    if (fault === 'reset') return void request.socket.destroy();
    if (fault === 'silence') return;
    if (fault !== null && fault !== 'lost') {
      response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
      return void response.end(fault.body ?? '');
    }
    try {
      const user = this.#authenticate(request);
      if (isWatch) {
        this.#watch(user, this.#readsAt(url.pathname), url.searchParams, request, response);
        return;
      }
      const [status, answer] = await this.#answer(user, request.method ?? '', url, body);
      if (fault === 'lost') return void request.socket.destroy();
      send(response, status, answer);
    } catch (error) {
      if (error instanceof StatusError) send(response, error.code, error.body, error.headers);
      else send(response, 500, { kind: 'Status', status: 'Failure', message: String(error), code: 500 });
    }
  }

  #takeFault(line: string): Fault['answer'] | null {
    const fault = this.#faults.find(({ to }) => to?.test(line) ?? true);
    if (fault === undefined) return null;
    this.#faults = this.#faults.flatMap((other) => {
      if (other !== fault) return [other];
      return fault.times > 1 ? [{ ...fault, times: fault.times - 1 }] : [];
    });
    return fault.answer;
  }

  #authenticate(request: IncomingMessage): User {
    const { socket } = request;
    if (!(socket instanceof TLSSocket)) throw unauthorized();
    const { raw } = socket.getPeerCertificate() as { raw?: Buffer };
    if (raw !== undefined) {
      if (!socket.authorized) throw unauthorized();
      const { subject, fingerprintSha256 } = readCertificate(raw);
      const attributes = subject.rdns.flat();
      const texts = (type: string) =>
        attributes.flatMap((attribute) => (attribute.type === type ? [attribute.text ?? ''] : []));
      return {
        username: texts(attributeType.commonName).at(-1) ?? '',
        groups: [...texts(attributeType.organizationName), 'system:authenticated'],
        extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${fingerprintSha256}`] },
      };
    }
    const [, token] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (token === undefined) return anonymous;
    const user = this.#tokens.get(token);
    if (user === undefined) throw unauthorized();
    return { ...user, groups: [...user.groups, 'system:authenticated'] };
  }

  async #answer(user: User, method: string, url: URL, body: string): Promise<[number, object]> {
    const [, name, subresource] = csrRoute.exec(url.pathname) ?? [];
    const sent = (body === '' ? {} : JSON.parse(body)) as Record<string, never>;
    switch (true) {
      case url.pathname === '/version':
        return [200, { major: '1', minor: '36', gitVersion: 'v1.36.0-fake' }];
      case url.pathname === csrCollection && method === 'POST':
        return [201, await this.#csrs.create(user, sent)];
      case this.#collections.has(url.pathname) && method === 'GET':
        return [200, this.#readsAt(url.pathname).list(user, url.searchParams)];
      case name !== undefined && subresource === '/approval' && method === 'PUT':
        return [200, this.#csrs.approve(user, name, sent)];
      case name !== undefined && subresource === undefined && method === 'GET':
        return [200, this.#csrs.get(user, name)];
      case name !== undefined && subresource === undefined && method === 'DELETE':
        return [200, this.#csrs.delete(user, name, sent)];
      case url.pathname === '/apis/authentication.k8s.io/v1/selfsubjectreviews' && method === 'POST':
        this.rbac.demand(user, { verb: 'create', group: 'authentication.k8s.io', resource: 'selfsubjectreviews' });
        return [201, { ...sent, status: { userInfo: user } }];
      case url.pathname === '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews' && method === 'POST':
        return [201, this.#reviewAccess(user, sent)];
      case url.pathname === `/api/v1/namespaces/kube-system/configmaps/${clientCaConfigMap}` && method === 'GET':
        return [200, this.#readClientCa(user)];
      default:
        throw noSuchPath();
    }
  }

  /** The collections that can be listed and watched. */
  get #collections(): ReadonlyMap<string, Reads> {
    return new Map<string, Reads>([[csrCollection, this.#csrs.reads], ...this.roleBindings.reads]);
  }

  #readsAt(path: string): Reads {
    const reads = this.#collections.get(path);
    if (reads === undefined) throw noSuchPath();
    return reads;
  }

  #reviewAccess(user: User, sent: { spec?: { resourceAttributes?: Access } }): object {
    this.rbac.demand(user, { verb: 'create', group: 'authorization.k8s.io', resource: 'selfsubjectaccessreviews' });
    const attributes = sent.spec?.resourceAttributes;
    return { ...sent, status: { allowed: attributes !== undefined && this.rbac.allows(user, attributes) } };
  }

  #readClientCa(user: User): object {
    const configMap = { group: '', resource: 'configmaps', name: clientCaConfigMap, namespace: 'kube-system' };
    this.rbac.demand(user, { verb: 'get', ...configMap });
    if (!this.#clientCaReadable)
      throw new StatusError(404, 'NotFound', `configmaps "${clientCaConfigMap}" not found`, {
        name: clientCaConfigMap,
        kind: 'configmaps',
      });
    return {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: clientCaConfigMap, namespace: 'kube-system', uid: randomUUID() },
      data: { 'client-ca-file': this.clientAuthority.pem },
    };
  }

  #watch(user: User, reads: Reads, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): void {
    let frozen = false;
    const write = (event: object) => {
      frozen ||= this.#frozen;
      if (!frozen && !response.writableEnded) response.write(`${JSON.stringify(event)}\n`);
    };
    const early: object[] = [];
    let begun = false;
    const unfollow = reads.watch(user, query, (event) => (begun ? write(event) : early.push(event)));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    begun = true;
    early.forEach(write);
    const bookmark = () => write(reads.bookmark());
    const watch = { cut: () => request.socket.destroy(), end: () => response.end(), bookmark };
    this.#watches.add(watch);
    const bookmarks = setInterval(bookmark, this.options.bookmarkMilliseconds ?? 60_000);
    const seconds = Number(query.get('timeoutSeconds') ?? 1800);
    const end = setTimeout(() => response.end(), seconds * 1000);
    // The API server ends the watch after an error event.
    if (early.some((event) => 'type' in event && event.type === 'ERROR')) response.end();
    response.on('close', () => {
      clearInterval(bookmarks);
      clearTimeout(end);
      unfollow();
      this.#watches.delete(watch);
    });
  }
}

const csrCollection = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const csrRoute = /^\/apis\/certificates\.k8s\.io\/v1\/certificatesigningrequests\/([^/]+)(\/[a-z]+)?$/;
const clientCaConfigMap = 'extension-apiserver-authentication';

const noSuchPath = () => new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});

function send(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
