// Tests deploy/kms-agent/, src/signing/keys/agent-connections.ts
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { makeKey } from '../../packages/x509/test/helpers/certificates.js';
import { useProcesses } from '../http/support/serving-process.js';
import { startKmsAgent } from './support/agent-process.js';
import { authorityWithKey, configured, IssuingService } from './support/issuing.js';

const program = inject('keyTools')?.kmsAgent ?? null;
const { start, inDirectory } = useProcesses();
const agents: Awaited<ReturnType<typeof startKmsAgent>>[] = [];
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.remove();
});

/** An agent whose KMS has its keys in files. */
async function agentWith(...keyFiles: readonly string[]) {
  const keys = keyFiles.map((file) => `softkms:path=${file}`);
  const agent = await startKmsAgent(program ?? '', 'softkms:', keys);
  agents.push(agent);
  return agent;
}

describe.skipIf(program === null)('the agent before a KMS', () => {
  it.each(['RSA-2048', 'P-256', 'P-384', 'P-521', 'Ed25519'] as const)(
    'lets the service issue with a key of %s, and may end and come back',
    async (type) => {
      const key = makeKey(type);
      writeFileSync(inDirectory('kms.key'), key.pem, { mode: 0o600 });
      const agent = await agentWith(inDirectory('kms.key'));
      const ca = authorityWithKey('kms', key);
      const environment = configured(inDirectory('kubepass.yaml'), {
        kms: { ca, certFile: inDirectory('kms.crt'), key: { agent: agent.path } },
      });
      const service = await IssuingService.of(start({ environment }));
      await service.expectIssued('kms', ca);

      await agent.kill();
      expect((await service.issue('kms')).status).toBe(503);
      await agent.start();
      await expect.poll(async () => (await service.issue('kms')).status, { timeout: 5_000 }).toBe(201);
      await service.expectIssued('kms', ca);
    },
  );

  it('goes on once it has descriptors again, however many connections took them', async () => {
    writeFileSync(inDirectory('own'), makeKey().pem, { mode: 0o600 });
    const agent = await agentWith(inDirectory('own'));
    execFileSync('prlimit', ['--pid', String(agent.pid), '--nofile=16:16']);
    const sockets = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const socket = connect(agent.path);
        await once(socket, 'connect');
        return socket;
      }),
    );
    for (const socket of sockets) socket.destroy();
    const environment = { PATH: process.env['PATH'], SSH_AUTH_SOCK: agent.path };
    const listed = execFileSync('ssh-add', ['-L'], { env: environment, encoding: 'utf8', timeout: 120_000 });
    expect(listed).toMatch(/^ecdsa|^ssh/);
  });

  it('is closed to everybody but its user and its group, and takes no key from a client', async () => {
    for (const name of ['own', 'strange']) writeFileSync(inDirectory(name), makeKey().pem, { mode: 0o600 });
    const { path } = await agentWith(inDirectory('own'));
    expect((statSync(path).mode & 0o777).toString(8)).toBe('660');
    const environment = { PATH: process.env['PATH'], SSH_AUTH_SOCK: path };
    const listed = () => execFileSync('ssh-add', ['-L'], { env: environment, encoding: 'utf8' });
    const before = listed();
    expect(before.trim().split('\n')).toHaveLength(1);
    execFileSync('ssh-add', ['-q', inDirectory('strange')], { env: environment });
    expect(listed()).toBe(before);
  });
});
