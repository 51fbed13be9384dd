// Tests src/callers/oidc/provider-fetch.ts, src/callers/oidc/fetch-keys.ts
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { discoverKeySetUrl, discoveryUrlOf, publishedKeys } from '../../../../../src/callers/oidc/fetch-keys.js';
import { providerFetch } from '../../../../../src/callers/oidc/provider-fetch.js';
import { issue, makeAuthority } from '../../../../helpers/fake-api-server/serving-certificate.js';
import { IdentityProvider } from '../../../../helpers/identity-provider.js';

let provider: IdentityProvider;
beforeAll(async () => {
  provider = await IdentityProvider.start({ tls: true });
});
afterAll(() => provider.stop());
afterEach(() => {
  provider.intercept = null;
  provider.asked.length = 0;
});

const never = new AbortController().signal;
const fetchWith = (ca: string | null, timeoutMilliseconds = 5_000) =>
  providerFetch({ certificateAuthority: ca, timeoutMilliseconds });
const fetch = () => fetchWith(provider.caPem);
const load = (anew = true) => publishedKeys(provider.issuer, fetch()).load(anew, never);

/** Answers a path in the provider’s place. */
function answer(path: string, serve: (response: ServerResponse) => void) {
  provider.intercept = (request, response) => {
    if (request.url !== path) return false;
    serve(response);
    return true;
  };
}
const discovery = '/.well-known/openid-configuration';
const answerJson = (path: string, body: unknown, status = 200) => {
  answer(path, (response) => void response.writeHead(status).end(JSON.stringify(body)));
};

