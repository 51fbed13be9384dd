import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { spawn } from 'node:child_process';
import { callJson, type JsonAnswer } from './call-json.js';
import type { Machine } from './machine.js';
import { PluginError, UnavailableError } from './plugin-error.js';
import type { OfferedIssuer } from './service-client.js';
import { isSecure } from './settings.js';
import { claimsOf } from './tokens.js';

const callMilliseconds = 15_000;
const personMilliseconds = 300_000;

/**
 * The members of the discovery document that count here (OpenID Connect Discovery 1.0 section 3, RFC 8628 section 4).
 */
interface Provider {
  readonly authorization: string | null;
  readonly token: string;
  readonly device: string | null;
}

/** The parameter of RFC 8707 section 2. */
type Audience = { readonly resource?: string };

/**
 * Signs a person in as a public client: by authorization code with PKCE on a loopback port (RFC 8252, RFC 7636), else
 * by device code (RFC 8628). Answers the tokens that may count at kubepass, the access token first. They are not
 * verified here, because they are only passed on to kubepass, which does. `resource`: the server that they are to be
 * for (RFC 8707); null: the provider decides.
 */
export async function signInByIssuer(
  offered: OfferedIssuer,
  machine: Machine,
  way: 'browser' | 'device' | null,
  resource: string | null,
): Promise<readonly string[]> {
  const provider = await discover(offered.issuer, machine);
  const noBrowser = whyNoBrowser(machine);
  const byDevice = way === 'device' || (way === null && noBrowser !== null && provider.device !== null);
  const audience = resource === null ? {} : { resource };
  return (byDevice ? signInByDevice : signInByBrowser)(offered, provider, audience, machine);
}

async function discover(issuer: string, machine: Machine): Promise<Provider> {
  if (!URL.canParse(issuer) || !isSecure(new URL(issuer)))
    throw new PluginError(`the identity provider ${JSON.stringify(issuer)} is not at an https URL`);
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { status, json } = await call(machine, 'GET', url);
  if (status !== 200 || json === null) throw new PluginError(`${url} answers ${status} and no discovery document`);
  if (json['issuer'] !== issuer)
    throw new PluginError(`${url} is of issuer ${JSON.stringify(json['issuer'])}, not of ${issuer}`);
  const token = endpointOf(json['token_endpoint'], issuer);
  if (token === null) throw new PluginError(`${url} names no token endpoint`);
  return {
    authorization: endpointOf(json['authorization_endpoint'], issuer),
    token,
    device: endpointOf(json['device_authorization_endpoint'], issuer),
  };
}

/** An issuer leads to no file or program, and a secure one to no place that is not. */
function endpointOf(value: unknown, issuer: string): string | null {
  if (typeof value !== 'string' || !URL.canParse(value)) return null;
  const url = new URL(value);
  if (!isSecure(url) || (issuer.startsWith('https:') && url.protocol !== 'https:'))
    throw new PluginError(`an endpoint of ${issuer} is not https`);
  return value;
}

async function signInByBrowser(
  { clientId, scopes, issuer }: OfferedIssuer,
  provider: Provider,
  audience: Audience,
  machine: Machine,
): Promise<readonly string[]> {
  if (provider.authorization === null) throw new PluginError(`${issuer} has no authorization endpoint`);
  const [state, nonce] = [0, 1].map(() => randomBytes(32).toString('base64url'));
  const proofKey = makeProofKey();
  const callback = await listenForCallback();
  try {
    const url = new URL(provider.authorization);
    for (const [name, value] of Object.entries({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: callback.redirectUri,
      scope: scopes.join(' '),
      state: state ?? '',
      nonce: nonce ?? '',
      ...proofKey.challenge,
      ...audience,
    }))
      url.searchParams.set(name, value);
    machine.say(`kubepass: sign in with your browser: ${url.href}`);
    openBrowser(url.href, machine);
    const answer = await callback.answer(state ?? '');
    // RFC 9207: another provider's answer is not for this one.
    const from = answer.get('iss');
    if (from !== null && from !== issuer)
      throw new PluginError('the answer in the browser is of another identity provider');
    const failure = answer.get('error');
    if (failure !== null)
      throw new PluginError(`the identity provider says ${describe(failure, answer.get('error_description'))}`);
    return tokensOf(
      await call(machine, 'POST', provider.token, {
        grant_type: 'authorization_code',
        code: answer.get('code') ?? '',
        redirect_uri: callback.redirectUri,
        client_id: clientId,
        code_verifier: proofKey.verifier,
        ...audience,
      }),
      nonce ?? null,
    );
  } finally {
    callback.close();
  }
}

/** RFC 7636 sections 4.1 and 4.2. */
function makeProofKey() {
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  return { verifier, challenge: { code_challenge: challenge, code_challenge_method: 'S256' } };
}

interface Callback {
  readonly redirectUri: string;
  /** The parameters of the call with this state, which is accepted once. */
  answer(state: string): Promise<URLSearchParams>;
  close(): void;
}

