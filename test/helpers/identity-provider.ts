import { randomBytes, randomUUID } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import Provider, { interactionPolicy, type ClientMetadata, type Configuration } from 'oidc-provider';
import { issue, makeAuthority } from './fake-api-server/serving-certificate.js';
import { memoryAdapter } from './identity-provider/adapter.js';
import { signIn, type Tokens } from './identity-provider/sign-in.js';

/** A person; the subject is the name of the account. Other members become claims as they are. */
export interface TestAccount {
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly groups?: readonly string[];
  readonly [claim: string]: unknown;
}

export interface IdentityProviderOptions {
  /** Whether it speaks TLS, with a certificate of `caPem`. Default: plain HTTP on loopback. */
  readonly tls?: boolean;
  /** By name. `anybody` signs in with the groups none. */
  readonly accounts?: Readonly<Record<string, TestAccount>>;
  readonly clients?: readonly ClientMetadata[];
  /** How long access and id tokens live; default 3,600. */
  readonly lifetimeSeconds?: number;
  readonly algorithm?: 'RS256' | 'ES256';
}

interface SigningKey {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK & { readonly kid: string };
}

/** A client with a secret and a public one. Their redirect URI needs no listener. */
export const confidentialClient = {
  client_id: 'portal',
  client_secret: 'a-secret-for-tests-that-is-long-enough',
  redirect_uris: ['https://portal.example/callback'],
  grant_types: ['authorization_code'],
  response_types: ['code'],
} as const satisfies ClientMetadata;
export const publicClient = {
  client_id: 'kubepass-cli',
  token_endpoint_auth_method: 'none',
  application_type: 'native',
  redirect_uris: ['http://127.0.0.1/callback'],
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  response_types: ['code'],
} as const satisfies ClientMetadata;

/** The resource (RFC 8707) whose access tokens are JWTs for the audience `name`. */
export const resourceOf = (name: string): string => `urn:resource:${name}`;

/**
 * A real OpenID provider on loopback. Its sign-in form asks for a login, and believes it. Its keys can be rotated, and
 * it can be stopped and started again on the same port.
 */
export class IdentityProvider {
  /** People by their names. Tests may change it. */
  readonly accounts: Record<string, TestAccount>;
  /** The paths that it was asked for, in the order they came. */
  readonly asked: string[] = [];
  /** Answers in the provider’s place, where it returns true. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | null = null;
  /** Hears the parameters of each call to an endpoint of OAuth. */
  heard: ((parameters: URLSearchParams) => void) | null = null;
  /** The audience of every access token, as of a provider that knows no `resource`; null: that of the resource. */
  audienceInstead: string | null = null;
  readonly #adapter = memoryAdapter();
  readonly #cookieKey = randomBytes(16).toString('hex');
  readonly #sockets = new Set<Socket>();
  #keys: SigningKey[] = [];
  #provider!: Provider;
  #server!: Server;
  #port = 0;

  private constructor(
    private readonly options: IdentityProviderOptions,
    private readonly tls: { readonly caPem: string; readonly cert: string; readonly key: string } | null,
  ) {
    this.accounts = { ...options.accounts };
  }

  static async start(options: IdentityProviderOptions = {}): Promise<IdentityProvider> {
    const provider = new IdentityProvider(options, options.tls === true ? await tlsPair() : null);
    provider.#keys = [await newKey(provider.#algorithm)];
    await provider.restart();
    return provider;
  }

  get issuer(): string {
    return `${this.tls ? 'https' : 'http'}://127.0.0.1:${this.#port}`;
  }

  /** PEM of the CA that its certificate chains to; null where it speaks plain HTTP. */
  get caPem(): string | null {
    return this.tls?.caPem ?? null;
  }

  /** How often its keys were asked for. */
  get keyFetches(): number {
    return this.asked.filter((path) => path === '/jwks').length;
  }

  /** The `kid` of the key that signs. */
  get kid(): string {
    return this.#signingKey.jwk.kid;
  }

