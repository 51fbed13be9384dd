import {
  AuthorizationResponseError,
  type ClientAuth,
  ClientError,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  type CustomFetch,
  None,
  ResponseBodyError,
  type ServerMetadata,
  WWWAuthenticateChallengeError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  clockTolerance,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import { type LoginAttempt, type LoginBegun, type LoginUnavailable, loginSeconds } from '../../model/session.js';
import { memberOf, readJsonWebToken, told } from './json-web-token.js';
import type { LoginProvider, VouchedPerson } from '../sessions.js';
import { type OidcIssuer, dateOf, isNumericDate } from './token-rules.js';
import { personOfClaims } from './person-of-claims.js';
import type { ProviderFetch } from './provider-fetch.js';

/** How people sign in at an identity provider with their browsers. */
interface OidcLoginOptions {
  /** The names of people are those that they have with bearer tokens of this issuer. */
  readonly issuer: OidcIssuer;
  readonly clientId: string;
  /** The secret of now; null: a public client. */
  readonly clientSecret: () => string | null;
  readonly scopes: readonly string[];
  /** The provider sends browsers back there, and knows this address. */
  readonly redirectUri: string;
  readonly fetch: ProviderFetch;
  readonly log: { info(fields: object, message: string): void };
  readonly clock: () => Date;
  readonly random: (octets: number) => Buffer;
  /** Milliseconds that never go back. */
  readonly now?: () => number;
}

/** How long the provider's metadata are used. */
const metadataMilliseconds = 600_000;
/** How long nobody asks for them again after that has failed. */
const failedMilliseconds = 5_000;
const retryAfterSeconds = 10;
/** Another replica may have begun the sign-in, by its own clock. */
const clocksDifferSeconds = 60;

/**
 * The authorization code flow (OpenID Connect Core 1.0 section 3.1) with PKCE (RFC 7636), state and nonce. Tokens are
 * read for the person and dropped: they are neither kept nor handed on.
 */
export class OidcLogin implements LoginProvider {
  readonly name: string;
  #known: { readonly client: Configuration; readonly secret: string | null; readonly readAt: number } | null = null;
  #failed: { readonly why: LoginUnavailable; readonly at: number } | null = null;
  #reading: Promise<Configuration | LoginUnavailable> | null = null;

  readonly #now: () => number;
  readonly #fetch: CustomFetch;

  constructor(private readonly options: OidcLoginOptions) {
    this.name = options.issuer.name;
    this.#now = options.now ?? (() => performance.now());
    this.#fetch = fetchOf(options.fetch);
  }

  async begin(returnTo: string): Promise<LoginBegun> {
    const client = await this.#client();
    if ('outcome' in client) return client;
    const attempt: LoginAttempt = {
      ...{ issuer: this.name, returnTo },
      ...{ state: randomState(), codeVerifier: randomPKCECodeVerifier() },
      nonce: datedNonce(this.options.clock(), this.options.random),
    };
    const url = buildAuthorizationUrl(client, {
      redirect_uri: this.options.redirectUri,
      scope: this.options.scopes.join(' '),
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await calculatePKCECodeChallenge(attempt.codeVerifier),
      code_challenge_method: 'S256',
    });
    return { outcome: 'begun', url: url.href, attempt };
  }

  async finish({ state, nonce, codeVerifier }: LoginAttempt, query: string): Promise<VouchedPerson> {
    const address = new URL(this.options.redirectUri);
    address.search = query;
    // Before anybody is asked: a callback of another attempt is nobody's.
    const states = address.searchParams.getAll('state');
    if (states.length !== 1 || states[0] !== state)
      return { outcome: 'refused', reason: 'StateUnknown', message: 'the state is not that of the attempt' };
    const age = this.options.clock().getTime() / 1000 - secondsOfNonce(nonce);
    if (age > loginSeconds || age < -clocksDifferSeconds)
      return refused('AttemptTooOld', `the sign-in was begun ${Math.floor(age)} s ago`);
    const client = await this.#client();
    if ('outcome' in client) return client;
    try {
      const tokens = await authorizationCodeGrant(client, address, {
        ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: codeVerifier },
        idTokenExpected: true,
      });
      return this.#personOf(tokens.id_token ?? '');
    } catch (error) {
      return failureOf(error);
    }
  }

  /** The person of an id token that has been verified. Others could read it differently unless it is read strictly. */
  #personOf(idToken: string): VouchedPerson {
    const { issuer, log, clientId } = this.options;
    const read = readJsonWebToken(idToken);
    // OpenID Connect Core 1.0 section 3.1.3.7. The library looks at it where there are several audiences.
    if ('outcome' in read) return read;
    const party = memberOf(read.claims, 'azp');
    if (party !== undefined && party !== clientId)
      return refused('AuthorizedPartyNotAccepted', `azp ${told(party)} is not client ${told(clientId)}`);
    const issuedAt = memberOf(read.claims, 'iat');
    if (!isNumericDate(issuedAt)) return refused('TimesUnreadable', 'iat of the id token is no number of seconds');
    const found = personOfClaims(read.claims, issuer);
    if ('outcome' in found) return found;
    const { name, groups, unmatchedGroups } = found;
    if (unmatchedGroups > 0)
      log.info({ issuer: issuer.name, name, unmatchedGroups }, 'groups of an id token cannot be named here');
    return { outcome: 'vouched', name, groups, vouchedAt: dateOf(issuedAt) };
  }

  /**
   * The client with the provider's metadata, which are read when somebody signs in: the provider may be down before.
   */
  async #client(): Promise<Configuration | LoginUnavailable> {
    const now = this.#now();
    const known = this.#known;
    const isFresh = known !== null && now - known.readAt < metadataMilliseconds;
    if (isFresh && known.secret === this.options.clientSecret()) return known.client;
    if (this.#failed && now - this.#failed.at < failedMilliseconds) return this.#failed.why;
    return (this.#reading ??= this.#discover().finally(() => {
      this.#reading = null;
    }));
  }

  async #discover(): Promise<Configuration | LoginUnavailable> {
    try {
      const secret = this.options.clientSecret();
      const client = await this.#readMetadata(secret);
      this.#known = { client, secret, readAt: this.#now() };
      this.#failed = null;
      return client;
    } catch (error) {
      const message = `the metadata of ${this.options.issuer.issuer} cannot be read: ${messageOf(error)}`;
      const why: LoginUnavailable = { outcome: 'unavailable', message, retryAfterSeconds };
      this.#failed = { why, at: this.#now() };
      return why;
    }
  }

  async #readMetadata(secret: string | null): Promise<Configuration> {
    const { clientId } = this.options;
    const { issuer, algorithms, clockSkewSeconds } = this.options.issuer;
    const isPlain = issuer.startsWith('http:');
    const options = { [customFetch]: this.#fetch, ...(isPlain && { execute: [allowPlainHttp] }) };
    const read = await discovery(new URL(issuer), clientId, {}, None(), options);
    const found = metadataOf(read);
    // The library takes other spellings for the same, and templates of one provider.
    if (found.issuer !== issuer) throw new Error(`they are those of ${JSON.stringify(found.issuer)}`);
    const { authorization_endpoint: address = '' } = found;
    if (!(URL.canParse(address) && new URL(address).protocol === (isPlain ? 'http:' : 'https:')))
      throw new Error('the authorization endpoint is missing, or is no https address');
    const client = new Configuration(
      { ...found, id_token_signing_alg_values_supported: [...algorithms] },
      clientId,
      { [clockTolerance]: clockSkewSeconds },
      authenticationOf(secret, found),
    );
    client[customFetch] = this.#fetch;
    if (isPlain) allowPlainHttp(client);
    // The code flow may leave the signature unchecked, since the token comes over TLS. Here it counts all the same.
    enableNonRepudiationChecks(client);
    return client;
  }
}