/** RFC 8252 section 7.3: any port of the loopback address. */
async function listenForCallback(): Promise<Callback> {
  let wanted: string | null = null;
  let resolve: (parameters: URLSearchParams) => void = () => undefined;
  const promise = new Promise<URLSearchParams>((found) => {
    resolve = found;
  });
  const server = createServer((request, response) => {
    const url = callbackOf(request.url);
    const mine = url !== null && wanted !== null && isSame(url.searchParams.get('state') ?? '', wanted);
    response.writeHead(mine ? 200 : 404, {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      connection: 'close',
    });
    response.end(
      mine
        ? 'kubepass has your answer. You may close this page and go back to the terminal.\n'
        : 'There is nothing here.\n',
    );
    if (mine) resolve(url.searchParams);
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', listening);
  });
  const { port } = server.address() as AddressInfo;
  return {
    redirectUri: `http://127.0.0.1:${port}/callback`,
    async answer(state) {
      wanted = state;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(reject, personMilliseconds, new PluginError('nobody has signed in within five minutes'));
      });
      try {
        return await Promise.race([promise, late]);
      } finally {
        clearTimeout(timer);
      }
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Every page and program of this machine may call: null for a path that is not ours, or none at all. */
function callbackOf(path = ''): URL | null {
  const [base, own] = ['http://127.0.0.1', '/callback'];
  const url = URL.canParse(path, base) ? new URL(path, base) : null;
  return url?.pathname === own ? url : null;
}

async function signInByDevice(
  { clientId, scopes, issuer }: OfferedIssuer,
  provider: Provider,
  audience: Audience,
  machine: Machine,
): Promise<readonly string[]> {
  if (provider.device === null) throw new PluginError(`${issuer} has no sign-in by device code`);
  // Where the client must use PKCE, Keycloak asks for it here too. Others ignore it (RFC 6749 section 3.1).
  const proofKey = makeProofKey();
  const asked = { client_id: clientId, scope: scopes.join(' '), ...proofKey.challenge, ...audience };
  const { status, json } = await call(machine, 'POST', provider.device, asked);
  const { device_code: code, user_code: shown, verification_uri: place, verification_uri_complete: whole } = json ?? {};
  if (status !== 200 || typeof code !== 'string' || typeof shown !== 'string' || typeof place !== 'string')
    throw new PluginError(`${issuer} gives no device code: ${describe(json?.['error'], json?.['error_description'])}`);
  const rest = typeof whole === 'string' ? ` or open ${whole}` : '';
  machine.say(`kubepass: open ${place} in a browser and enter ${shown}${rest}`);
  const ends = machine.elapsed() + Math.min(Number(json?.['expires_in'] ?? 300), 1800) * 1000;
  const interval = json?.['interval'];
  let seconds = typeof interval === 'number' && interval > 0 ? interval : 5;
  while (machine.elapsed() < ends) {
    await machine.sleep(seconds * 1000);
    const answer = await call(machine, 'POST', provider.token, {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: code,
      client_id: clientId,
      code_verifier: proofKey.verifier,
      ...audience,
    }).catch(nullIfUnavailable);
    const error = answer?.json?.['error'];
    // RFC 8628 section 3.5: where there is no answer, it is asked less often.
    if (answer === null) seconds *= 2;
    else if (error === 'slow_down') seconds += 5;
    else if (error !== 'authorization_pending') return tokensOf(answer, null);
  }
  throw new PluginError('nobody has entered the code in time');
}

function nullIfUnavailable(error: unknown): null {
  if (error instanceof UnavailableError) return null;
  throw error;
}

/** The tokens of a token response (RFC 6749 section 5.1). An opaque access token cannot count at kubepass. */
function tokensOf({ status, json }: JsonAnswer, nonce: string | null): readonly string[] {
  const { access_token: access, id_token: identity, error, error_description: more } = json ?? {};
  if (status !== 200) throw new PluginError(`the identity provider gives no token: ${describe(error, more)}`);
  if (typeof identity === 'string' && nonce !== null && claimsOf(identity)['nonce'] !== nonce)
    throw new PluginError('the id token is not for this sign-in');
  const tokens = [access, identity].filter(
    (one): one is string => typeof one === 'string' && one.split('.').length === 3,
  );
  if (tokens.length === 0) throw new PluginError('the identity provider gives no token that is signed');
  return tokens;
}

/** Texts of a provider, cut and without control characters. */
const describe = (error: unknown, more: unknown): string =>
  [error, more]
    .filter((one): one is string => typeof one === 'string')
    .join(': ')
    .replace(/[^ -~]/g, '?')
    .slice(0, 300) || 'nothing';

function isSame(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function call(
  { environment, now }: Machine,
  method: 'GET' | 'POST',
  url: string,
  form?: Readonly<Record<string, string>>,
): Promise<JsonAnswer> {
  return callJson({
    method,
    url,
    certificateAuthority: null,
    trustAdvice: 'name the CA of the identity provider in NODE_EXTRA_CA_CERTS=FILE',
    timeoutMilliseconds: callMilliseconds,
    environment,
    now,
    ...(form && {
      body: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    }),
  });
}

/** Why no browser can be opened here; null where one can. */
export function whyNoBrowser({ environment, platform }: Pick<Machine, 'environment' | 'platform'>): string | null {
  const has = (name: string) => (environment[name] ?? '') !== '';
  if (has('BROWSER')) return null;
  if (has('SSH_CONNECTION') || has('SSH_TTY')) return 'this is a session over SSH';
  if (platform === 'darwin' || platform === 'win32') return null;
  return has('DISPLAY') || has('WAYLAND_DISPLAY') ? null : 'there is no display';
}

/** Opens the URL, which is also printed: a browser that does not start is no failure. */
export function openBrowser(url: string, { environment, platform }: Pick<Machine, 'environment' | 'platform'>): void {
  // A program that opens URLs also opens files, and starts programs.
  if (!['https:', 'http:'].includes(new URL(url).protocol)) throw new PluginError('this URL is not for a browser');
  const [command, args] = openerOf(url, environment['BROWSER'] ?? '', platform);
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}

function openerOf(url: string, chosen: string, platform: string): readonly [string, readonly string[]] {
  if (chosen !== '') return [chosen, [url]];
  if (platform === 'darwin') return ['open', [url]];
  return platform === 'win32' ? ['rundll32', ['url.dll,FileProtocolHandler', url]] : ['xdg-open', [url]];
}
