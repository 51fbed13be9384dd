// Tests packages/kubectl-kubepass/src/run-plugin.ts, packages/kubectl-kubepass/src/login.ts,
// packages/kubectl-kubepass/src/get-credential.ts, packages/kubectl-kubepass/src/cached-credentials.ts,
// packages/kubectl-kubepass/src/contexts.ts, packages/kubectl-kubepass/src/ask-for-certificate.ts
import { X509Certificate, createPrivateKey, hash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { answerFromCache } from '../../../packages/kubectl-kubepass/src/exec-credential.js';
import { ownContexts } from '../../../packages/kubectl-kubepass/src/kubeconfig-entries.js';
import { runPlugin } from '../../../packages/kubectl-kubepass/src/run-plugin.js';
import { toldBy } from '../../../src/store/writer/followed-writer.js';
import { csrFor } from '../../../packages/x509/test/helpers/csr.js';
import { testMachine, type TestMachine } from '../../../packages/kubectl-kubepass/test/helpers/plugin-machine.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { as } from '../../http/support/call.js';
import { startService, type TestService } from '../../http/support/service.js';
import { aPolicy } from '../../helpers/policies.js';

const day = { maxExpirationSeconds: 86_400 };
const byHand = { mode: 'manual', stages: [{ count: 1, approvers: { names: ['bob', 'carol'] } }] };
const policies = [
  aPolicy('automatic', { groups: ['team-*'] }, { constraints: day }),
  aPolicy('by-hand', { groups: ['ops'] }, { approval: byHand }),
  aPolicy(
    'with-reason',
    { groups: ['reasoned'] },
    { constraints: { ...day, reason: { pattern: 'INC-[0-9]{1,4}( [a-z ]{0,40})?' } } },
  ),
  aPolicy('late', { groups: ['late'] }, { constraints: day, renewal: { afterExpirySeconds: 7200 } }),
].join('');

let service: TestService;
/** A proxy before the service: the plugin knows its address, and a test can break it. */
let front: Server;
let answerInstead: { readonly status: number; readonly type?: string; readonly body?: string } | null = null;
/** The path that is answered so; null: every one. */
let breaks: string | null = null;
let seen: string[] = [];
let server: string;
/** The server and the token of each call with one. */
let bearers: string[] = [];
/** Requests go on to the service when this resolves. */
let passes: Promise<void> | null = null;
/** The cluster signs when this resolves; null: at once. Nobody waits for it then. */
let signed: Promise<void> | null = null;
/** Everything that went over the wire, in both directions. */
let traffic = '';
const directories: { remove(): void }[] = [];

beforeAll(async () => {
  front = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const [, token] = /^Bearer (.*)$/.exec(request.headers.authorization ?? '') ?? [];
    if (token !== undefined) bearers.push(`http://${request.headers.host ?? ''} ${token}`);
    if (answerInstead !== null && (breaks === null || breaks === request.url)) {
      const { status, type = 'application/problem+json', body = '{"detail":"not now"}' } = answerInstead;
      response.writeHead(status, { 'content-type': type, location: '/elsewhere' }).end(body);
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    const pass = () => {
      const body = Buffer.concat(chunks);
      traffic += `${JSON.stringify(request.rawHeaders)}\n${body.toString()}\n`;
      const onward = httpRequest(
        `${service.address}${request.url ?? ''}`,
        {
          method: request.method,
          headers: { ...request.headers, ...(signed !== null && { prefer: 'wait=0' }) },
        },
        (answer) => {
          const parts: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => parts.push(chunk));
          answer.on('end', () => {
            traffic += `${Buffer.concat(parts).toString()}\n`;
            const date = new Date(Date.now() + offset).toUTCString();
            response.writeHead(answer.statusCode ?? 500, { ...answer.headers, date }).end(Buffer.concat(parts));
          });
        },
      );
      onward.end(body);
    };
    request.on('end', () => void (passes ?? Promise.resolve()).then(pass));
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  server = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  service = await startService({
    policies,
    app: { publicUrl: server, failedAuthenticationsPerMinute: 1_000_000 },
    overrides: {
      writer: (writer) => ({
        async commit(step) {
          if (signed !== null && toldBy(step, 'certificate').length > 0) await signed;
          return writer.commit(step);
        },
      }),
    },
  });
});
afterAll(async () => {
  front.closeAllConnections();
  front.close();
  await service.close();
});
afterEach(() => {
  answerInstead = null;
  breaks = null;
  passes = null;
  signed = null;
  for (const directory of directories.splice(0)) directory.remove();
});

/** Milliseconds by which the clocks of machine and service are ahead. */
let offset = 0;
function pass(seconds: number) {
  offset += seconds * 1000;
  service.advance(seconds);
}

let people = 0;

/** A machine with nothing on it, and somebody who has not asked for anything yet. */
function newMachine(
  token: string | null = service.tokenOf('alice'),
): TestMachine & { readonly args: readonly string[]; readonly username: string } {
  const directory = temporaryDirectory();
  directories.push(directory);
  const username = `user-${++people}`;
  const environment = token === null ? {} : { KUBEPASS_TOKEN: token };
  const machine = testMachine(directory.path, { environment, now: () => Date.now() + offset });
  return {
    ...machine,
    username,
    args: ['--server', server, '--cluster', 'demo', '--username', username, '--group', 'team-a', '--expires-in', '10m'],
  };
}

const withoutToken = (machine: ReturnType<typeof newMachine>) => ({ ...machine, environment: {} });

interface Credential {
  readonly status: {
    readonly expirationTimestamp: string;
    readonly clientCertificateData: string;
    readonly clientKeyData: string;
  };
}

async function credentialOf(machine: ReturnType<typeof newMachine>): Promise<Credential['status']> {
  const code = await runPlugin(['get-credential', ...machine.args], machine);
  const output = machine.takeOutput();
  if (code !== 0) throw new Error(machine.takeLines().join('\n'));
  return (JSON.parse(output) as Credential).status;
}

const fingerprintOf = ({ clientCertificateData }: Credential['status']) =>
  new X509Certificate(clientCertificateData).fingerprint256.replaceAll(':', '').toLowerCase();

async function loggedIn(machine = newMachine()) {
  expect(await runPlugin(['login', ...machine.args], machine)).toBe(0);
  machine.takeOutput();
  return withoutToken(machine);
}

/** Logged in; then the certificate was revoked, its renewal is due, and nothing is seen yet. */
async function revokedAndDue() {
  const machine = await loggedIn();
  const fingerprint = fingerprintOf(await credentialOf(machine));
  await service
    .as('alice')('post', `/v1/certificates/${fingerprint}/revoke`)
    .send({ reason: 'keyCompromise' })
    .expect(200);
  pass(420);
  seen = [];
  return { machine, fingerprint };
}

/** The cache folder of the credential: each login has another one. */
const folderOf = (machine: TestMachine): string => {
  const root = join(machine.homeDirectory, '.kube', 'cache', 'kubepass');
  const folders = readdirSync(root).map((name) => join(root, name));
  return folders.find((folder) => !existsSync(join(folder, 'login.json'))) ?? '';
};

describe('login', () => {
  it('gets a certificate whose key never leaves the machine, and adds a context', async () => {
    const machine = newMachine();
    traffic = '';
    expect(await runPlugin(['login', ...machine.args], machine)).toBe(0);
    expect(machine.takeOutput()).toContain(`You are ${machine.username} in team-a on demo until `);
    const config = readFileSync(join(machine.homeDirectory, '.kube', 'config'), 'utf8');
    expect(config).toContain(`current-context: "${machine.username}@demo"`);
    expect(config).not.toContain('PRIVATE KEY');
    expect(config).not.toContain(service.tokenOf('alice'));
    const credential = await credentialOf(withoutToken(machine));
    const certificate = new X509Certificate(credential.clientCertificateData);
    expect(certificate.subject.split('\n').sort()).toEqual([`CN=${machine.username}`, 'O=team-a']);
    expect(certificate.checkPrivateKey(createPrivateKey(credential.clientKeyData))).toBe(true);
    // Not the key, nor a line of it.
    const secret = credential.clientKeyData.split('\n')[2] ?? '';
    expect(secret.length).toBeGreaterThan(40);
    for (const text of [traffic, service.log(), config]) expect(text).not.toContain(secret);
    for (const file of ['config', 'cache/kubepass']) {
      const { mode } = statSync(join(machine.homeDirectory, '.kube', file));
      expect(mode & 0o077).toBe(0);
    }
    expect(statSync(join(folderOf(machine), 'credential.json')).mode & 0o777).toBe(0o600);
  });

  it('takes the name of the principal where no username is given', async () => {
    const machine = newMachine();
    expect(await runPlugin(['login', '--server', server, '--cluster', 'demo'], machine)).toBe(0);
    expect(machine.takeOutput()).toContain('You are alice on demo');
  });

  it('keeps apart what two people get who give no username, in the kubeconfig and in the cache', async () => {
    const machine = newMachine();
    for (const name of ['alice', 'hr-system'] as const) {
      const as = { ...machine, environment: { KUBEPASS_TOKEN: service.tokenOf(name) } };
      expect(await runPlugin(['login', '--server', server, '--cluster', 'demo'], as)).toBe(0);
    }
    machine.takeOutput();
    const { own } = ownContexts(readFileSync(join(machine.homeDirectory, '.kube', 'config'), 'utf8'));
    const namesNow = async () => {
      const names: Record<string, string> = {};
      for (const { context, args } of own) {
        const code = await runPlugin(args, withoutToken(machine));
        const output = machine.takeOutput();
        names[context] =
          code === 0
            ? new X509Certificate((JSON.parse(output) as Credential).status.clientCertificateData).subject
            : 'none';
      }
      return names;
    };
    expect(await namesNow()).toEqual({ 'alice@demo': 'CN=alice', 'hr-system@demo': 'CN=hr-system' });
    expect(await runPlugin(['logout', '--context', 'hr-system@demo'], machine)).toBe(0);
    machine.takeOutput();
    expect(await namesNow()).toEqual({ 'alice@demo': 'CN=alice', 'hr-system@demo': 'none' });
  });

  it('waits for the people who must approve, and says for whom', async () => {
    const machine = newMachine();
    const args = machine.args.map((arg) => (arg === 'team-a' ? 'ops' : arg));
    let polls = 0;
    const login = runPlugin(['login', ...args], {
      ...machine,
      async sleep() {
        polls += 1;
        if (polls !== 2) return;
        const pending = as.requests(await service.as('bob')('get', '/v1/certificate-requests?state=pending')).items;
        const mine = pending.find(({ username }) => username === machine.username);
        await service
          .as('bob')('post', `/v1/certificate-requests/${mine?.id ?? ''}/approve`)
          .expect(200);
      },
    });
    expect(await login).toBe(0);
    const [first] = machine.takeLines();
    expect(first).toMatch(/^kubepass: certificate request \S+ waits for 1 of 1 bob, carol$/);
  });

  it('leaves the current context of a list of kubeconfigs, and changes it where kubectl does', async () => {
    const fresh = newMachine();
    const [a, b] = ['a', 'b'].map((name) => join(fresh.homeDirectory, name)) as [string, string];
    const machine = { ...fresh, environment: { ...fresh.environment, KUBECONFIG: `${a}:${b}` } };
    const config = (current: string) => `apiVersion: v1\nkind: Config\ncurrent-context: "${current}"\n`;
    const login = async (...more: readonly string[]) => {
      expect(await runPlugin(['login', ...machine.args, ...more], machine)).toBe(0);
      return [a, b].map((file) => /current-context: "(.*)"/.exec(readFileSync(file, 'utf8'))?.[1]);
    };
    writeFileSync(a, config(''));
    writeFileSync(b, config('prod'));
    expect(await login()).toEqual(['', 'prod']);
    const own = `${machine.username}@demo`;
    expect(await login('--use')).toEqual([own, 'prod']);
    // The entries are in the second file, and stay there.
    writeFileSync(b, readFileSync(a, 'utf8'));
    writeFileSync(a, config('other'));
    expect(await login()).toEqual(['other', own]);
    expect(await login('--use')).toEqual([own, own]);
    expect(readFileSync(a, 'utf8')).not.toContain('kubectl-kubepass');
    writeFileSync(a, config(''));
    writeFileSync(b, readFileSync(b, 'utf8').replace(`current-context: "${own}"`, ''));
    expect(await login()).toEqual([own, undefined]);
  });

  it('serves a kubeconfig that names nobody with the certificate of the last login that named nobody', async () => {
    const machine = newMachine(null);
    const nameless = ['--server', server, '--cluster', 'demo'];
    const as = (name: 'alice' | 'hr-system') => ({
      ...machine,
      environment: { KUBEPASS_TOKEN: service.tokenOf(name) },
    });
    const subject = async (args: readonly string[]) => {
      expect(await runPlugin(['get-credential', ...args], machine), machine.takeLines().join()).toBe(0);
      const output = machine.takeOutput();
      expect(answerFromCache(['get-credential', ...args], machine)).toBe(output);
      return new X509Certificate((JSON.parse(output) as Credential).status.clientCertificateData).subject;
    };
    for (const name of ['alice', 'hr-system'] as const) {
      expect(await runPlugin(['login', ...nameless], as(name))).toBe(0);
      machine.takeOutput();
      expect(await subject(nameless)).toBe(`CN=${name}`);
    }
    expect(await subject([...nameless, '--username', 'alice'])).toBe('CN=alice');
    // Somebody else who is named is not it, and a logout leaves nobody.
    expect(await runPlugin(['login', ...nameless, '--username', machine.username], as('alice'))).toBe(0);
    machine.takeOutput();
    expect(await subject(nameless)).toBe('CN=hr-system');
    const given = join(machine.homeDirectory, 'given');
    const exec = `{apiVersion: client.authentication.k8s.io/v1, command: kubectl-kubepass, args: [get-credential, ${nameless.join(', ')}]}`;
    writeFileSync(
      given,
      `users: [{name: u, user: {exec: ${exec}}}]\ncontexts: [{name: c, context: {cluster: k, user: u}}]\ncurrent-context: c\n`,
    );
    expect(await runPlugin(['logout', '--kubeconfig', given], machine)).toBe(0);
    expect(await runPlugin(['get-credential', ...nameless], machine)).toBe(1);
    expect(machine.takeLines().at(-1)).toMatch(/--cluster demo$/);
    machine.takeOutput();
    expect(await subject([...nameless, '--username', 'alice'])).toBe('CN=alice');
  });

  it('goes on with the request of a kubectl that named nobody', async () => {
    const machine = newMachine(service.tokenOf('hr-system'));
    const args = ['--server', server, '--cluster', 'demo', '--group', 'ops', '--expires-in', '11m'];
    expect(await runPlugin(['login', ...machine.args], machine)).toBe(0);
    machine.takeOutput();
    expect(await runPlugin(['get-credential', ...args], machine)).toBe(1);
    const [, request = ''] = /certificate request (\S+) waits/.exec(machine.takeLines().join()) ?? [];
    await service.as('bob')('post', `/v1/certificate-requests/${request}/approve`).expect(200);
    expect(await runPlugin(['login', ...args], machine)).toBe(0);
    expect(machine.takeLines()[0]).toBe(`kubepass: goes on with certificate request ${request}`);
    machine.takeOutput();
    expect(await runPlugin(['get-credential', ...args], withoutToken(machine))).toBe(0);
  });

  it('goes on with the ask of another principal neither before it is answered nor while it waits', async () => {
    const machine = newMachine();
    const args = ['login', '--server', server, '--cluster', 'demo', '--username', machine.username];
    const as = (name: 'alice' | 'hr-system') => ({
      ...machine,
      environment: { KUBEPASS_TOKEN: service.tokenOf(name) },
    });
    answerInstead = { status: 503 };
    breaks = '/v1/certificate-requests';
    expect(await runPlugin(args, as('alice'))).toBe(1);
    answerInstead = null;
    expect(await runPlugin(args, as('hr-system')), machine.takeLines().join()).toBe(0);
    expect(machine.takeOutput()).toContain(`You are ${machine.username} on demo`);

    const impatient = new Error('nobody waits');
    const ops = (name: 'alice' | 'hr-system') => ({ ...as(name), sleep: () => Promise.reject(impatient) });
    await expect(runPlugin([...args, '--group', 'ops'], ops('alice'))).rejects.toBe(impatient);
    machine.takeLines();
    await expect(runPlugin([...args, '--group', 'ops'], ops('hr-system'))).rejects.toBe(impatient);
    expect(machine.takeLines().join()).not.toContain('goes on with');
  });

  it('takes the certificate that another kubectl has collected meanwhile', async () => {
    const machine = newMachine();
    const args = machine.args.map((arg) => (arg === 'team-a' ? 'ops' : arg));
    let polls = 0;
    const login = runPlugin(['login', ...args], {
      ...machine,
      async sleep() {
        polls += 1;
        if (polls > 1) return;
        const { items } = as.requests(await service.as('bob')('get', '/v1/certificate-requests?state=pending'));
        const url = `/v1/certificate-requests/${items.find(({ username }) => username === machine.username)?.id ?? ''}`;
        await service.as('bob')('post', `${url}/approve`).expect(200);
        await expect
          .poll(async () => as.request(await service.as('bob')('get', url)).state, { interval: 10 })
          .toBe('issued');
        expect(await runPlugin(['get-credential', ...args], machine)).toBe(0);
      },
    });
    expect(await login, machine.takeLines().join('\n')).toBe(0);
    expect(machine.takeOutput()).toContain(`You are ${machine.username} in ops`);
  });

  it('holds the lock of the cache while it asks', async () => {
    const machine = newMachine();
    let go: () => void = () => undefined;
    seen = [];
    const login = runPlugin(['login', ...machine.args], machine);
    passes = new Promise((resolve) => {
      go = resolve;
    });
    const asks = () => seen.includes('POST /v1/certificate-requests');
    const lets = setInterval(() => {
      if (asks()) return;
      go();
      passes = new Promise((resolve) => {
        go = resolve;
      });
    }, 1);
    await expect.poll(asks, { interval: 1 }).toBe(true);
    clearInterval(lets);
    expect(readdirSync(folderOf(machine))).toContain('lock');
    go();
    expect(await login).toBe(0);
    expect(readdirSync(folderOf(machine))).toEqual(['credential.json']);
  });

  it('leaves no empty folder where nothing was issued', async () => {
    const machine = newMachine();
    const args = machine.args.map((arg) => (arg === 'team-a' ? 'nobody' : arg));
    expect(await runPlugin(['login', ...args], machine)).toBe(1);
    expect(folderOf(machine)).toBe('');
  });

  it('ends with 1 where a file that it names is not there, and with 2 where the command line is wrong', async () => {
    const machine = newMachine();
    expect(await runPlugin(['login', ...machine.args, '--certificate-authority', '/nowhere'], machine)).toBe(1);
    expect(machine.takeLines()).toEqual([
      'kubepass: --certificate-authority cannot be read: /nowhere is not there (ENOENT)',
    ]);
    expect(await runPlugin(['login', ...machine.args, '--key-algorithm', 'DSA'], machine)).toBe(2);
  });

  it('says why it is not permitted, and leaves no context', async () => {
    const machine = newMachine();
    const args = machine.args.map((arg) => (arg === 'team-a' ? 'admins' : arg));
    expect(await runPlugin(['login', ...args], machine)).toBe(1);
    const [first, ...why] = machine.takeLines();
    expect(first).toMatch(/^kubepass: policy denies certificate request [0-9a-f-]{36}:$/);
    expect(why).toContainEqual(expect.stringMatching(/^ {2}- .*"admins".*automatic/));
    expect(why.every((line) => line.startsWith('  - '))).toBe(true);
    expect(() => statSync(join(machine.homeDirectory, '.kube', 'config'))).toThrow('ENOENT');
  });

  it('says which clusters there are where the one that is named is none of them', async () => {
    const machine = newMachine();
    const args = machine.args.map((arg) => (arg === 'demo' ? 'demmo' : arg));
    expect(await runPlugin(['login', ...args], machine)).toBe(1);
    expect(machine.takeLines()).toEqual(['kubepass: no cluster demmo; there is demo']);
    const other = machine.args.map((arg) => (arg === 'demo' ? 'nope' : arg));
    expect(await runPlugin(['login', ...other], machine)).toBe(1);
    expect(machine.takeLines()).toEqual(['kubepass: no cluster nope; there is demo']);
  });

  it('gives its reason again with each ask, also a renewal, and a policy that demands one is content', async () => {
    const machine = newMachine();
    const args = machine.args.map((arg) => (arg === 'team-a' ? 'reasoned' : arg));
    expect(await runPlugin(['login', ...args], machine)).toBe(1);
    expect(machine.takeLines()).toContainEqual('  - policy "with-reason" asks for a reason');
    expect(
      await runPlugin(['login', ...args, '--reason', 'INC-42 is on fire'], machine),
      machine.takeLines().join(),
    ).toBe(0);
    const { own } = ownContexts(readFileSync(join(machine.homeDirectory, '.kube', 'config'), 'utf8'));
    const [command, ...kept] = own[0]?.args ?? [];
    expect([command, kept]).toEqual(['get-credential', expect.arrayContaining(['--reason', 'INC-42 is on fire'])]);
    const reasons = async () => {
      const list = `/v1/certificate-requests?username=${machine.username}`;
      const { body } = await service.as('alice')('get', list).expect(200);
      return (body as { items: { reason: string | null }[] }).items.map(({ reason }) => reason);
    };
    machine.takeOutput();
    // By its key, then after the cache has lost the certificate.
    pass(420);
    expect(await runPlugin(['get-credential', ...kept], withoutToken(machine)), machine.takeLines().join()).toBe(0);
    rmSync(join(folderOf(machine), 'credential.json'));
    expect(await runPlugin(['get-credential', ...kept], machine), machine.takeLines().join()).toBe(0);
    expect(await reasons()).toEqual([...Array(3).fill('INC-42 is on fire'), null]);
  });

  it('gives the reason of the last login also for a kubeconfig that names nobody', async () => {
    const machine = newMachine();
    const nobody = ['--server', server, '--cluster', 'demo', '--group', 'reasoned', '--expires-in', '10m'];
    expect(await runPlugin(['login', ...nobody, '--reason', 'INC-7'], machine), machine.takeLines().join()).toBe(0);
    pass(700);
    machine.takeOutput();
    expect(await runPlugin(['get-credential', ...nobody], machine), machine.takeLines().join()).toBe(0);
  });

  it('says what is wrong with an ask that is not valid', async () => {
    const machine = newMachine();
    expect(await runPlugin(['login', ...machine.args, '--namespace', 'Not_A_Label'], machine)).toBe(1);
    expect(machine.takeLines()).toEqual([
      expect.stringMatching(/^kubepass: the request is not valid.*: \/namespace must /),
    ]);
  });

  it('refuses a token that is not known, without repeating it', async () => {
    const machine = newMachine('a-token-that-is-not-known');
    expect(await runPlugin(['login', ...machine.args], machine)).toBe(1);
    const lines = machine.takeLines().join();
    expect(lines).toContain('unknown, expired or revoked');
    expect(lines).not.toContain('a-token-that-is-not-known');
  });
});

describe('get-credential', () => {
  it('answers from the cache without a call, until two thirds of the lifetime', async () => {
    const machine = await loggedIn();
    seen = [];
    const first = await credentialOf(machine);
    pass(380);
    expect(await credentialOf(machine)).toEqual(first);
    expect(seen).toEqual([]);
    expect(Date.parse(first.expirationTimestamp)).toBeLessThan(
      Date.parse(new X509Certificate(first.clientCertificateData).validTo),
    );
    pass(25);
    const second = await credentialOf(machine);
    expect(fingerprintOf(second)).not.toBe(fingerprintOf(first));
    expect(second.clientKeyData).not.toBe(first.clientKeyData);
    expect(seen).toEqual([`POST /v1/certificates/${fingerprintOf(first)}/renew`]);
    const stored = await service.store.certificates.findByFingerprint(fingerprintOf(second));
    expect(stored).toMatchObject({
      username: machine.username,
      groups: ['team-a'],
      renewal: { of: fingerprintOf(first) },
    });
  });

  it.each(['--key-algorithm', 'Ed25519', 'RSA-2048', 'ECDSA-P384', 'ECDSA-P521'].slice(1))(
    'renews with a key of %s',
    async (algorithm) => {
      const fresh = newMachine();
      const machine = await loggedIn({ ...fresh, args: [...fresh.args, '--key-algorithm', algorithm] });
      const first = await credentialOf(machine);
      pass(420);
      expect(fingerprintOf(await credentialOf(machine))).not.toBe(fingerprintOf(first));
    },
  );

  it.each([503, 429, 500])(
    'hands out the old certificate while kubepass answers %i, says so, and tries again later',
    async (status) => {
      const machine = await loggedIn();
      const first = await credentialOf(machine);
      pass(420);
      answerInstead = { status };
      seen = [];
      expect(await credentialOf(machine)).toEqual(first);
      expect(machine.takeLines()).toEqual([
        expect.stringMatching(/^kubepass: the certificate could not be renewed and works until /),
      ]);
      // The next kubectl does not wait for it again.
      expect(await credentialOf(machine)).toEqual(first);
      expect(seen).toHaveLength(1);
      answerInstead = null;
      pass(11);
      expect(fingerprintOf(await credentialOf(machine))).not.toBe(fingerprintOf(first));
    },
  );

  const foreign = [
    { status: 302, type: 'text/html', body: '' },
    { status: 200, type: 'text/html', body: '<html>sign in to this network</html>' },
    { status: 200, type: 'application/json', body: '[]' },
    { status: 200, type: 'application/json', body: '{"x":1}' },
    { status: 201, type: 'application/json', body: '{"id":"x","state":"issued","certificate":{"pem":"x"}}' },
    { status: 401, type: 'text/html', body: 'sign in to the gateway' },
    { status: 403, type: 'text/html', body: '<html>blocked</html>' },
    { status: 403, type: 'application/json', body: '{"type":"urn:kubepass:problem:forbidden","detail":"blocked"}' },
    { status: 404, type: 'text/plain', body: 'default backend - 404' },
    { status: 404, type: 'application/problem+json', body: '{"type":"about:blank","detail":"no such route"}' },
    { status: 407, type: 'text/html', body: '' },
  ];

  it.each(foreign)(
    'hands out the old certificate while something else answers $status as $type: $body',
    async (answer) => {
      const machine = await loggedIn();
      const first = await credentialOf(machine);
      pass(420);
      answerInstead = answer;
      expect(await credentialOf(machine)).toEqual(first);
      const lines = machine.takeLines();
      expect(lines).toEqual([
        expect.stringMatching(
          /^kubepass: the certificate could not be renewed and works until .+ not answer as kubepass/,
        ),
      ]);
      // With a token at hand that something else refuses, too.
      pass(11);
      const attempt = join(folderOf(machine), 'attempt.json');
      const content = JSON.stringify({
        ...(JSON.parse(readFileSync(attempt, 'utf8').split('\n')[1] ?? '') as object),
        pendingRequest: 'one-that-waits',
      });
      writeFileSync(attempt, `${hash('sha256', content)}\n${content}\n`);
      const withToken = { ...machine, environment: { KUBEPASS_TOKEN: service.tokenOf('alice') } };
      expect(await credentialOf(withToken)).toEqual(first);
      expect(machine.takeLines()).toHaveLength(1);
    },
  );

  it.each(foreign)('says at a login that $status as $type is no answer of kubepass: $body', async (answer) => {
    const machine = newMachine();
    answerInstead = answer;
    expect(await runPlugin(['login', ...machine.args], machine)).toBe(1);
    expect(machine.takeLines()).toEqual([
      `kubepass: ${server} does not answer as kubepass does (HTTP status ${answer.status}): a proxy or a sign-in page of the network may stand between`,
    ]);
  });

  it('hands out the old certificate while its own disk is in the way, and renews it afterwards', async () => {
    const machine = await loggedIn();
    const first = await credentialOf(machine);
    pass(420);
    const lock = join(folderOf(machine), 'lock');
    // Modes stop no root, and this stops everybody.
    mkdirSync(lock);
    seen = [];
    expect(await credentialOf(machine)).toEqual(first);
    expect(machine.takeLines()).toEqual([
      expect.stringMatching(
        /^kubepass: the certificate could not be renewed and works until .*Z \(in .*\): \S+ is a folder, where a file is expected \(EISDIR\)$/,
      ),
    ]);
    expect(seen).toEqual([]);
    pass(200);
    expect(await runPlugin(['get-credential', ...machine.args], machine)).toBe(1);
    expect(machine.takeLines()).toEqual([
      expect.stringMatching(/^kubepass: \S+ is a folder, where a file is expected \(EISDIR\)$/),
    ]);
    rmSync(lock, { recursive: true });
    const withToken = { ...machine, environment: { KUBEPASS_TOKEN: service.tokenOf('alice') } };
    expect(fingerprintOf(await credentialOf(withToken))).not.toBe(fingerprintOf(first));
  });

  it('says the no of kubepass also where the disk cannot keep it', async () => {
    const { machine } = await revokedAndDue();
    passes = expect
      .poll(() => seen, { timeout: 20_000 })
      .toHaveLength(1)
      .then(() => {
        mkdirSync(join(folderOf(machine), 'refusal.json'));
      });
    expect(await runPlugin(['get-credential', ...machine.args], machine)).toBe(1);
    expect(machine.takeOutput()).toBe('');
    expect(machine.takeLines()).toEqual([expect.stringContaining('the certificate is revoked')]);
  });

  it('ends where kubepass itself refuses the renewal, however long the old certificate works', async () => {
    const machine = await loggedIn();
    await credentialOf(machine);
    pass(420);
    answerInstead = {
      status: 403,
      type: 'application/problem+json; charset=utf-8',
      body: '{"type":"urn:kubepass:problem:request-denied","detail":"not any more"}',
    };
    expect(await runPlugin(['get-credential', ...machine.args], machine)).toBe(1);
    expect(machine.takeOutput()).toBe('');
    expect(machine.takeLines().join()).toContain('kubepass refuses the certificate for demo: not any more');
  });

  it('says which policy denies a certificate, also to the calls that follow at once', async () => {
    const machine = newMachine();
    await loggedIn(machine);
    const args = machine.args.map((arg) => (arg === 'team-a' ? 'admins' : arg));
    seen = [];
    for (let call = 0; call < 2; call += 1) {
      expect(await runPlugin(['get-credential', ...args], machine)).toBe(1);
      const [first, ...more] = machine.takeLines();
      expect(first).toMatch(
        /^kubepass refuses the certificate for demo: policy denies certificate request [0-9a-f-]{36}:$/,
      );
      expect(more.slice(0, -1)).toContainEqual(expect.stringMatching(/^ {2}- .*"admins".*automatic/));
      expect(more.at(-1)).toMatch(/^When that is settled, run: kubectl kubepass login /);
    }
    expect(seen.filter((one) => one.startsWith('POST'))).toHaveLength(1);
  });

  it('makes one certificate where the answer to the first ask was lost', async () => {
    const machine = await loggedIn();
    const first = await credentialOf(machine);
    pass(420);
    // It arrives, and the answer is lost: the same ask is sent once more, with another proof.
    const kept = join(folderOf(machine), 'attempt.json');
    const attempt = new Promise<string>((resolve) => {
      front.once('request', () => {
        resolve(readFileSync(kept, 'utf8'));
      });
    });
    const second = await credentialOf(machine);
    const credential = join(folderOf(machine), 'credential.json');
    const old = readFileSync(credential, 'utf8');
    writeFileSync(kept, await attempt, { mode: 0o600 });
    const content = JSON.stringify({
      ...(JSON.parse(old.split('\n')[1] ?? '') as object),
      ...{
        fingerprintSha256: fingerprintOf(first),
        certificatePem: first.clientCertificateData,
        keyPem: first.clientKeyData,
        renewAt: 0,
      },
    });
    writeFileSync(credential, `${hash('sha256', content)}\n${content}\n`);
    expect(fingerprintOf(await credentialOf(machine))).toBe(fingerprintOf(second));
  });

  it('gets the one certificate of a cluster that signs slowly, and makes no other', async () => {
    const machine = await loggedIn();
    const first = await credentialOf(machine);
    pass(420);
    let sign: () => void = () => undefined;
    signed = new Promise((resolve) => {
      sign = resolve;
    });
    for (let i = 0; i < 3; i += 1) {
      expect(await credentialOf(machine)).toEqual(first);
      expect(machine.takeLines().join()).toContain('has not signed certificate request');
      pass(11);
    }
    sign();
    signed = null;
    const second = await credentialOf(machine);
    expect(fingerprintOf(second)).not.toBe(fingerprintOf(first));
    const { items } = await service.store.certificates.list(
      { username: machine.username },
      { limit: 10, cursor: null },
    );
    expect(items).toHaveLength(2);
  });

  it.each([
    ['behind', -3_600],
    ['ahead', 3_600],
  ])('renews in time by a clock that is an hour %s', async (_what, seconds) => {
    const fresh = newMachine();
    const now = () => Date.now() + offset + seconds * 1000;
    const machine = await loggedIn({ ...fresh, now });
    const fast = () => answerFromCache(['get-credential', ...machine.args], machine);
    const first = await credentialOf(machine);
    const inTheFuture = ({ expirationTimestamp }: Credential['status']) => {
      expect(Date.parse(expirationTimestamp) - now()).toBeGreaterThan(500_000);
      expect(Date.parse(expirationTimestamp) - now()).toBeLessThan(600_000);
    };
    inTheFuture(first);
    pass(380);
    expect(await credentialOf(machine)).toEqual(first);
    expect(fast()).not.toBeNull();
    pass(40);
    expect(fast()).toBeNull();
    const second = await credentialOf(machine);
    expect(fingerprintOf(second)).not.toBe(fingerprintOf(first));
    inTheFuture(second);
    pass(650);
    expect(fast()).toBeNull();
    expect(await runPlugin(['get-credential', ...machine.args], machine)).toBe(1);
  });

  it('is not sure of a certificate of the future, after the clock was set back', async () => {
    const fresh = newMachine();
    const machine = await loggedIn({ ...fresh, now: () => Date.now() + offset + 3_600_000 });
    const first = await credentialOf(machine);
    const setBack = { ...machine, now: () => Date.now() + offset };
    expect(answerFromCache(['get-credential', ...machine.args], setBack)).toBeNull();
    expect(fingerprintOf(await credentialOf(setBack))).not.toBe(fingerprintOf(first));
  });

  /** More certificates of the lineage, which is full with three that live. */
  async function fillLineage({ username }: { readonly username: string }, of: string, group: string, count: number) {
    const fingerprints: string[] = [];
    for (let i = 0; i < count; i += 1) {
      const { pem: csr } = await csrFor(username, [group]);
      const answer = await service
        .as('alice')('post', `/v1/certificates/${of}/renew`)
        .set('prefer', 'wait=20')
        .send({ csr, expirationSeconds: 3_600 })
        .expect(201);
      fingerprints.push(as.kubeconfig(answer).certificate.fingerprintSha256);
    }
    return fingerprints;
  }

  it('renews later where the lineage has too many certificates, and is not told the same no again then', async () => {
    const machine = await loggedIn();
    const first = await credentialOf(machine);
    const others = await fillLineage(machine, fingerprintOf(first), 'team-a', 2);
    pass(420);
    seen = [];
    expect(await credentialOf(machine)).toEqual(first);
    expect(machine.takeLines().join()).toContain('kubepass renews later');
    for (const other of others)
      await service.as('alice')('post', `/v1/certificates/${other}/revoke`).send({ reason: 'superseded' }).expect(200);
    // Each try is on record at kubepass, so there are few.
    pass(60);
    expect(await credentialOf(machine)).toEqual(first);
    expect(seen).toHaveLength(1);
    pass(95);
    expect(fingerprintOf(await credentialOf(machine))).not.toBe(fingerprintOf(first));
  });

  it('signs in where the lineage has too many certificates and the own one has ended', async () => {
    const fresh = newMachine();
    const machine = await loggedIn({ ...fresh, args: fresh.args.map((arg) => (arg === 'team-a' ? 'late' : arg)) });
    const first = await credentialOf(machine);
    await fillLineage(machine, fingerprintOf(first), 'late', 2);
    pass(700);
    await fillLineage(machine, fingerprintOf(first), 'late', 1);
    expect(await runPlugin(['get-credential', ...machine.args], machine)).toBe(1);
    expect(machine.takeLines().join()).toMatch(/renews later: .+ Run: kubectl kubepass login/);
    pass(11);
    const withToken = { ...machine, environment: { KUBEPASS_TOKEN: service.tokenOf('alice') } };
    expect(fingerprintOf(await credentialOf(withToken))).not.toBe(fingerprintOf(first));
  });

  it('asks once where ten kubectl find an expired certificate', async () => {
    const machine = await loggedIn();
    await credentialOf(machine);
    pass(3_600);
    const withToken = { ...machine, environment: { KUBEPASS_TOKEN: service.tokenOf('alice') } };
    seen = [];
    const all = await Promise.all(
      Array.from({ length: 10 }, () => {
        let output = '';
        return runPlugin(['get-credential', ...machine.args], {
          ...withToken,
          print: (text) => void (output += text),
        }).then((code) => ({ code, output }));
      }),
    );
    expect(new Set(all.map(({ code }) => code))).toEqual(new Set([0]));
    expect(new Set(all.map(({ output }) => output)).size).toBe(1);
    expect(seen.filter((one) => one === 'POST /v1/certificate-requests')).toHaveLength(1);
  });

  it('does not wait for another kubectl that renews, while the certificate works', async () => {
    const machine = await loggedIn();
    const first = await credentialOf(machine);
    pass(420);
    const lock = join(folderOf(machine), 'lock');
    writeFileSync(lock, `elsewhere ${process.pid} abc`);
    expect(await credentialOf(machine)).toEqual(first);
    // That one was killed, on a machine that nobody can ask.
    const then = Date.now() / 1000 - 60;
    utimesSync(lock, then, then);
    expect(fingerprintOf(await credentialOf(machine))).not.toBe(fingerprintOf(first));
  });

  it('moves a damaged cache aside, says so, and gets a new one', async () => {
    const machine = await loggedIn();
    const file = join(folderOf(machine), 'credential.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('BEGIN CERTIFICATE', 'BEGIN CERTIFICATf'));
    const withToken = { ...machine, environment: { KUBEPASS_TOKEN: service.tokenOf('alice') } };
    await credentialOf(withToken);
    expect(machine.takeLines()[0]).toMatch(/^kubepass: the cache is damaged; it is moved aside to .+damaged-\d+$/);
    expect(readdirSync(folderOf(machine)).some((name) => name.startsWith('credential.json.damaged-'))).toBe(true);
  });

  it('ends with a sentence where the certificate is revoked, and asks once for the six calls of one kubectl', async () => {
    const { machine, fingerprint } = await revokedAndDue();
    const interactive = {
      KUBERNETES_EXEC_INFO: JSON.stringify({
        apiVersion: 'client.authentication.k8s.io/v1',
        spec: { interactive: true },
      }),
    };
    for (let i = 0; i < 6; i += 1)
      expect(await runPlugin(['get-credential', ...machine.args], { ...machine, environment: interactive })).toBe(1);
    const lines = machine.takeLines();
    expect(new Set(lines).size).toBe(1);
    expect(lines[0]).toContain('the certificate is revoked');
    expect(lines[0]).toContain('kubectl kubepass login --server');
    expect(seen).toEqual([`POST /v1/certificates/${fingerprint}/renew`]);
    expect(machine.takeOutput()).toBe('');
  });

  it('works again after the identity is unblocked and somebody has logged in', async () => {
    const machine = await loggedIn();
    await credentialOf(machine);
    await service
      .as('root')('post', `/v1/identities/${machine.username}/block`)
      .send({ reason: 'unspecified' })
      .expect(200);
    pass(420);
    expect(await runPlugin(['get-credential', ...machine.args], machine)).toBe(1);
    const again = { ...machine, environment: { KUBEPASS_TOKEN: service.tokenOf('alice') } };
    expect(await runPlugin(['login', ...machine.args], again)).toBe(1);
    expect(machine.takeLines().join('\n')).toMatch(/block/);
    await service.as('root')('post', `/v1/identities/${machine.username}/unblock`).send({}).expect(200);
    expect(await runPlugin(['login', ...machine.args], again)).toBe(0);
    machine.takeOutput();
    await credentialOf(machine);
  });

  describe('while a renewal waits for a person', () => {
    /** Logged in by an approval, without a token since, and the renewal waits. */
    async function waiting() {
      const fresh = newMachine();
      const args = fresh.args.map((arg) => (arg === 'team-a' ? 'ops' : arg));
      const mine = async () => {
        const { items } = as.requests(await service.as('bob')('get', '/v1/certificate-requests?state=pending'));
        return items.filter(({ username }) => username === fresh.username);
      };
      const decide = async (verb: 'approve' | 'deny', end: string) => {
        const [pending, ...others] = await mine();
        expect(others).toEqual([]);
        const path = `/v1/certificate-requests/${pending?.id ?? ''}`;
        await service.as('bob')('post', `${path}/${verb}`).send({ comment: 'as agreed' }).expect(200);
        const state = async () => as.request(await service.as('bob')('get', path)).state;
        await expect.poll(state, { interval: 10 }).toBe(end);
      };
      const approve = () => decide('approve', 'issued');
      const logging = { ...fresh, args, sleep: approve };
      expect(await runPlugin(['login', ...args], logging)).toBe(0);
      logging.takeOutput();
      logging.takeLines();
      const machine = withoutToken({ ...fresh, args });
      const first = await credentialOf(machine);
      pass(420);
      expect(await credentialOf(machine)).toEqual(first);
      return { machine, first, mine, approve, deny: () => decide('deny', 'denied') };
    }

    it('hands out the old certificate, says whose word is missing, and looks each half minute', async () => {
      const { machine, first, mine } = await waiting();
      expect(machine.takeLines()).toEqual([
        expect.stringMatching(
          /^kubepass: certificate request \S+ waits for 1 of 1 bob, carol at \S+; once it is approved, kubectl collects the certificate by itself; the old certificate works until /,
        ),
      ]);
      seen = [];
      for (let i = 0; i < 6; i++) expect(await credentialOf(machine)).toEqual(first);
      expect(seen).toEqual([]);
      pass(31);
      expect(await credentialOf(machine)).toEqual(first);
      expect(seen).toHaveLength(1);
      expect(await mine()).toHaveLength(1);
    });

    it('collects the new one without a token as soon as it is approved', async () => {
      const { machine, first, approve } = await waiting();
      await approve();
      pass(31);
      const second = await credentialOf(machine);
      expect(fingerprintOf(second)).not.toBe(fingerprintOf(first));
      expect(second.clientKeyData).not.toBe(first.clientKeyData);
    });

    it('says so after the end of the old one, asks once for the six calls of one kubectl, and collects then', async () => {
      const { machine, approve, first } = await waiting();
      machine.takeLines();
      pass(86_400 + 7200);
      seen = [];
      for (let i = 0; i < 6; i++) {
        expect(await runPlugin(['get-credential', ...machine.args], machine)).toBe(1);
        expect(machine.takeLines()).toEqual([
          expect.stringMatching(/^kubepass: certificate request \S+ waits for 1 of 1 bob, carol at .*by itself$/),
        ]);
      }
      expect(seen).toHaveLength(1);
      await approve();
      pass(31);
      expect(fingerprintOf(await credentialOf(machine))).not.toBe(fingerprintOf(first));
    });

    it('says that the new one ended where nobody used kubectl in time, and renews no further then', async () => {
      const { machine, approve } = await waiting();
      await approve();
      pass(86_400);
      machine.takeLines();
      expect(await runPlugin(['get-credential', ...machine.args], machine)).toBe(1);
      expect(machine.takeLines()[0]).toMatch(/certificate of request \S+ ended before it was collected\. Run: /);
    });

    it('says the no of the person, and asks anew afterwards', async () => {
      const { machine, deny, mine } = await waiting();
      await deny();
      pass(31);
      machine.takeLines();
      expect(await runPlugin(['get-credential', ...machine.args], machine)).toBe(1);
      expect(machine.takeLines().join(' ')).toMatch(
        /certificate request \S+ was denied by bob: as agreed\. When that is settled, run: /,
      );
      pass(31);
      await credentialOf(machine);
      expect(await mine()).toHaveLength(1);
    });
  });

  it('has nothing to hand out without a login or a token, and says what to do', async () => {
    const machine = newMachine(null);
    expect(await runPlugin(['get-credential', ...machine.args], machine)).toBe(1);
    expect(machine.takeLines()).toEqual([
      `kubepass: you have not logged in at ${server}. If it is a kubepass of yours, run: kubectl kubepass login --server ${server} --cluster demo --username ${machine.username} --group team-a --expires-in 600s`,
    ]);
    await loggedIn({ ...machine, environment: { KUBEPASS_TOKEN: service.tokenOf('alice') } });
    rmSync(folderOf(machine), { recursive: true });
    expect(await runPlugin(['get-credential', ...machine.args], machine)).toBe(1);
    expect(machine.takeLines()).toEqual([
      expect.stringMatching(/^kubepass: there is no credential for this context yet\. Run: kubectl kubepass login /),
    ]);
  });

  it('says in a sentence which file it cannot read', async () => {
    const machine = await loggedIn();
    const file = join(folderOf(machine), 'credential.json');
    rmSync(file);
    mkdirSync(file);
    expect(answerFromCache(['get-credential', ...machine.args], machine)).toBeNull();
    expect(await runPlugin(['get-credential', ...machine.args], machine)).toBe(1);
    expect(machine.takeLines()).toEqual([
      expect.stringMatching(/^kubepass: \S+ is a folder, where a file is expected \(EISDIR\)$/),
    ]);
  });

  it('takes a token from a file and from a command', async () => {
    for (const more of [
      (file: string) => ['--token-file', file],
      (file: string) => ['--token-command', `cat ${file}`],
    ]) {
      const machine = newMachine(null);
      const file = join(machine.homeDirectory, 'token');
      writeFileSync(file, `${service.tokenOf('alice')}\n`);
      expect(await runPlugin(['login', ...machine.args, ...more(file)], machine)).toBe(0);
      machine.takeOutput();
      rmSync(folderOf(machine), { recursive: true });
      await credentialOf(machine);
    }
  });
});

describe('status, logout and revoke', () => {
  it('show, forget and revoke', async () => {
    const machine = await loggedIn();
    const { notAfter } = (await service.store.certificates.findByFingerprint(
      fingerprintOf(await credentialOf(machine)),
    )) ?? { notAfter: new Date(0) };
    expect(await runPlugin(['status', '-o', 'json'], machine)).toBe(0);
    expect(JSON.parse(machine.takeOutput())).toEqual({
      items: [
        {
          context: `${machine.username}@demo`,
          server,
          cluster: 'demo',
          username: machine.username,
          groups: ['team-a'],
          notAfter: notAfter.toISOString(),
          renewAt: expect.any(String) as string,
          state: 'valid',
        },
      ],
    });
    const fingerprint = fingerprintOf(await credentialOf(machine));
    expect(
      await runPlugin(['revoke', '--reason', 'keyCompromise'], {
        ...machine,
        environment: { KUBEPASS_TOKEN: service.tokenOf('alice') },
      }),
    ).toBe(0);
    const said = machine.takeOutput();
    expect(said).toContain('is revoked and forgotten');
    expect(said).toMatch(/^It ends at \S+Z \(in \d+ min.*\)\. Until then these uses go on:\n {2}- everything, until /m);
    expect(said).toMatch(/new certificate with the token in KUBEPASS_TOKEN\. To prevent it, run: .*logout --context/);
    expect(await service.store.certificates.findByFingerprint(fingerprint)).toMatchObject({
      revocation: { reason: 'keyCompromise' },
    });
    expect(await runPlugin(['status'], machine)).toBe(0);
    const status = machine.takeOutput();
    expect(status).toContain('unknown');
    expect(status).toMatch(/that was revoked here .* ago \(.*Z\) ends at .*:\n {2}- everything/);
    expect(status).not.toContain('new certificate');
    expect(await runPlugin(['status'], { ...machine, environment: { KUBEPASS_TOKEN: 'any' } })).toBe(0);
    expect(machine.takeOutput()).toContain('new certificate with the token in KUBEPASS_TOKEN');
    const other = await loggedIn();
    expect(await runPlugin(['logout'], other)).toBe(0);
    expect(() => statSync(join(folderOf(other), 'credential.json'))).toThrow('ENOENT');
  });

  it.each(['logout', 'revoke'] as const)('%s leaves nothing of a kubectl that renews meanwhile', async (command) => {
    const machine = await loggedIn();
    const old = await credentialOf(machine);
    pass(420);
    let go: () => void = () => undefined;
    passes = new Promise((resolve) => {
      go = resolve;
    });
    seen = [];
    const renewal = credentialOf(machine);
    await expect.poll(() => seen.length, { interval: 5 }).toBe(1);
    const withToken = { ...machine, environment: { KUBEPASS_TOKEN: service.tokenOf('alice') } };
    const ending = runPlugin([command], command === 'logout' ? machine : withToken);
    await machine.sleep(100);
    go();
    const renewed = fingerprintOf(await renewal);
    expect(renewed).not.toBe(fingerprintOf(old));
    expect(await ending).toBe(0);
    // The note about a revocation has neither a key nor a certificate.
    expect(readdirSync(folderOf(machine))).toEqual(command === 'revoke' ? ['revocation.json'] : []);
    const { revocation } = (await service.store.certificates.findByFingerprint(renewed)) ?? {};
    expect(revocation !== null).toBe(command === 'revoke');
  });

  it('promise no new certificate where the identity is blocked', async () => {
    const machine = await loggedIn();
    const admin = { ...machine, environment: { KUBEPASS_TOKEN: service.tokenOf('root') } };
    const identity = service.as('root');
    await identity('post', `/v1/identities/${machine.username}/block`).send({ reason: 'unspecified' }).expect(200);
    const promised = /new certificate with the token/;
    const blocked = 'The identity is blocked on demo, so it gets no new certificate before it is unblocked.';
    expect(await runPlugin(['status'], admin)).toBe(0);
    const before = admin.takeOutput();
    expect(before).toContain(blocked);
    expect(before).not.toMatch(promised);
    expect(await runPlugin(['revoke'], admin)).toBe(0);
    const said = admin.takeOutput();
    expect(said).toContain(blocked);
    expect(said).not.toMatch(promised);
    expect(await runPlugin(['status'], admin)).toBe(0);
    expect(admin.takeOutput()).toContain(blocked);
    await identity('post', `/v1/identities/${machine.username}/unblock`).send({}).expect(200);
    expect(await runPlugin(['status'], admin)).toBe(0);
    expect(admin.takeOutput()).toMatch(promised);
  });

  it('say of a certificate that was revoked elsewhere that it is', async () => {
    const machine = await loggedIn();
    const fingerprint = fingerprintOf(await credentialOf(machine));
    await service
      .as('alice')('post', `/v1/certificates/${fingerprint}/revoke`)
      .send({ reason: 'unspecified' })
      .expect(200);
    const withToken = { ...machine, environment: { KUBEPASS_TOKEN: service.tokenOf('alice') } };
    expect(await runPlugin(['status', '-o', 'json', '--all', '--server', server], withToken)).toBe(0);
    expect(JSON.parse(machine.takeOutput())).toMatchObject({
      items: [{ state: 'revoked', continues: [expect.stringContaining('everything')] }],
    });
    expect(await runPlugin(['status'], withToken)).toBe(0);
    expect(machine.takeOutput()).toMatch(/^The revoked certificate of context .* ends at .*\n {2}- everything/m);
  });

  it('show times as they are from now', async () => {
    const machine = await loggedIn();
    expect(await runPlugin(['status'], machine)).toBe(0);
    expect(machine.takeOutput()).toMatch(/ in (?:9|10) min.* \(\S+Z\) +in [67] min.* \(\S+Z\) +valid\n$/);
    pass(900);
    expect(await runPlugin(['status'], machine)).toBe(0);
    expect(machine.takeOutput()).toMatch(/ 5 min.* ago \(\S+Z\) .* expired\n$/);
  });
});

describe('a token that names no server, where the kubeconfig has contexts of two', () => {
  const token = () => service.tokenOf('alice');
  /** The same kubepass by another name, so another one for the plugin. */
  const other = () => server.replace('127.0.0.1', 'localhost');

  async function withTwoServers(...more: readonly string[]) {
    const machine = newMachine();
    expect(await runPlugin(['login', ...machine.args, '--context', 'one'], machine)).toBe(0);
    const args = machine.args.map((arg) => (arg === server ? other() : arg));
    expect(await runPlugin(['login', ...args, '--context', 'two', ...more], machine), machine.takeLines().join()).toBe(
      0,
    );
    machine.takeOutput();
    machine.takeLines();
    bearers = [];
    return machine;
  }
  const statesOf = async (machine: TestMachine, ...args: readonly string[]) => {
    expect(await runPlugin(['status', '--all', '-o', 'json', ...args], machine)).toBe(0);
    const { items } = JSON.parse(machine.takeOutput()) as { items: { context: string; state: string }[] };
    return Object.fromEntries(items.map(({ context, state }) => [context, state]));
  };
  const notAsked = (place: string, context: string) =>
    `kubepass: ${place} is not asked about context "${context}", whose status is that of the cache: the token at hand is for one server: name it with --server or KUBEPASS_SERVER`;

  it('goes to none of them for a status of all, which says so', async () => {
    const machine = await withTwoServers();
    expect(await statesOf(machine)).toEqual({ one: 'valid', two: 'valid' });
    expect(bearers).toEqual([]);
    expect([...machine.takeLines()].sort()).toEqual([notAsked(server, 'one'), notAsked(other(), 'two')].sort());
    // Nothing is said where there is no token anyway.
    expect(await statesOf(withoutToken(machine))).toEqual({ one: 'valid', two: 'valid' });
    expect(machine.takeLines()).toEqual([]);
  });

  it.each(['--server', 'KUBEPASS_SERVER'])('goes to the one that %s names', async (how) => {
    const machine = await withTwoServers();
    const first = await credentialOf(withoutToken(machine));
    await service
      .as('alice')('post', `/v1/certificates/${fingerprintOf(first)}/revoke`)
      .send({ reason: 'unspecified' })
      .expect(200);
    const named = { ...machine, environment: { ...machine.environment, KUBEPASS_SERVER: server } };
    const states = how === '--server' ? await statesOf(machine, how, server) : await statesOf(named);
    expect(states).toEqual({ one: 'revoked', two: 'valid' });
    expect(new Set(bearers)).toEqual(new Set([`${server} ${token()}`]));
    expect(machine.takeLines()).toEqual([notAsked(other(), 'two')]);
  });

  it('stays here where a context names its own, which goes to its server', async () => {
    const directory = temporaryDirectory();
    directories.push(directory);
    const file = join(directory.path, 'token');
    writeFileSync(file, service.tokenOf('hr-system'));
    const machine = await withTwoServers('--token-file', file);
    await statesOf(machine);
    expect(new Set(bearers)).toEqual(new Set([`${other()} ${service.tokenOf('hr-system')}`]));
    expect(machine.takeLines()).toEqual([notAsked(server, 'one')]);
  });

  it('revokes at the server that is named, and says what is left', async () => {
    const machine = await withTwoServers();
    expect(await runPlugin(['revoke', '--all'], machine)).toBe(1);
    expect(machine.takeLines().join()).toContain(
      'kubepass: not revoked: "one", "two", because the token at hand is for',
    );
    expect(bearers).toEqual([]);
    expect(await runPlugin(['revoke', '--all', '--server', server], machine)).toBe(1);
    expect(machine.takeLines().join()).toContain('kubepass: not revoked: "two", because');
    expect(new Set(bearers)).toEqual(new Set([`${server} ${token()}`]));
    const revoked = machine.takeOutput().split('\n');
    expect(revoked.filter((line) => line.includes('is revoked'))).toEqual([
      'The certificate of context "one" is revoked and forgotten.',
    ]);
    expect(await statesOf(withoutToken(machine))).toEqual({ one: 'unknown', two: 'valid' });
  });

  it('is not sent at a login at another one than KUBEPASS_SERVER', async () => {
    const fresh = newMachine();
    const machine = { ...fresh, environment: { ...fresh.environment, KUBEPASS_SERVER: other() } };
    bearers = [];
    expect(await runPlugin(['login', ...machine.args], machine)).toBe(1);
    expect(machine.takeLines()).toEqual([
      `kubepass: KUBEPASS_TOKEN is not sent to ${server}, because KUBEPASS_SERVER says that it is for ${other()}`,
      expect.stringContaining('offers no sign-in for people'),
    ]);
    expect(bearers).toEqual([]);
    const quiet = await loggedIn();
    bearers = [];
    rmSync(join(folderOf(quiet), 'credential.json'));
    const withheld = { ...quiet, environment: machine.environment };
    expect(await runPlugin(['get-credential', ...quiet.args], withheld)).toBe(1);
    expect(withheld.takeLines()[0]).toMatch(/^kubepass: KUBEPASS_TOKEN is not sent to /);
    expect(bearers).toEqual([]);
  });
});

describe('a login whose context is there already', () => {
  const other = () => server.replace('127.0.0.1', 'localhost');
  const otherArgs = (machine: ReturnType<typeof newMachine>) =>
    machine.args.map((arg) => (arg === server ? other() : arg));

  it('replaces the one of another kubepass for a person who names it, and for nobody else', async () => {
    const machine = newMachine();
    expect(await runPlugin(['login', ...machine.args], machine)).toBe(0);
    const config = join(machine.homeDirectory, '.kube', 'config');
    const before = readFileSync(config, 'utf8');
    const context = `${machine.username}@demo`;
    seen = [];
    expect(await runPlugin(['login', ...otherArgs(machine)], machine)).toBe(1);
    expect(machine.takeLines()).toEqual([
      `kubepass: context "${context}" is there with cluster demo at ${server}: name another one with --context, or this one to replace it`,
    ]);
    expect(seen).not.toContain('POST /v1/certificate-requests');
    expect(readFileSync(config, 'utf8')).toBe(before);
    expect(await runPlugin(['login', ...otherArgs(machine), '--context', context], machine)).toBe(0);
    expect(machine.takeLines().join()).toContain(`was there with cluster demo at ${server}, and is replaced`);
    expect(readFileSync(config, 'utf8')).toContain(other());
    // The same again is no replacement.
    expect(await runPlugin(['login', ...otherArgs(machine)], machine)).toBe(0);
    expect(machine.takeLines()).toEqual([]);
  });

  it('leaves no key in the cache that a logout of all would not find', async () => {
    const machine = newMachine();
    const context = ['--context', 'mine'];
    for (const args of [machine.args, otherArgs(machine)])
      expect(await runPlugin(['login', ...args, ...context], machine)).toBe(0);
    const pending = machine.args.map((arg) => (arg === 'team-a' ? 'ops' : arg));
    const impatient = new Error('nobody waits');
    const leaves = { ...machine, sleep: () => Promise.reject(impatient) };
    await expect(runPlugin(['login', ...pending, ...context], leaves)).rejects.toBe(impatient);
    machine.takeOutput();
    const root = join(machine.homeDirectory, '.kube', 'cache', 'kubepass');
    const files = () => readdirSync(root).flatMap((name) => readdirSync(join(root, name)));
    const logins = ['login.json', 'login.json'];
    expect(files().sort()).toEqual(['attempt.json', 'credential.json', 'credential.json', ...logins]);
    writeFileSync(join(machine.homeDirectory, '.kube', 'config'), 'a: [');
    expect(await runPlugin(['logout', '--all'], machine)).toBe(0);
    expect(files()).toEqual([]);
    expect(machine.takeOutput().split('\n').sort()).toEqual([
      '',
      `The certificate of ${machine.username} on demo at ${server} is forgotten.`,
      `The certificate of ${machine.username} on demo at ${other()} is forgotten.`,
      `The certificate request of ${machine.username} is forgotten.`,
      `The login at ${server} is forgotten.`,
      `The login at ${other()} is forgotten.`,
    ]);
    expect(await runPlugin(['logout', '--all'], machine)).toBe(0);
    expect(machine.takeOutput()).toBe('Nothing is cached.\n');
  });
});

describe('a kubeconfig that takes no context', () => {
  it.each([
    ['has a key twice', 'kind: Config\napiVersion: v1\nkind: Config\n'],
    ['is no YAML', 'a: [\n'],
    ['has too many aliases', `x: &a {server: "https://x"}\nclusters:\n${'- {name: c, cluster: *a}\n'.repeat(1500)}`],
    ['has a user of this name', 'apiVersion: v1\nusers: [{name: "kubepass:USER@demo", user: {token: x}}]\n'],
  ])('is found before a certificate is asked for: it %s', async (_what, text) => {
    const machine = newMachine();
    const file = join(machine.homeDirectory, 'config');
    const config = text.replace('USER', machine.username);
    writeFileSync(file, config);
    seen = [];
    expect(await runPlugin(['login', ...machine.args, '--kubeconfig', file], machine)).toBe(1);
    expect(machine.takeLines()).toEqual([expect.stringMatching(/^kubepass: the kubeconfig /)]);
    expect(readFileSync(file, 'utf8')).toBe(config);
    expect(seen).not.toContain('POST /v1/certificate-requests');
  });

  it('is found before that, too, where nothing can be written beside it', async () => {
    const machine = newMachine();
    const file = join(machine.homeDirectory, 'config');
    // Modes stop no root, and this stops everybody.
    mkdirSync(`${file}.lock`);
    seen = [];
    expect(await runPlugin(['login', ...machine.args, '--kubeconfig', file], machine)).toBe(1);
    expect(machine.takeLines()).toEqual([
      expect.stringMatching(/^kubepass: \S+ is a folder, where a file is expected \(EISDIR\)$/),
    ]);
    expect(seen).not.toContain('POST /v1/certificate-requests');
  });
});

describe('help', () => {
  it.each(['login', 'status', 'logout', 'revoke', 'inspect', 'get-credential'])(
    'tells how to use %s',
    async (command) => {
      for (const args of [
        [command, '--help'],
        [command, '-h'],
        [command, '--all', '--help'],
        ['help', command],
      ]) {
        const machine = newMachine(null);
        expect(await runPlugin(args, machine)).toBe(0);
        expect(machine.takeOutput()).toMatch(new RegExp(`^usage: kubectl[ -]kubepass ${command} `));
        expect(machine.takeLines()).toEqual([]);
      }
    },
  );

  it('is about the whole plugin where the command is not known', async () => {
    const machine = newMachine(null);
    expect(await runPlugin(['help', 'constructor'], machine)).toBe(0);
    expect(machine.takeOutput()).toContain('usage: kubectl kubepass COMMAND');
    expect(await runPlugin(['nonsense', '--help'], machine)).toBe(2);
  });

  it('is not asked for the version, which is one line', async () => {
    const machine = newMachine(null);
    expect(await runPlugin(['--version'], machine)).toBe(0);
    expect(machine.takeOutput()).toMatch(/^kubectl-kubepass \d+\.\d+\.\d+\n$/);
  });

  it.each([
    [['stauts'], 'there is no command "stauts"; did you mean "status"?', 'usage: kubectl kubepass COMMAND'],
    [['quite-another'], 'there is no command "quite-another"', 'usage: kubectl kubepass COMMAND'],
    [
      ['login', '--sever', 'https://x'],
      `Unknown option '--sever'; did you mean "--server"?`,
      'usage: kubectl kubepass login ',
    ],
    [['login'], '--server is missing: the URL of kubepass', 'usage: kubectl kubepass login '],
    [['status', '-o', 'yaml'], '-o takes json alone', 'usage: kubectl kubepass status '],
    [['revoke', '--reason', 'x'], '--reason must be one of ', 'usage: kubectl kubepass revoke '],
    [['logout', 'surplus'], "Unexpected argument 'surplus'", 'usage: kubectl kubepass logout '],
  ])('is short where %j cannot be understood, which ends with 2', async (args, problem, usage) => {
    const machine = newMachine(null);
    expect(await runPlugin(args, machine)).toBe(2);
    expect(machine.takeOutput()).toBe('');
    expect(machine.takeLines()).toEqual([
      expect.stringContaining(`kubepass: ${problem}`),
      expect.stringContaining(usage),
    ]);
  });
});

it('leaves no file of the plugin open to others', async () => {
  const machine = await loggedIn();
  mkdirSync(folderOf(machine), { recursive: true });
  for (const name of readdirSync(folderOf(machine)))
    expect(statSync(join(folderOf(machine), name)).mode & 0o077).toBe(0);
});
