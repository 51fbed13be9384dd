import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A client of HTTP that keeps cookies, as a browser does, and follows no redirect by itself. */
export class CookieClient {
  readonly #cookies = new Map<string, string>();

  /** `ca`: PEM; null: for http. */
  constructor(private readonly ca: string | null) {}

  /** The cookies, as it sends them. */
  get header(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async send(
    url: string | URL,
    form?: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const address = new URL(url);
    const cookie = this.header;
    const options = {
      method: form === undefined ? 'GET' : 'POST',
      agent: false,
      headers: {
        ...(cookie !== '' && { cookie }),
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...headers,
      },
    };
    const call =
      address.protocol === 'https:'
        ? httpsRequest(address, { ...options, ...(this.ca !== null && { ca: this.ca }) })
        : httpRequest(address, options);
    return new Promise((resolve, reject) => {
      call.once('error', reject);
      call.once('response', (response) => {
        for (const line of response.headers['set-cookie'] ?? []) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
          if (value === '') this.#cookies.delete(name);
          else this.#cookies.set(name, value);
        }
        text(response).then(
          (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
          reject,
        );
      });
      call.end(form === undefined ? undefined : new URLSearchParams(form).toString());
    });
  }
}

export interface SignIn {
  readonly issuer: string;
  readonly ca: string | null;
  readonly account: string;
  readonly clientId: string;
  readonly clientSecret: string | null;
  readonly redirectUri: string;
  readonly scope: string;
  /** The resource that the access token is for (RFC 8707); null: none. */
  readonly resource: string | null;
}

export interface Tokens {
  readonly accessToken: string;
  readonly idToken: string;
}

/** Signs a person in as a browser and a client do: authorization code with PKCE (RFC 7636), then the token endpoint. */
export async function signIn(ask: SignIn): Promise<Tokens> {
  const browser = new CookieClient(ask.ca);
  const verifier = randomBytes(32).toString('base64url');
  const begin = new URL(`${ask.issuer}/auth`);
  begin.search = new URLSearchParams({
    client_id: ask.clientId,
    redirect_uri: ask.redirectUri,
    response_type: 'code',
    scope: ask.scope,
    state: randomBytes(8).toString('hex'),
    nonce: randomBytes(8).toString('hex'),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...(ask.resource !== null && { resource: ask.resource }),
  }).toString();

  const form = locationOf(await browser.send(begin), begin);
  const resume = locationOf(await browser.send(form, { login: ask.account, password: 'any' }), form);
  const back = locationOf(await browser.send(resume), resume);
  const code = back.searchParams.get('code');
  if (code === null) throw new Error(`the sign-in ended without a code: ${back.href}`);

  const basic = Buffer.from(`${ask.clientId}:${ask.clientSecret ?? ''}`).toString('base64');
  const answer = await new CookieClient(ask.ca).send(
    `${ask.issuer}/token`,
    {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: ask.redirectUri,
      ...(ask.clientSecret === null && { client_id: ask.clientId }),
    },
    ask.clientSecret === null ? {} : { authorization: `Basic ${basic}` },
  );
  if (answer.status !== 200) throw new Error(`no tokens: ${answer.status} ${answer.body}`);
  const tokens = JSON.parse(answer.body) as { access_token: string; id_token: string };
  return { accessToken: tokens.access_token, idToken: tokens.id_token };
}

function locationOf({ status, headers, body }: Answer, base: URL): URL {
  if (headers.location === undefined) throw new Error(`no redirect from ${base.pathname}: ${status} ${body}`);
  return new URL(headers.location, base);
}
