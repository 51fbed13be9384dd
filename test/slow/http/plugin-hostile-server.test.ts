// Tests packages/kubectl-kubepass/src/sign-in.ts, packages/kubectl-kubepass/src/tokens.ts,
// packages/kubectl-kubepass/src/oidc-sign-in.ts, packages/kubectl-kubepass/src/service-client.ts
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runPlugin } from '../../../packages/kubectl-kubepass/src/run-plugin.js';
import { IdentityProvider } from '../../helpers/identity-provider.js';
import { issue, makeAuthority } from '../../helpers/fake-api-server/serving-certificate.js';
import { signInPerson, type PluginPerson } from '../../helpers/plugin-person.js';
import { startOidcService } from '../../http/support/oidc-service.js';
import type { TestService } from '../../http/support/service.js';

/** Takes id tokens, which every provider makes for the client alone. */
let service: TestService;
let provider: IdentityProvider;
/** Passes every call on to the service, as somebody between would, and keeps the tokens. */
let evil: Server;
let evilAddress: string;
let stolen: string[] = [];
/** Changes what the service says about sign-ins. */
let callersSay: ((callers: { oidc: Record<string, unknown>[] }) => void) | null = null;

beforeAll(async () => {
  provider = await IdentityProvider.start({ accounts: { jane: { groups: ['staff'] } } });
  service = await startOidcService(provider, {
    oidc: { tokens: 'id', audiences: ['kubepass-cli'], cli: { clientId: 'kubepass-cli' } },
    roles: [{ groups: ['staff'], roles: ['requester'] }],
  });
  evil = createServer((request, response) => {
    if (request.headers.authorization !== undefined) stolen.push(request.headers.authorization);
    const { method, url = '', headers } = request;
    const onward = httpRequest(`${relayedTo()}${url}`, { method, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        let body = Buffer.concat(parts).toString();
        if (url === '/v1/callers' && callersSay !== null) {
          const callers = JSON.parse(body) as { oidc: Record<string, unknown>[] };
          callersSay(callers);
          body = JSON.stringify(callers);
        }
        response.writeHead(answer.statusCode ?? 500, { 'content-type': answer.headers['content-type'] }).end(body);
      });
    });
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  evilAddress = `http://127.0.0.1:${(evil.address() as AddressInfo).port}`;
});
afterAll(async () => {
  evil.closeAllConnections();
  evil.close();
  await service.close();
  await provider.stop();
});

let relayedTo: () => string;
let jane: PluginPerson;
beforeEach(() => {
  relayedTo = () => service.address;
  callersSay = null;
  stolen = [];
  jane = signInPerson('jane');
});
afterEach(() => {
  jane.remove();
});

const at = (server: string) => ['--server', server, '--cluster', 'demo'];
const interactive = {
  KUBERNETES_EXEC_INFO: JSON.stringify({
    apiVersion: 'client.authentication.k8s.io/v1',
    spec: { interactive: true },
  }),
};
/** As kubectl does it, by a kubeconfig that has these arguments. */
const asKubectl = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  runPlugin(['get-credential', ...args], {
    ...jane.machine,
    environment: { ...jane.machine.environment, ...interactive, ...environment },
  });

