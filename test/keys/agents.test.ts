// Tests src/signing/keys/agent-connections.ts, src/signing/keys/agent-key.ts,
// src/requests/issuance/issue-certificate.ts
import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { makeKey, type MadeCertificate } from '../../packages/x509/test/helpers/certificates.js';
import { type AgentBehaviour, serveAgent, type TestAgent } from '../helpers/misbehaving-agent.js';
import { useProcesses } from '../http/support/serving-process.js';
import { startAgent } from './support/agent-process.js';
import { SoftHsm } from './support/soft-hsm.js';
import {
  authorityOfKey,
  authorityWithKey,
  configured,
  isSigned,
  IssuingService,
  publicKeyIn,
} from './support/issuing.js';

const { start, inDirectory } = useProcesses();
const secondsUntilIssuing = 5;

/** A service with a cluster whose CA has its key in a file, and one behind an agent. */
async function serve(ca: MadeCertificate, socket: string) {
  const key = makeKey();
  writeFileSync(inDirectory('file.key'), key.pem, { mode: 0o600 });
  const other = authorityWithKey('file', key);
  const environment = configured(inDirectory('kubepass.yaml'), {
    agent: { ca, certFile: inDirectory('agent.crt'), key: { agent: socket } },
    file: { ca: other, certFile: inDirectory('file.crt'), key: { file: inDirectory('file.key') } },
  });
  const process = start({ environment });
  const service = await IssuingService.of(process);
  await service.expectIssued('agent', ca);
  return { service, process, other, environment };
}

type Served = Awaited<ReturnType<typeof serve>>;

/** Fails unless issuing goes on within some seconds from now. */
async function expectReturn({ service }: Served, ca: MadeCertificate): Promise<void> {
  const began = performance.now();
  const timeout = secondsUntilIssuing * 1000;
  await expect.poll(async () => (await service.issue('agent')).status, { timeout, interval: 100 }).toBe(201);
  expect(performance.now() - began).toBeLessThan(timeout);
  await service.expectIssued('agent', ca);
}

/**
 * Lets callers ask both clusters while something happens to the agent. Every answer of the other cluster must be a
 * certificate, and every certificate must be one by its CA and in the inventory. Answers how many the agent's cluster
 * issued after that.
 */
async function duringTrouble(
  { service, process, other }: Served,
  ca: MadeCertificate,
  trouble: () => Promise<void> | void,
): Promise<number> {
  const callers = { agent: service.callers('agent', 32), file: service.callers('file', 2) };
  await expect.poll(() => Math.min(callers.agent.answers.length, callers.file.answers.length)).toBeGreaterThan(32);
  await trouble();
  const before = callers.agent.answers.length;
  const fileBefore = callers.file.answers.length;
  // All that was under way has ended when each caller has come back once more.
  await expect.poll(() => callers.agent.answers.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(before + 64);
  const after = callers.agent.answers.slice(before + 32);
  const [agent, file] = [await callers.agent.stop(), await callers.file.stop()];
  expect(file.length).toBeGreaterThan(fileBefore);
  expect(file.filter((answer) => answer.status !== 201 || !isSigned(answer, other))).toEqual([]);
  const issued = agent.filter(({ status }) => status === 201);
  expect(issued.filter((answer) => !isSigned(answer, ca))).toEqual([]);
  for (const { status, body } of agent.filter((answer) => answer.status !== 201))
    expect([status, body['type']]).toEqual([503, expect.stringContaining('issuance-unavailable')]);
  expect(process.child.exitCode).toBeNull();
  return after.filter(({ status }) => status === 201).length;
}

describe('an agent that misbehaves', () => {
  let agent: TestAgent;
  let ca: MadeCertificate;
  let served: Served;
  beforeEach(async () => {
    const key = makeKey('RSA-2048');
    ca = authorityWithKey('agent', key);
    const keys = [{ privateKey: createPrivateKey(key.pem), comment: 'users' }];
    agent = await serveAgent(inDirectory('agent.sock'), keys);
    served = await serve(ca, agent.path);
  });
  afterEach(() => agent.close());

  const behaviours: readonly AgentBehaviour[] = [
    ...([
      'silent',
      'half-a-message',
      'drips',
      'ends-amid',
      'garbage',
      'too-long',
      'wrong-signature',
      'another-key',
    ] as const),
    ...(['refuses', 'lacks-key'] as const),
  ];
  it.each(behaviours)('as "%s" gets no certificate issued, and stops no other cluster', async (behaviour) => {
    const issued = await duringTrouble(served, ca, () => {
      agent.behaviour = behaviour;
    });
    expect(issued).toBe(0);
    const { service } = served;
    const known = await service.inventory('agent');
    expect((await service.issue('agent')).status).toBe(503);
    expect(await service.inventory('agent')).toBe(known);
    agent.behaviour = 'well';
    await expectReturn(served, ca);
  });
});

describe.skipIf(inject('keyTools') === null)('ssh-agent with a key in an HSM', () => {
  let hsm: SoftHsm;
  let agent: Awaited<ReturnType<typeof startAgent>>;
  let ca: MadeCertificate;
  let served: Served;
  beforeAll(async () => {
    hsm = await SoftHsm.create();
    await hsm.generate({ type: 'rsa:2048', label: 'users' });
  });
  afterAll(() => hsm.remove());
  beforeEach(async () => {
    agent = await startAgent();
    await agent.addToken(hsm);
    ca = authorityOfKey('agent', await publicKeyIn(agent, 'users'));
    served = await serve(ca, agent.path);
  });
  afterEach(() => agent.remove());

  const comesBack = async (): Promise<void> => {
    await agent.start();
    await agent.addToken(hsm);
    await expectReturn(served, ca);
  };

  it('signs for 32 callers at once', async () => {
    expect(await duringTrouble(served, ca, () => undefined)).toBeGreaterThan(0);
    expect(await served.service.inventory('agent')).toBeGreaterThan(64);
  });

  it.each(['stop', 'kill'] as const)('may end amid 32 callers (%s), and come back', async (how) => {
    expect(await duringTrouble(served, ca, () => agent[how]())).toBe(0);
    await comesBack();
  });

  it('may be frozen amid 32 callers, and go on', async () => {
    expect(await duringTrouble(served, ca, () => agent.pause())).toBe(0);
    agent.resume();
    await expectReturn(served, ca);
  });

  it('may lose its keys, and get them again', async () => {
    expect(await duringTrouble(served, ca, () => agent.removeToken(hsm))).toBe(0);
    await agent.addToken(hsm);
    await expectReturn(served, ca);
  });

  it('needs another start once its helper has died, and the service does not', async () => {
    const [helper = ''] = execFileSync('pgrep', ['-P', String(agent.pid)], { encoding: 'utf8' }).split('\n');
    expect(await duringTrouble(served, ca, () => void process.kill(Number(helper), 'SIGKILL'))).toBe(0);
    expect(await agent.listKeys()).toContain(' users');
    await agent.stop();
    await comesBack();
  });

  it('may be absent when the service starts', async () => {
    await agent.stop();
    served.process.child.kill('SIGTERM');
    await served.process.ended;
    const process = start({ environment: served.environment });
    served = { ...served, process, service: await IssuingService.of(process) };
    expect((await served.service.issue('agent')).status).toBe(503);
    await served.service.expectIssued('file', served.other);
    await comesBack();
  });
});