describe('the keys of a provider', () => {
  it('are at the address that its metadata name', async () => {
    const set = await load();
    expect(set.find.jwks().keys.map(({ kid }) => kid)).toEqual([provider.kid]);
    expect(provider.asked).toEqual([discovery, '/jwks']);
  });

  it('are fetched from the known address, which is asked for anew from time to time and where it fails', async () => {
    const source = publishedKeys(provider.issuer, fetch());
    await source.load(false, never);
    await source.load(false, never);
    await source.load(true, never);
    expect(provider.asked).toEqual([discovery, '/jwks', '/jwks', discovery, '/jwks']);
    answerJson('/jwks', {}, 404);
    await expect(source.load(false, never)).rejects.toThrow(`${provider.issuer}/jwks answers 404`);
    provider.intercept = null;
    provider.asked.length = 0;
    await source.load(false, never);
    expect(provider.asked).toEqual([discovery, '/jwks']);
  });

  it.each([
    [
      'another issuer',
      { issuer: 'https://evil.example', jwks_uri: 'https://evil.example/jwks' },
      /is of issuer "https:\/\/evil/,
    ],
    [
      'its issuer with a slash',
      { slash: true },
      /is of issuer "https:\/\/127.0.0.1:\d+\/", not "https:\/\/127.0.0.1:\d+"/,
    ],
    ['no issuer', { issuer: undefined }, /is of issuer nothing/],
    ['no address of the keys', { jwks_uri: undefined }, /names no jwks_uri/],
    ['a file', { jwks_uri: 'file:///etc/passwd' }, /not https: "file/],
    ['plain http', { jwks_uri: 'http://127.0.0.1/jwks' }, /not https: "http/],
  ])('are not fetched where the metadata name %s', async (_, change, message) => {
    const issuer = 'slash' in change ? `${provider.issuer}/` : provider.issuer;
    answerJson(discovery, { issuer, jwks_uri: `${provider.issuer}/jwks`, ...change });
    await expect(load()).rejects.toThrow(message);
    expect(provider.asked).toEqual([discovery]);
  });

  it.each([
    ['a list', [], /no JSON object/],
    ['nothing', null, /no JSON object/],
    ['an object without keys', {}, /no JWK set/],
  ])('are not %s', async (_, body, message) => {
    answerJson('/jwks', body);
    await expect(load()).rejects.toThrow(message);
  });

  it('may be none', async () => {
    answerJson('/jwks', { keys: [] });
    await expect(load()).resolves.toMatchObject({ size: 0 });
  });

  it('are looked for where the issuer with a path has its metadata', () => {
    expect(discoveryUrlOf('https://idp.example/realms/corp')).toBe(
      'https://idp.example/realms/corp/.well-known/openid-configuration',
    );
    expect(discoveryUrlOf('https://idp.example/')).toBe('https://idp.example/.well-known/openid-configuration');
  });
});

describe('a call to a provider', () => {
  it('follows no redirect, not even to the same host', async () => {
    for (const location of ['/jwks2', 'https://evil.example/jwks']) {
      answer('/jwks', (response) => void response.writeHead(302, { location }).end());
      await expect(load()).rejects.toThrow(`redirects to "${location}", which is not followed`);
    }
    expect(provider.asked).not.toContain('/jwks2');
  });

  it('fails where the certificate is of no CA that is trusted', async () => {
    const other = await makeAuthority('another-ca');
    for (const ca of [null, other.pem])
      await expect(discoverKeySetUrl(provider.issuer, fetchWith(ca))).rejects.toThrow(/is not reached: .*certificate/);
  });

  it('fails where the certificate is for another host', async () => {
    const authority = await makeAuthority('identity-provider-ca');
    const { certificatePem, privateKeyPem } = await issue(authority, { username: 'localhost' }, 'clientAuth');
    const server = createServer({ cert: certificatePem, key: privateKeyPem }, (_, response) => void response.end('{}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await expect(discoverKeySetUrl(`https://127.0.0.1:${port}`, fetch())).rejects.toThrow(/is not reached/);
    server.close();
  });

  it('fails where nobody listens, in one line', async () => {
    await expect(discoverKeySetUrl('https://127.0.0.1:1', fetch())).rejects.toThrow(
      /^[^\n]* is not reached: connect ECONNREFUSED/,
    );
  });

  it('fails where the answer does not come, or does not end, in time', async () => {
    const impatient = fetchWith(provider.caPem, 200);
    answer(discovery, () => undefined);
    await expect(discoverKeySetUrl(provider.issuer, impatient)).rejects.toThrow('no answer within 0.2 s');
    answer(discovery, (response) => void response.writeHead(200).write('{'));
    await expect(discoverKeySetUrl(provider.issuer, impatient)).rejects.toThrow('no answer within 0.2 s');
  });

  it('fails where the answer has more than 1 MiB, or is cut off', async () => {
    answer(discovery, (response) => void response.end(`{"x":"${'x'.repeat(1024 * 1024)}"}`));
    await expect(discoverKeySetUrl(provider.issuer, fetch())).rejects.toThrow(
      'the answer has more than 1048576 octets',
    );
    answer(discovery, (response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{}', () => response.destroy());
    });
    await expect(discoverKeySetUrl(provider.issuer, fetch())).rejects.toThrow(/is not reached/);
  });

  it('fails on plain http to another host, without a connection', async () => {
    for (const url of ['http://idp.example/x', 'http://127.0.0.1.example/x', 'file:///etc/passwd'])
      await expect(fetch()(url)).rejects.toThrow('is no https address');
  });

  it('sends a form, and answers with status and headers', async () => {
    let received = '';
    provider.intercept = (request, response) => {
      request.on('data', (part: Buffer) => (received += part.toString()));
      request.on('end', () => response.writeHead(401, { 'x-a': ['1', '2'] }).end('no'));
      return true;
    };
    const answered = await fetch()(`${provider.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({ code: 'a b' }),
    });
    expect(received).toBe('code=a+b');
    expect([answered.status, answered.headers.get('x-a'), await answered.text()]).toEqual([401, '1, 2', 'no']);
  });

  it('ends with its signal', async () => {
    const ending = new AbortController();
    answer(discovery, () => {
      ending.abort();
    });
    await expect(fetch()(`${provider.issuer}${discovery}`, { signal: ending.signal })).rejects.toThrow();
  });
});