describe('a server that passes on what kubepass says about sign-ins', () => {
  it('gets no token of a person whose kubectl has a kubeconfig of it, at which nobody has logged in', async () => {
    expect(await asKubectl(at(evilAddress))).toBe(1);
    expect(jane.opened()).toBe(0);
    expect(stolen).toEqual([]);
    expect(jane.machine.takeLines()).toEqual([
      `kubepass: you have not logged in at ${evilAddress}. If it is a kubepass of yours, run: kubectl kubepass login ${at(evilAddress).join(' ')}`,
    ]);
    // At the real one there is a login now, and it is for that one.
    expect(await runPlugin(['login', ...at(service.address), '--yes'], jane.machine)).toBe(0);
    expect(await asKubectl(at(evilAddress))).toBe(1);
    expect(jane.opened()).toBe(1);
    expect(stolen).toEqual([]);
  });

  it('gets none of the tokens at hand by a kubeconfig either, nor by a status or a revocation', async () => {
    const token = { KUBEPASS_TOKEN: service.tokenOf('alice'), KUBEPASS_SERVER: evilAddress };
    expect(await asKubectl(at(evilAddress), token)).toBe(1);
    // As if there were something cached.
    const login = { ...jane.machine, environment: token };
    expect(await runPlugin(['login', ...at(evilAddress), '--username', 'x'], login)).toBe(0);
    expect(stolen.length).toBeGreaterThan(0);
    const config = join(jane.machine.homeDirectory, '.kube', 'config');
    const text = readFileSync(config, 'utf8');
    expect(await runPlugin(['logout'], login)).toBe(0);
    stolen = [];
    writeFileSync(config, text);
    for (const args of [['status'], ['revoke'], ['status', '--all'], ['revoke', '--all']]) await runPlugin(args, login);
    expect(stolen).toEqual([]);
  });

  it('is shown to the person at a login, with the provider and the client, and a no ends it', async () => {
    const asked: string[] = [];
    const answering = (answer: boolean) => ({
      ...jane.machine,
      confirm: async (question: string) => {
        asked.push(question);
        return answer;
      },
    });
    expect(await runPlugin(['login', ...at(evilAddress)], answering(false))).toBe(1);
    expect(jane.opened()).toBe(0);
    expect(asked).toHaveLength(1);
    for (const part of [evilAddress, provider.issuer, 'kubepass-cli', 'openid']) expect(asked[0]).toContain(part);
    expect(jane.machine.takeLines()).toEqual(['kubepass: you did not log in']);

    expect(await runPlugin(['login', ...at(service.address)], answering(true))).toBe(0);
    expect(asked).toHaveLength(2);
    // The same again is no question.
    expect(await runPlugin(['login', ...at(service.address)], answering(false))).toBe(0);
    expect(asked).toHaveLength(2);
  });

  it('is not confirmed by a script that does not say so', async () => {
    expect(await runPlugin(['login', ...at(evilAddress)], jane.machine)).toBe(1);
    expect(jane.opened()).toBe(0);
    expect(jane.machine.takeLines().at(-1)).toMatch(/there is no terminal to ask .+: confirm it with --yes$/);
    expect(stolen).toEqual([]);
  });

  it('shows no texts of its own making in the question', async () => {
    let asked = '';
    callersSay = ({ oidc: [first = {}] }) =>
      Object.assign(first, { clientId: 'kubepass-cli\n  server: https://real.example\u001b[2A', scopes: ['openid'] });
    const machine = { ...jane.machine, confirm: async (question: string) => ((asked = question), false) };
    expect(await runPlugin(['login', ...at(evilAddress)], machine)).toBe(1);
    expect(asked.split('\n').filter((line) => line.startsWith('  server'))).toHaveLength(1);
    expect(asked).not.toContain('\u001b');
  });
});