  /** Its public keys. */
  get publicKeys(): readonly JWK[] {
    return this.#keys.map(
      ({ jwk: { kid, kty, n, e, crv, x, y, alg } }) =>
        JSON.parse(JSON.stringify({ kid, kty, n, e, crv, x, y, alg, use: 'sig' })) as JWK,
    );
  }

  /** Signs from now on with a new key. `keepOld`: the old one stays published. */
  async rotateKeys({ keepOld = false }: { readonly keepOld?: boolean } = {}): Promise<void> {
    this.#keys = [await newKey(this.#algorithm), ...(keepOld ? this.#keys : [])];
    this.#provider = this.#make();
  }

  /** Signs the person in over HTTP, and returns real tokens. `audience`: that of the access token. */
  signIn(
    account: string,
    {
      audience = 'kubepass',
      client = confidentialClient,
      scope = 'openid email groups',
    }: { readonly audience?: string | null; readonly client?: ClientMetadata; readonly scope?: string } = {},
  ): Promise<Tokens> {
    return signIn({
      ...{ issuer: this.issuer, ca: this.caPem, account, scope },
      clientId: client.client_id,
      clientSecret: client.client_secret ?? null,
      redirectUri: client.redirect_uris?.[0] ?? '',
      resource: audience === null ? null : resourceOf(audience),
    });
  }

  /**
   * A token of its own making, signed with its key: the claims of an access token for `kubepass`, changed by `claims`;
   * undefined removes one.
   */
  mint(
    claims: Readonly<Record<string, unknown>> = {},
    header: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    const { privateKey, jwk } = this.#signingKey;
    const now = Math.floor(Date.now() / 1000);
    const usual = { iss: this.issuer, aud: 'kubepass', sub: 'jane', client_id: 'portal', jti: randomUUID() };
    const times = { iat: now, exp: now + this.#lifetime };
    return new SignJWT(JSON.parse(JSON.stringify({ ...usual, ...times, ...claims })) as Record<string, unknown>)
      .setProtectedHeader({ alg: this.#algorithm, typ: 'at+jwt', kid: jwk.kid, ...header })
      .sign(privateKey);
  }

  /** Ends every connection and stops listening. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Listens again, on the port it had. */
  async restart(): Promise<void> {
    const serve = (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response);
    this.#server = this.tls ? createHttpsServer(this.tls, serve) : createHttpServer(serve);
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
    this.#provider = this.#make();
  }

  get #signingKey(): SigningKey {
    const [first] = this.#keys;
    if (first === undefined) throw new Error('the provider has no key');
    return first;
  }

  get #algorithm(): 'RS256' | 'ES256' {
    return this.options.algorithm ?? 'RS256';
  }

  get #lifetime(): number {
    return this.options.lifetimeSeconds ?? 3600;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.issuer).pathname;
    this.asked.push(path);
    if (this.intercept?.(request, response) === true) return;
    const provider = this.#provider;
    try {
      if (path.startsWith('/interaction/')) await this.#interact(provider, request, response);
      else await provider.callback()(request, response);
    } catch (error) {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
    }
  }

  /** The form of the sign-in, and what it sends. Consent is taken for given. */
  async #interact(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { prompt } = await provider.interactionDetails(request, response);
    if (prompt.name !== 'login') throw new Error(`nobody answers the prompt ${prompt.name}`);
    if (request.method === 'POST') {
      const form = new URLSearchParams(await text(request));
      await provider.interactionFinished(request, response, { login: { accountId: form.get('login') ?? '' } });
      return;
    }
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    response.end(signInPage);
  }

  #make(): Provider {
    const configuration: Configuration = {
      adapter: this.#adapter,
      clients: [confidentialClient, publicClient, ...(this.options.clients ?? [])],
      jwks: { keys: this.#keys.map(({ jwk }) => jwk) },
      cookies: { keys: [this.#cookieKey] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
      conformIdTokenClaims: false,
      clientDefaults: { id_token_signed_response_alg: this.#algorithm },
      clientBasedCORS: () => false,
      pkce: { required: () => true },
      interactions: { url: (_, { uid }) => `/interaction/${uid}`, policy: signInAlone() },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ ...this.accounts[id], sub: id }) }),
      extraTokenClaims: (_, token) => ('accountId' in token ? { ...this.accounts[token.accountId] } : {}),
      ttl: {
        ...{ AccessToken: this.#lifetime, IdToken: this.#lifetime, RefreshToken: 86_400 },
        ...{ Interaction: 3600, Session: 86_400, Grant: 86_400 },
      },
      async loadExistingGrant({ oidc: { client, session, params, provider } }) {
        const grant = new provider.Grant({ clientId: client?.clientId ?? '', accountId: session?.accountId ?? '' });
        const scope = typeof params?.['scope'] === 'string' ? params['scope'] : '';
        grant.addOIDCScope(scope);
        for (const resource of [params?.['resource'], defaultResource].flat())
          if (typeof resource === 'string') grant.addResourceScope(resource, scope);
        await grant.save();
        return grant;
      },
      features: {
        devInteractions: { enabled: false },
        rpInitiatedLogout: { enabled: false },
        deviceFlow: { enabled: true },
        resourceIndicators: {
          enabled: true,
          useGrantedResource: () => true,
          defaultResource: (_context, _client, oneOf) =>
            this.audienceInstead === null ? (oneOf ?? []) : defaultResource,
          getResourceServerInfo: (_, indicator) => ({
            scope: 'openid email groups',
            audience: this.audienceInstead ?? indicator.replace(resourceOf(''), ''),
            accessTokenFormat: 'jwt',
            accessTokenTTL: this.#lifetime,
            jwt: { sign: { alg: this.#algorithm } },
          }),
        },
      },
    };
    const provider = new Provider(this.issuer, configuration);
    provider.use(async (context, next) => {
      await next();
      const { params = {} } = (context['oidc'] ?? {}) as { readonly params?: Readonly<Record<string, unknown>> };
      const given = new URLSearchParams();
      for (const [name, value] of Object.entries(params)) if (typeof value === 'string') given.append(name, value);
      this.heard?.(given);
    });
    return provider;
  }
}

/** The resource of a client that names none. */
const defaultResource = 'urn:resource:default';

const signInPage =
  '<!doctype html><html lang="en"><title>Sign in</title><form method="post">' +
  '<label>Login <input name="login" required></label><label>Password <input name="password" type="password"></label>' +
  '<button>Sign in</button></form></html>';

/** Nobody is asked for consent, not even by a native client. */
function signInAlone() {
  const policy = interactionPolicy.base();
  policy.remove('consent');
  return policy;
}

async function newKey(algorithm: 'RS256' | 'ES256'): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: randomUUID(), use: 'sig', alg: algorithm };
  return { privateKey, jwk };
}

async function tlsPair() {
  const authority = await makeAuthority('identity-provider-ca');
  const { certificatePem, privateKeyPem } = await issue(authority, { username: 'identity-provider' }, 'serverAuth');
  return { caPem: authority.pem, cert: certificatePem, key: privateKeyPem };
}