/** The library sends forms and nothing else. */
const fetchOf =
  (fetch: ProviderFetch): CustomFetch =>
  (url, { method, headers, body = null, signal }) => {
    if (body !== null && typeof body !== 'string' && !(body instanceof URLSearchParams))
      throw new TypeError('the body of a call to an identity provider is a form');
    return fetch(url, { method, headers, body, ...(signal && { signal }) });
  };

/** Without the methods that the library adds. */
function metadataOf(client: Configuration): ServerMetadata {
  return JSON.parse(JSON.stringify(client.serverMetadata())) as ServerMetadata;
}

/** For a provider on loopback: the configuration takes plain HTTP from no other one. */
// eslint-disable-next-line @typescript-eslint/no-deprecated -- it is marked so to warn, and the settings bound it
const allowPlainHttp: (client: Configuration) => void = allowInsecureRequests;

/** OpenID Connect Discovery 1.0 section 3: `client_secret_basic` where the provider does not say. */
function authenticationOf(secret: string | null, { token_endpoint_auth_methods_supported: methods }: ServerMetadata) {
  if (secret === null) return None();
  const make: (secret: string) => ClientAuth =
    methods === undefined || methods.includes('client_secret_basic') ? ClientSecretBasic : ClientSecretPost;
  return make(secret);
}