describe('a login', () => {
  const loggedIn = async (...more: readonly string[]) => {
    expect(
      await runPlugin(['login', ...at(evilAddress), '--yes', ...more], jane.machine),
      jane.machine.takeLines().join('\n'),
    ).toBe(0);
    jane.forgetCertificates();
    stolen = [];
  };

  it('is enough for every kubeconfig of that kubepass, also one that is given to everybody', async () => {
    await loggedIn('--username', 'jane');
    expect(await asKubectl(at(evilAddress)), jane.machine.takeLines().join('\n')).toBe(0);
    expect(jane.opened()).toBe(2);
  });

  it.each([
    ['issuer', { issuer: 'https://idp.example' }],
    ['client', { clientId: 'another' }],
  ])('counts no more where kubepass names another %s, which is said', async (_what, change) => {
    await loggedIn();
    callersSay = ({ oidc: [first = {}] }) => Object.assign(first, change);
    expect(await asKubectl(at(evilAddress))).toBe(1);
    expect(jane.opened()).toBe(1);
    expect(jane.machine.takeLines().at(-1)).toMatch(
      new RegExp(`does not offer .*${provider.issuer}.* kubepass-cli.* run: kubectl kubepass login --server`),
    );
    expect(stolen).toEqual([]);
  });

  it('counts no more where the kubeconfig has another CA of kubepass', async () => {
    await loggedIn();
    const { pem } = await makeAuthority('another');
    const other = ['--certificate-authority-data', Buffer.from(pem).toString('base64')];
    expect(await asKubectl([...at(evilAddress), ...other])).toBe(1);
    expect(jane.machine.takeLines().at(-1)).toMatch(/another CA of .* than your login.* kubectl kubepass login/);
    expect(stolen).toEqual([]);
  });

  it('has its CA also where the kubeconfig names none, and another one gets no connection', async () => {
    const tls = await overTls('login');
    try {
      const authority = join(jane.machine.homeDirectory, 'ca.crt');
      writeFileSync(authority, tls.authority);
      const token = { KUBEPASS_TOKEN: service.tokenOf('alice') };
      const login = { ...jane.machine, environment: token };
      expect(
        await runPlugin(['login', ...at(tls.address), '--certificate-authority', authority], login),
        jane.machine.takeLines().join(),
      ).toBe(0);
      jane.forgetCertificates();
      expect(await asKubectl(at(tls.address), token), jane.machine.takeLines().join()).toBe(0);
      jane.forgetCertificates();
      const heard = tls.heard();
      const { pem } = await makeAuthority('another');
      const other = ['--certificate-authority-data', Buffer.from(pem).toString('base64')];
      jane.machine.takeLines();
      expect(await asKubectl([...at(tls.address), ...other], token)).toBe(1);
      expect(tls.heard()).toBe(heard);
      // The command that is printed names the CA by a file, which is the CA of the kubeconfig.
      const [, file = ''] = /--certificate-authority (\S+\.crt)/.exec(jane.machine.takeLines().join()) ?? [];
      expect(readFileSync(file, 'utf8')).toBe(pem);
      // A later login without a CA has that of the earlier login.
      expect(await runPlugin(['login', ...at(tls.address)], login), jane.machine.takeLines().join()).toBe(0);
      expect(await runPlugin(['logout', '--all'], jane.machine)).toBe(0);
      expect(existsSync(file)).toBe(false);
      expect(await runPlugin(['login', ...at(tls.address)], login)).toBe(1);
    } finally {
      tls.close();
    }
  });

  it('is gone after a logout', async () => {
    await loggedIn();
    expect(await runPlugin(['logout'], jane.machine)).toBe(0);
    expect(await asKubectl(at(evilAddress))).toBe(1);
    expect(jane.opened()).toBe(1);
    await loggedIn();
    expect(await runPlugin(['logout', '--all'], jane.machine)).toBe(0);
    expect(jane.machine.takeOutput()).toContain(`The login at ${evilAddress} is forgotten.`);
    expect(await asKubectl(at(evilAddress))).toBe(1);
    expect(stolen).toEqual([]);
  });

  it('with a token at hand takes nothing from the one with a sign-in', async () => {
    await loggedIn();
    const token = { ...jane.machine, environment: { KUBEPASS_TOKEN: service.tokenOf('alice') } };
    expect(await runPlugin(['login', ...at(evilAddress), '--username', 'other'], token)).toBe(0);
    expect(await asKubectl(at(evilAddress)), jane.machine.takeLines().join('\n')).toBe(0);
    expect(jane.opened()).toBe(2);
  });
});

