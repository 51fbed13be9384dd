import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../helpers/free-ports.js';
import { ProcessGuard } from '../cluster/process-guard.js';
import { issue, makeAuthority } from '../helpers/fake-api-server/serving-certificate.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import type { Distribution } from './distribution.js';
import { password, type Representation } from './realm.js';

/** A loaded machine with two cores takes a minute and a half. */
const readySeconds = 240;

/** The options of Keycloak's own start script, which does not pass on the signal that ends it at once. */
const javaOptions = [
  ...['-Xms64m', '-Xmx512m', '-XX:MaxMetaspaceSize=256m', '-XX:+ExitOnOutOfMemoryError'],
  '-Djava.util.logging.manager=org.jboss.logmanager.LogManager',
  '-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory',
  ...['java.util', 'java.util.concurrent', 'java.security', 'java.lang'].map(
    (name) => `--add-opens=java.base/${name}=ALL-UNNAMED`,
  ),
];

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A Keycloak on loopback with TLS, whose database is gone when it ends. */
export class Keycloak {
  private constructor(
    readonly caPem: string,
    private readonly address: string,
    private readonly child: ChildProcess,
    private readonly logFile: string,
    private readonly adminPassword: string,
    private readonly guard: ProcessGuard,
    private readonly agent: Agent,
  ) {}

  /** Starts it, and imports a realm. */
  static async start({ home, java }: Distribution, realm: Representation): Promise<Keycloak> {
    const { path: directory } = temporaryDirectory();
    const guard = new ProcessGuard(directory);
    const authority = await makeAuthority('keycloak-ca');
    const { certificatePem, privateKeyPem } = await issue(authority, { username: 'keycloak' }, 'serverAuth');
    const [certFile, keyFile] = [join(directory, 'tls.crt'), join(directory, 'tls.key')];
    writeFileSync(certFile, certificatePem);
    writeFileSync(keyFile, privateKeyPem, { mode: 0o600 });
    const port = await freePort();
    const address = `https://127.0.0.1:${port}`;
    const adminPassword = randomBytes(16).toString('hex');
    const logFile = join(directory, 'keycloak.log');
    const log = openSync(logFile, 'a', 0o600);
    const child = spawn(
      java,
      [
        ...javaOptions,
        ...[`-Dkc.home.dir=${home}`, `-Djboss.server.config.dir=${join(home, 'conf')}`],
        ...['-cp', join(home, 'lib', 'quarkus-run.jar'), 'io.quarkus.bootstrap.runner.QuarkusEntryPoint'],
        ...['start', '--optimized', '--cache=local', '--http-host=127.0.0.1', `--https-port=${port}`],
        ...[`--hostname=${address}`, `--https-certificate-file=${certFile}`, `--https-certificate-key-file=${keyFile}`],
      ],
      {
        cwd: directory,
        env: {
          ...{ PATH: process.env['PATH'], HOME: directory },
          ...{ KC_BOOTSTRAP_ADMIN_USERNAME: 'admin', KC_BOOTSTRAP_ADMIN_PASSWORD: adminPassword },
        },
        stdio: ['ignore', log, log],
      },
    );
    closeSync(log);
    guard.watch(child);
    const agent = new Agent({ ca: authority.pem, keepAlive: true });
    const started = new Keycloak(authority.pem, address, child, logFile, adminPassword, guard, agent);
    await started.untilReady();
    await started.administer('POST', '/realms', realm);
    return started;
  }

  get issuer(): string {
    return `${this.address}/realms/corp`;
  }

  /** The tokens that a client gets for a user who gives it the password. */
  async signIn(username: string, client = 'portal'): Promise<{ readonly access: string; readonly id: string }> {
    const form = { grant_type: 'password', client_id: client, username, password, scope: 'openid' };
    const body = await this.tokens(this.issuer, form);
    return { access: body.access_token, id: body.id_token };
  }

  /** Changes something as the administrator of Keycloak. Throws unless that succeeds. */
  async administer(method: 'GET' | 'POST' | 'DELETE', path: string, body?: Representation): Promise<string> {
    const form = { grant_type: 'password', client_id: 'admin-cli', username: 'admin', password: this.adminPassword };
    const { access_token: token } = await this.tokens(`${this.address}/realms/master`, form);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = await this.call(method, `${this.address}/admin${path}`, headers, JSON.stringify(body));
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.body}`);
    return answer.body;
  }

  /** Adds a key that signs from now on, and takes the others with its algorithm away. */
  async replaceSigningKey(): Promise<void> {
    const kind = 'org.keycloak.keys.KeyProvider';
    const listed = await this.administer('GET', `/realms/corp/components?type=${kind}`);
    const before = JSON.parse(listed) as readonly { readonly id: string; readonly providerId: string }[];
    const config = { priority: ['200'], algorithm: ['RS256'], keySize: ['2048'] };
    const made = { name: 'rotated', providerId: 'rsa-generated', providerType: kind, config };
    await this.administer('POST', '/realms/corp/components', made);
    for (const { id, providerId } of before)
      if (providerId === 'rsa-generated') await this.administer('DELETE', `/realms/corp/components/${id}`);
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }

  async close(): Promise<void> {
    this.agent.destroy();
    await this.guard.end();
  }

  private async tokens(issuer: string, form: Readonly<Record<string, string>>) {
    const url = `${issuer}/protocol/openid-connect/token`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const { status, body } = await this.call('POST', url, headers, new URLSearchParams(form).toString());
    if (status !== 200) throw new Error(`no tokens: ${status} ${body}`);
    return JSON.parse(body) as { readonly access_token: string; readonly id_token: string };
  }

  private call(method: string, url: string, headers: Readonly<Record<string, string>>, body = ''): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const call = httpsRequest(url, { method, agent: this.agent, headers }, (response) => {
        text(response).then((body) => {
          resolve({ status: response.statusCode ?? 0, body });
        }, reject);
      });
      call.once('error', reject);
      call.end(body);
    });
  }

  private async untilReady(): Promise<void> {
    const deadline = performance.now() + readySeconds * 1000;
    const isRunning = () => this.child.exitCode === null && this.child.signalCode === null;
    while (isRunning() && performance.now() < deadline) {
      const url = `${this.address}/realms/master/.well-known/openid-configuration`;
      const answer = await this.call('GET', url, {}).catch(() => null);
      if (answer?.status === 200) return;
      await sleep(250);
    }
    const log = readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-30).join('\n');
    await this.close();
    throw new Error(`Keycloak ${isRunning() ? 'is not ready' : 'ended'}; the end of its log:\n${log}`);
  }
}
