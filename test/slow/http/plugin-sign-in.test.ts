// Tests packages/kubectl-kubepass/src/sign-in.ts, packages/kubectl-kubepass/src/oidc-sign-in.ts,
// packages/kubectl-kubepass/src/revocation-notes.ts
import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runPlugin } from '../../../packages/kubectl-kubepass/src/run-plugin.js';
import { IdentityProvider } from '../../helpers/identity-provider.js';
import { CookieClient, type Answer } from '../../helpers/identity-provider/sign-in.js';
import { testMachine, type TestMachine } from '../../../packages/kubectl-kubepass/test/helpers/plugin-machine.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { startOidcService } from '../../http/support/oidc-service.js';
import type { TestService } from '../../http/support/service.js';

let provider: IdentityProvider;
let service: TestService;
const directories: { remove(): void }[] = [];
beforeAll(async () => {
  provider = await IdentityProvider.start({ accounts: { jane: { groups: ['staff'] }, nobody: {} } });
  service = await startOidcService(provider, {
    oidc: { tokens: 'id', audiences: ['kubepass-cli'], cli: { clientId: 'kubepass-cli' } },
    roles: [{ groups: ['staff'], roles: ['requester'] }],
  });
});
afterAll(async () => {
  await service.close();
  await provider.stop();
});
afterEach(() => {
  for (const directory of directories.splice(0)) directory.remove();
});

/** A machine whose person does this with the first URL that the plugin says. `xdg-open` is not there. */
function machineOf(person: (url: URL, line: string) => Promise<unknown>): TestMachine {
  const directory = temporaryDirectory();
  directories.push(directory);
  const machine = testMachine(directory.path, {
    // It opens nothing, so that the person of the test is the only one.
    environment: { BROWSER: '/bin/true' },
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, 100))),
  });
  return {
    ...machine,
    say(line) {
      machine.say(line);
      const url = /https?:\/\/\S+/.exec(line)?.[0];
      if (url !== undefined && /sign in with|open http/.test(line))
        void person(new URL(url), line).catch(() => undefined);
    },
  };
}

const locationOf = ({ headers }: Answer, base: URL): URL => new URL(headers.location ?? '', base);

/** Goes through the sign-in of the provider, and answers where it sends the browser in the end. */
async function throughSignIn(account: string, url: URL, browser = new CookieClient(null)): Promise<URL> {
  const form = locationOf(await browser.send(url), url);
  const resume = locationOf(await browser.send(form, { login: account, password: 'any' }), form);
  return locationOf(await browser.send(resume), resume);
}

/** Calls with this path as it is. */
const statusOf = ({ hostname, port }: URL, path: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request({ hostname, port, path }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on('error', reject)
      .end();
  });

const login = (machine: TestMachine, ...more: readonly string[]) =>
  runPlugin(['login', '--server', service.address, '--cluster', 'demo', '--yes', ...more], machine);

describe('signing in with a browser', () => {
  it('gets a certificate as the person, by a code that no other program can use', async () => {
    const browser = new CookieClient(null);
    const machine = machineOf(async (url) => {
      expect(Object.fromEntries(url.searchParams)).toMatchObject({
        client_id: 'kubepass-cli',
        response_type: 'code',
        code_challenge_method: 'S256',
        redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/) as string,
      });
      const back = await throughSignIn('jane', url, browser);
      // Others who guess the port get nothing, and end nothing.
      const other = new URL(back);
      other.searchParams.set('state', 'a-guess');
      expect((await browser.send(other)).status).toBe(404);
      other.searchParams.set('state', 'é'.repeat(43));
      expect((await browser.send(other)).status).toBe(404);
      for (const path of ['//', '//[', 'http://', '/callback/', '/']) expect(await statusOf(back, path)).toBe(404);
      expect((await browser.send(back)).body).toContain('You may close this page');
    });
    expect(await login(machine), machine.takeLines().join('\n')).toBe(0);
    expect(machine.takeOutput()).toContain('You are jane on demo until');
    expect(service.log()).not.toContain('code_verifier');
  });

  it('says what the identity provider says', async () => {
    const machine = machineOf(async (url) => {
      const back = new URL(url.searchParams.get('redirect_uri') ?? '');
      back.search = new URLSearchParams({
        state: url.searchParams.get('state') ?? '',
        error: 'access_denied',
      }).toString();
      await new CookieClient(null).send(back);
    });
    expect(await login(machine)).toBe(1);
    expect(machine.takeLines().at(-1)).toBe('kubepass: the identity provider says access_denied');
  });

  it('refuses the answer of another provider', async () => {
    const machine = machineOf(async (url) => {
      const back = new URL(url.searchParams.get('redirect_uri') ?? '');
      const state = url.searchParams.get('state') ?? '';
      back.search = new URLSearchParams({ state, code: 'x', iss: 'https://other.example' }).toString();
      await new CookieClient(null).send(back);
    });
    expect(await login(machine)).toBe(1);
    expect(machine.takeLines().at(-1)).toContain('another identity provider');
  });

  it('says to a person without a role that there is none', async () => {
    const machine = machineOf(async (url) => {
      await new CookieClient(null).send(await throughSignIn('nobody', url));
    });
    expect(await login(machine)).toBe(1);
    expect(machine.takeLines().at(-1)).toContain('no role');
  });

  it('is opened by kubectl for a person alone, and once for several kubectl', async () => {
    const exec = (interactive: boolean) => ({
      KUBERNETES_EXEC_INFO: JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', spec: { interactive } }),
      BROWSER: '/bin/true',
    });
    let opened = 0;
    const machine = machineOf(async (url) => {
      opened += 1;
      await new CookieClient(null).send(await throughSignIn('jane', url));
    });
    const get = (interactive: boolean) =>
      runPlugin(['get-credential', '--server', service.address, '--cluster', 'demo'], {
        ...machine,
        environment: exec(interactive),
      });
    expect(await login(machine, '--username', 'another'), machine.takeLines().join()).toBe(0);
    machine.takeLines();
    expect(opened).toBe(1);
    expect(await get(false)).toBe(1);
    expect(opened).toBe(1);
    expect(machine.takeLines()[0]).toContain('kubectl kubepass login');
    expect(await Promise.all(Array.from({ length: 5 }, () => get(true)))).toEqual([0, 0, 0, 0, 0]);
    expect(opened).toBe(2);
  });
});