describe('a token of the provider', () => {
  /** Two services that take tokens for their own URL; the first is also reached through the evil server. */
  let bound: TestService;
  let parameters: URLSearchParams[] = [];
  beforeAll(async () => {
    bound = await startOidcService(provider, {
      oidc: { audiences: ['kubepass'], cli: { clientId: 'kubepass-cli' } },
      roles: [{ groups: ['staff'], roles: ['requester'] }],
    });
    await bound.close();
    // The port is known now, and so the audience.
    bound = await startOidcService(provider, {
      port: Number(new URL(bound.address).port),
      oidc: { audiences: [bound.address], cli: { clientId: 'kubepass-cli' } },
      roles: [{ groups: ['staff'], roles: ['requester'] }],
    });
  });
  afterAll(() => bound.close());
  beforeEach(() => {
    parameters = [];
    provider.heard = (sent) => parameters.push(sent);
  });
  afterEach(() => {
    provider.heard = null;
    provider.audienceInstead = null;
  });

  it.each(['--browser', '--device-code'])('is asked for the server itself where it says so, by %s', async (way) => {
    expect(
      await runPlugin(['login', ...at(bound.address), '--yes', way], jane.machine),
      jane.machine.takeLines().join('\n'),
    ).toBe(0);
    const asked = parameters.filter((sent) => sent.get('client_id') === 'kubepass-cli');
    expect(asked.length).toBeGreaterThanOrEqual(2);
    expect(new Set(asked.map((sent) => sent.get('resource')))).toEqual(new Set([bound.address]));
  });

  it('for a server by its own URL counts at no other one that passes calls on to it', async () => {
    relayedTo = () => bound.address;
    callersSay = ({ oidc: [first = {}] }) => Object.assign(first, { audiences: [evilAddress] });
    expect(await runPlugin(['login', ...at(evilAddress), '--yes'], jane.machine)).toBe(1);
    expect(jane.opened()).toBe(1);
    expect(stolen.length).toBeGreaterThan(0);
    expect(jane.machine.takeLines().at(-1)).toContain('does not accept the token of the identity provider');
  });

  it('that is for the URL of another server is not sent, whatever this one says that it takes', async () => {
    relayedTo = () => bound.address;
    provider.audienceInstead = bound.address;
    for (const audiences of [undefined, [bound.address], ['kubepass'], [evilAddress]]) {
      callersSay = ({ oidc: [first = {}] }) => Object.assign(first, { audiences });
      expect(await runPlugin(['login', ...at(evilAddress), '--yes'], jane.machine)).toBe(1);
      expect(jane.machine.takeLines().at(-1)).toContain(`for ${bound.address}`);
      expect(stolen).toEqual([]);
    }
  });

  it('is the one for the audience that the person names', async () => {
    provider.audienceInstead = 'https://elsewhere.example/api';
    const login = (...more: readonly string[]) =>
      runPlugin(['login', ...at(evilAddress), '--yes', ...more], jane.machine);
    expect(await login('--audience', 'https://another.example')).toBe(1);
    expect(stolen).toEqual([]);
    // It is sent, and this service takes others.
    expect(await login('--audience', 'https://elsewhere.example/api')).toBe(1);
    expect(stolen).toHaveLength(1);
  });
});

