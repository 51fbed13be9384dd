// Tests packages/kubectl-kubepass/src/oidc-sign-in.ts
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBrowser, signInByIssuer } from '../src/oidc-sign-in.js';
import { testMachine } from './helpers/plugin-machine.js';

/** An identity provider that answers whatever a test wants. */
let provider: Server;
let issuer: string;
let discovery: Readonly<Record<string, unknown>>;
let calls: string[];
/** By path, in their order; every other call gets the discovery. */
const answers = new Map<string, (Answer | 'none')[]>();
interface Answer {
  readonly status: number;
  readonly body: object;
}
beforeAll(async () => {
  provider = createServer((request, response) => {
    calls.push(request.url ?? '');
    const answer = answers.get(request.url ?? '')?.shift();
    if (answer === 'none') {
      request.socket.destroy();
      return;
    }
    response.statusCode = answer?.status ?? 200;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer?.body ?? { issuer, ...discovery }));
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
});
afterAll(() => {
  provider.closeAllConnections();
  provider.close();
});
beforeEach(() => {
  calls = [];
});

const environment = { BROWSER: '/bin/false' };
const signIn = (of: string, way: 'browser' | 'device') =>
  signInByIssuer(
    { name: 'corp', issuer: of, clientId: 'kubepass-cli', scopes: ['openid'], audiences: [] },
    testMachine('/nowhere', { environment }),
    way,
    null,
  );

describe('signing in by an identity provider', () => {
  it.each(['file:///etc/passwd', 'javascript:alert(1)', 'http://idp.example/authorize', 'calculator:'])(
    'goes to no endpoint %s',
    async (endpoint) => {
      const good = `${issuer}/good`;
      for (const [member, way] of [
        ['authorization_endpoint', 'browser'],
        ['token_endpoint', 'browser'],
        ['device_authorization_endpoint', 'device'],
      ] as const) {
        discovery = { authorization_endpoint: good, token_endpoint: good, [member]: endpoint };
        await expect(signIn(issuer, way)).rejects.toThrow(`an endpoint of ${issuer} is not https`);
      }
      expect(new Set(calls)).toEqual(new Set(['/.well-known/openid-configuration']));
    },
  );

  it.each(['http://idp.example', 'file:///etc', 'idp.example'])('asks no identity provider %s', async (other) => {
    await expect(signIn(other, 'browser')).rejects.toThrow('is not at an https URL');
  });

  it('goes on asking for the tokens of a device where the network fails', async () => {
    discovery = { token_endpoint: `${issuer}/token`, device_authorization_endpoint: `${issuer}/device` };
    const [code, token] = [{ device_code: 'd', user_code: 'u', verification_uri: `${issuer}/enter` }, 'a.b.c'];
    answers.set('/device', [{ status: 200, body: { ...code, interval: 0.01 } }]);
    const pending = { status: 400, body: { error: 'authorization_pending' } };
    answers.set('/token', ['none', pending, 'none', { status: 200, body: { access_token: token } }]);
    expect(await signIn(issuer, 'device')).toEqual([token]);
    expect(calls.filter((path) => path === '/token')).toHaveLength(4);
  });

  it('opens no file and starts no program', () => {
    for (const url of ['file:///etc/passwd', 'calculator:', 'javascript:alert(1)'])
      expect(() => {
        openBrowser(url, { environment, platform: 'linux' });
      }).toThrow('not for a browser');
  });
});