describe('a certificate that is refused', () => {
  it.each([
    [
      'revoked',
      'the certificate is revoked',
      (fingerprint: string) => [`/v1/certificates/${fingerprint}/revoke`, { reason: 'keyCompromise' }] as const,
    ],
    [
      'blocked',
      'your name is blocked on every cluster',
      () => ['/v1/identities/jane/block', { reason: 'unspecified' }] as const,
    ],
  ])('opens no browser for a person when it is %s, however often kubectl asks', async (word, why, end) => {
    let opened = 0;
    const machine = machineOf(async (url) => {
      opened += 1;
      await new CookieClient(null).send(await throughSignIn('jane', url));
    });
    expect(await login(machine), machine.takeLines().join('\n')).toBe(0);
    machine.takeLines();
    const [certificate] = (await service.store.certificates.list({ username: 'jane' }, { limit: 1, cursor: null }))
      .items;
    const [path, body] = end(certificate?.fingerprintSha256 ?? '');
    await service.as('root')('post', path).send(body).expect(200);
    const ahead = {
      ...machine,
      now: () => (certificate?.notAfter.getTime() ?? 0) - 60_000,
      environment: {
        BROWSER: '/bin/true',
        KUBERNETES_EXEC_INFO: JSON.stringify({
          apiVersion: 'client.authentication.k8s.io/v1',
          spec: { interactive: true },
        }),
      },
    };
    const get = () => runPlugin(['get-credential', '--server', service.address, '--cluster', 'demo'], ahead);
    for (let i = 0; i < 6; i += 1) expect(await get()).toBe(1);
    expect(opened).toBe(1);
    const lines = new Set(machine.takeLines());
    expect(lines.size).toBe(1);
    expect([...lines][0]).toContain(why);
    expect([...lines][0]).toContain('kubectl kubepass login --server');
    if (word !== 'blocked') return;
    expect(await login(machine)).toBe(1);
    expect(machine.takeLines().at(-1)).toContain('is blocked');
    await service.as('root')('post', '/v1/identities/jane/unblock').send({}).expect(200);
    expect(await login(machine)).toBe(0);
  });
});

describe('signing in by device code', () => {
  it('gets a certificate once the person has entered the code somewhere else', async () => {
    const machine = machineOf(async (_url, line) => {
      const [, place = '', code = ''] = /open (\S+) in a browser and enter (\S+)/.exec(line) ?? [];
      const browser = new CookieClient(null);
      const url = new URL(place);
      const xsrfOf = ({ body }: Answer) => /name="xsrf" value="([^"]+)"/.exec(body)?.[1] ?? '';
      const page = await browser.send(url);
      const confirm = await browser.send(url, { xsrf: xsrfOf(page), user_code: code });
      const begun = await browser.send(url, { xsrf: xsrfOf(confirm), user_code: code, confirm: 'yes' });
      const form = locationOf(begun, url);
      const resume = locationOf(await browser.send(form, { login: 'jane', password: 'any' }), form);
      await browser.send(resume);
    });
    expect(await login(machine, '--device-code'), machine.takeLines().join('\n')).toBe(0);
    expect(machine.takeOutput()).toContain('You are jane on demo until');
  });
});