describe('a kubeconfig', () => {
  it.each([
    ['--token-command', (file: string) => `touch ${file}`],
    ['--token-file', (file: string) => file],
  ])('that names a %s runs and reads nothing, and the message says how to log in again', async (option, valueOf) => {
    const trace = join(jane.machine.homeDirectory, 'trace');
    const args = [...at(service.address), option, valueOf(trace)];
    expect(await asKubectl(args)).toBe(1);
    expect(existsSync(trace)).toBe(false);
    const [line = ''] = jane.machine.takeLines();
    expect(line).toContain(`${option} is for login alone`);
    const [, command = ''] = /run: (kubectl kubepass login .*)$/.exec(line) ?? [];
    expect(command.replaceAll("'", '')).toBe(['kubectl kubepass login', ...args].join(' '));
  });

  it.each([
    ['--token-command', (file: string) => `cat ${file}`],
    ['--token-file', (file: string) => file],
  ])('leads to the %s of the login, which is in no kubeconfig', async (option, valueOf) => {
    const token = join(jane.machine.homeDirectory, 'token');
    writeFileSync(token, service.tokenOf('alice'));
    const args = [...at(service.address), '--username', 'jane', '--login', 'work'];
    expect(await runPlugin(['login', ...args, option, valueOf(token)], jane.machine)).toBe(0);
    const config = readFileSync(join(jane.machine.homeDirectory, '.kube', 'config'), 'utf8');
    expect(config).toContain('--login');
    expect(config).not.toContain(token);
    jane.forgetCertificates();
    expect(await asKubectl(args), jane.machine.takeLines().join('\n')).toBe(0);
    // Another name, and no name, is another login.
    for (const other of [at(service.address), [...at(service.address), '--login', 'home']])
      expect(await asKubectl([...other, '--username', 'jim'])).toBe(1);
  });

  it('of before can be shown, forgotten and replaced', async () => {
    const token = join(jane.machine.homeDirectory, 'token');
    writeFileSync(token, service.tokenOf('alice'));
    const args = [...at(service.address), '--username', 'jane'];
    expect(await runPlugin(['login', ...args, '--token-file', token], jane.machine)).toBe(0);
    const config = join(jane.machine.homeDirectory, '.kube', 'config');
    const old = readFileSync(config, 'utf8').replace(
      '- "jane"',
      `- "jane"\n          - "--token-file"\n          - "${token}"`,
    );
    expect(old).toContain(`"--token-file"`);
    writeFileSync(config, old);
    expect(await runPlugin(['status'], jane.machine), jane.machine.takeLines().join('\n')).toBe(0);
    expect(await runPlugin(['logout'], jane.machine)).toBe(0);
    expect(await runPlugin(['login', ...args, '--token-file', token], jane.machine)).toBe(0);
    expect(readFileSync(config, 'utf8')).not.toContain('--token-file');
  });

  it('has no terminal escapes and no lines of its own in the table of a status', async () => {
    const folder = join(jane.machine.homeDirectory, '.kube');
    mkdirSync(folder);
    const exec = `{apiVersion: client.authentication.k8s.io/v1, command: kubectl-kubepass, args: [get-credential, ${at(service.address).join(', ')}]}`;
    writeFileSync(
      join(folder, 'config'),
      `users: [{name: u, user: {exec: ${exec}}}]\ncontexts: [{name: "a\\nb\\u001b[2J", context: {user: u}}]\ncurrent-context: "a\\nb\\u001b[2J"\n`,
    );
    expect(await runPlugin(['status'], jane.machine)).toBe(0);
    const output = jane.machine.takeOutput();
    expect(output.trimEnd().split('\n')).toHaveLength(2);
  });

  it('whose user turns off the check of certificates has it checked all the same', async () => {
    const { pem } = await makeAuthority('trusted');
    const tls = await overTls('untrusted');
    try {
      const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
      process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
      try {
        for (const more of [[], ['--certificate-authority-data', Buffer.from(pem).toString('base64')]])
          expect(
            await runPlugin(['login', ...at(tls.address), ...more], {
              ...jane.machine,
              environment: { KUBEPASS_TOKEN: 'secret' },
            }),
          ).toBe(1);
      } finally {
        if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
        else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
      }
      expect(jane.machine.takeLines()).toEqual([
        expect.stringContaining('cannot be reached'),
        expect.stringContaining('cannot be reached'),
      ]);
      expect(tls.heard()).toBe(0);
    } finally {
      tls.close();
    }
  });
});

/** The service over TLS, with a certificate of an authority of this name. */
async function overTls(name: string) {
  const authority = await makeAuthority(name);
  const { certificatePem, privateKeyPem } = await issue(authority, { username: 'x' }, 'serverAuth');
  let heard = 0;
  const server = createTlsServer({ cert: certificatePem, key: privateKeyPem }, (request, response) => {
    heard += 1;
    const { method, url = '', headers } = request;
    request.pipe(
      httpRequest(`${service.address}${url}`, { method, headers }, (answer) => {
        answer.pipe(response.writeHead(answer.statusCode ?? 500, answer.headers));
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    authority: authority.pem,
    heard: () => heard,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
