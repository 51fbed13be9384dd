import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../helpers/free-ports.js';
import { IdentityProvider, type TestAccount } from '../../helpers/identity-provider.js';
import { CookieClient, type Answer } from '../../helpers/identity-provider/sign-in.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { makeTlsPair } from './tls-files.js';
import { startService, type TestService, type TestServiceOptions } from './service.js';

/**
 * A service by which people sign in at a real identity provider. The service itself speaks plain HTTP, as behind a
 * proxy.
 */
export interface SignInService {
  readonly service: TestService;
  readonly provider: IdentityProvider;
  /** Where browsers reach the service, through the proxy. */
  readonly origin: string;
  readonly clientSecret: string;
  /** Writes one of the files that the configuration names. */
  write(name: 'idp.crt' | 'login.secret', content: string): void;
  close(): Promise<void>;
}

export interface SignInOptions extends Pick<TestServiceOptions, 'app' | 'policies' | 'overrides'> {
  readonly accounts?: Readonly<Record<string, TestAccount>>;
  /** YAML of the issuer, beside what it needs. */
  readonly issuer?: string;
  /** YAML of the service. */
  readonly more?: string;
}

export const clientSecret = 'a-secret-of-the-login-that-is-long-enough';

export async function startSignInService({ accounts = {}, issuer = '', more = '', ...options }: SignInOptions = {}) {
  const directory = temporaryDirectory();
  const port = await freePort();
  const origin = `https://127.0.0.1:${port}`;
  const provider = await IdentityProvider.start({
    tls: true,
    accounts,
    clients: [
      {
        client_id: 'kubepass-login',
        client_secret: clientSecret,
        redirect_uris: [`${origin}/v1/login/corp/callback`],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
  });
  const file = (name: string, content: string) => {
    writeFileSync(join(directory.path, name), content, { mode: 0o600 });
    return join(directory.path, name);
  };
  const { cert, key } = makeTlsPair();
  const [certFile, keyFile] = [file('ca.crt', cert), file('ca.key', key)];
  mkdirSync(directory.path, { recursive: true });
  const service = await startService({
    ...options,
    port,
    config: `
publicAddress: { url: "${origin}" }
tls: { terminated: true }
clusters:
  - name: demo
    server: https://127.0.0.1:6443
    servingCertificateAuthority: ${certFile}
    signer: { localCA: { certFile: ${certFile}, keyFile: ${keyFile} } }
callers:
  oidc:
    - name: corp
      issuer: ${provider.issuer}
      audiences: [kubepass]
      certificateAuthority: ${file('idp.crt', provider.caPem ?? '')}
      login: { clientId: kubepass-login, clientSecretFile: ${file('login.secret', `${clientSecret}\n`)} }
      ${issuer}
roles:
  - { groups: [oncall], roles: [approver] }
  - { groups: [staff], roles: [requester] }
  - { names: [root-person], roles: [admin] }
${more}
`,
  });
  return {
    ...{ service, provider, origin, clientSecret },
    write: (name: string, content: string) => void file(name, content),
    async close() {
      await service.close();
      await provider.stop();
      directory.remove();
    },
  };
}

/** A browser in front of the service: it keeps cookies and follows redirects when it is told to. */
export class SigningBrowser {
  /** Addresses that it was sent to, and answers that it got. */
  readonly seen: string[] = [];
  readonly #service = new CookieClient(null);
  readonly #provider: CookieClient;

  constructor(
    private readonly opened: Pick<SignInService, 'provider' | 'origin'> & {
      readonly service: Pick<TestService, 'address'>;
    },
  ) {
    this.#provider = new CookieClient(opened.provider.caPem);
  }

  /** Calls the service with the cookies that it has set. */
  async call(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const answer = await this.#service.send(`${this.opened.service.address}${path}`, undefined, headers);
    this.seen.push(JSON.stringify({ ...answer.headers, 'set-cookie': undefined }), answer.body);
    return answer;
  }

  /** Begins a sign-in, and answers where the provider sends the browser back: a path of the service. */
  async atProvider(account: string, returnTo?: string): Promise<string> {
    const query = returnTo === undefined ? '' : `?returnTo=${encodeURIComponent(returnTo)}`;
    const begun = await this.call(`/v1/login/corp${query}`);
    return this.back(begun.headers.location ?? '', account);
  }

  /** Signs in at the provider, and answers where it sends the browser back. */
  async back(authorization: string, account: string): Promise<string> {
    let answer = await this.#provider.send(authorization);
    let at = new URL(authorization);
    for (let hops = 0; hops < 10; hops += 1) {
      const { location } = answer.headers;
      if (location === undefined) throw new Error(`the provider answers ${answer.status}: ${answer.body}`);
      at = new URL(location, at);
      this.seen.push(at.href);
      if (at.origin === this.opened.origin) return `${at.pathname}${at.search}`;
      const asksForLogin = at.pathname.startsWith('/interaction/');
      answer = await this.#provider.send(at, asksForLogin ? { login: account, password: 'any' } : undefined);
    }
    throw new Error('the provider goes round in circles');
  }

  async signIn(account: string, returnTo?: string): Promise<Answer> {
    return this.call(await this.atProvider(account, returnTo));
  }

  /** The cookie header that it sends to the service. */
  get cookies(): string {
    return this.#service.header;
  }
}