/** Errors of the token endpoint (RFC 6749 section 5.2) that only the code of this person can have caused. */
const ofTheCode = ['invalid_grant', 'access_denied'];

function failureOf(error: unknown): VouchedPerson {
  if (error instanceof AuthorizationResponseError)
    return refused('ProviderRefused', `the identity provider sends the browser back with ${named(error.error)}`);
  if (error instanceof ResponseBodyError && ofTheCode.includes(error.error))
    return refused('CodeNotAccepted', `the identity provider answers the code with ${named(error.error)}`);
  if (error instanceof ResponseBodyError || error instanceof WWWAuthenticateChallengeError) {
    const what = error instanceof ResponseBodyError ? named(error.error) : 'a challenge';
    return unavailable(`the identity provider does not accept this client: ${what} (${String(error.status)})`);
  }
  if (error instanceof ClientError && error.code !== undefined && !ofTheWay.includes(error.code))
    return refused('ProviderAnswerInvalid', messageOf(error));
  return unavailable(messageOf(error));
}

/** Codes of errors that say nothing about the person: the provider is not reached, or is out of order. */
const ofTheWay = ['OAUTH_TIMEOUT', 'OAUTH_ABORT', 'OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON'];

const refused = (reason: string, message: string): VouchedPerson => ({ outcome: 'refused', reason, message });

const unavailable = (message: string): LoginUnavailable => ({ outcome: 'unavailable', message, retryAfterSeconds });

/** Codes of errors are words. Anything else came with the query and is not repeated. */
const named = (error: string): string => (/^[a-z0-9_]{1,64}$/.test(error) ? error : 'an error that has no name');

/**
 * Says why, and repeats nothing that was received: errors of a parser quote it. Only the library's own checks, and the
 * port that calls the provider, are known to tell no secret.
 */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'something else than an error';
  const { cause } = error;
  const isPlain = cause instanceof Error && ['OperationProcessingError', 'Error'].includes(cause.name);
  return isPlain ? `${error.message}: ${cause.message}` : error.message;
}

/**
 * A nonce (OpenID Connect Core 1.0 section 15.5.2) that says when it was made: four octets of seconds since 1970, and
 * 28 random ones. The identity provider puts it into the id token that it signs. So the time of a sign-in is
 * known without a record and without a key that replicas share.
 */
function datedNonce(at: Date, random: (octets: number) => Buffer): string {
  const seconds = Buffer.alloc(4);
  seconds.writeUInt32BE(Math.floor(at.getTime() / 1000));
  return Buffer.concat([seconds, random(28)]).toString('base64url');
}

/** When the nonce was made, in seconds since 1970. */
const secondsOfNonce = (nonce: string): number => Buffer.from(nonce.padEnd(6, 'A'), 'base64url').readUInt32BE();
