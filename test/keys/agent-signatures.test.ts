// Tests src/signing/keys/agent-key.ts, src/signing/keys/agent-connections.ts
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, verify } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { AgentKey } from '../../src/signing/keys/agent-key.js';
import { KeyUnavailableError } from '../../src/signing/keys/ca-key.js';
import type { KeyFailure } from '../../src/model/issuer.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { startAgent, startKmsAgent } from './support/agent-process.js';
import { SoftHsm } from './support/soft-hsm.js';
import { signatureAlgorithmFor } from '@kubepass/x509';

const tools = inject('keyTools');

const opened: AgentKey[] = [];

afterEach(() => {
  for (const key of opened.splice(0)) key.close();
});

function agentKey(path: string, wanted: ConstructorParameters<typeof AgentKey>[1]): AgentKey {
  const key = new AgentKey(path, wanted, { clock: () => new Date() });
  opened.push(key);
  return key;
}

async function expectGoodSignatures(key: AgentKey, count = 20): Promise<void> {
  const data = Array.from({ length: count }, (_, i) => randomBytes(100 + 10 * i));
  const signatures = await Promise.all(data.map((octets) => key.sign(octets)));
  const publicKey = key.publicKey()!;
  const { hash } = signatureAlgorithmFor(publicKey);
  expect(data.every((octets, i) => verify(hash, octets, publicKey, signatures[i]!))).toBe(true);
}

const failureOf = (signing: Promise<unknown>): Promise<KeyFailure | null> =>
  signing.then(
    () => null,
    (error: unknown) => {
      if (error instanceof KeyUnavailableError) return error.failure;
      throw error;
    },
  );

describe.skipIf(tools === null)("keys of a token behind OpenSSH's agent", () => {
  const types = { users: 'rsa:2048', 'users-p256': 'EC:prime256v1', 'users-p384': 'EC:secp384r1' } as const;
  let hsm: SoftHsm;
  let agent: Awaited<ReturnType<typeof startAgent>>;

  beforeAll(async () => {
    hsm = await SoftHsm.create();
    for (const [label, type] of Object.entries(types)) await hsm.generate({ type, label });
  });
  afterAll(() => hsm.remove());

  beforeEach(async () => {
    agent = await startAgent();
    await agent.addToken(hsm);
  });
  afterEach(() => agent.remove());

  it.each(Object.keys(types))('sign as X.509 has it: %s', async (label) => {
    await expectGoodSignatures(agentKey(agent.path, { label }), 100);
  });

  it('are found by the public key alone', async () => {
    const found = agentKey(agent.path, { label: 'users-p256' });
    await found.check();
    await expectGoodSignatures(agentKey(agent.path, { publicKey: found.publicKey()! }));
  });

  it('wait for an agent that is stopped, and go on with it', async () => {
    const key = agentKey(agent.path, { label: 'users' });
    await expectGoodSignatures(key);
    agent.pause();
    const waiting = expectGoodSignatures(key);
    await new Promise((resolve) => setTimeout(resolve, 500));
    agent.resume();
    await waiting;
  });

  it('fail when the agent is killed, and sign again once it is back with its token', async () => {
    const key = agentKey(agent.path, { label: 'users-p384' });
    await expectGoodSignatures(key);
    agent.pause();
    const lost = Array.from({ length: 32 }, () => failureOf(key.sign(randomBytes(100))));
    await agent.kill();
    expect(new Set(await Promise.all(lost))).toEqual(new Set(['unreachable']));
    expect(await failureOf(key.sign(randomBytes(100)))).toBe('unreachable');
    await agent.start();
    expect(await failureOf(key.sign(randomBytes(100)))).toBe('missing');
    await agent.addToken(hsm);
    await expectGoodSignatures(key);
    expect(key.availability().available).toBe(true);
  });

  it('are refused from an agent that has lost them', async () => {
    const key = agentKey(agent.path, { label: 'users' });
    await expectGoodSignatures(key);
    await agent.removeToken(hsm);
    expect(await failureOf(key.sign(randomBytes(100)))).toBe('missing');
    await agent.addToken(hsm);
    await expectGoodSignatures(key);
  });

  it('are refused once the helper of the agent died, until the agent is started again', async () => {
    const key = agentKey(agent.path, { label: 'users' });
    await expectGoodSignatures(key);
    await agent.killHelpers();
    // It lists its keys all the same.
    await expect.poll(() => failureOf(key.sign(randomBytes(100)))).toBe('refused');
    expect((await key.check()).available).toBe(false);
    await agent.kill();
    await agent.start();
    await agent.addToken(hsm);
    await expect.poll(async () => (await key.check()).available).toBe(true);
    await expectGoodSignatures(key);
  });

  it('sign no message that the agent would not read', async () => {
    const key = agentKey(agent.path, { label: 'users' });
    await expectGoodSignatures(key);
    expect(await failureOf(key.sign(Buffer.alloc(262_144)))).toBe('overlong');
    const longest = randomBytes(261_000);
    expect(verify('sha256', longest, key.publicKey()!, await key.sign(longest))).toBe(true);
  });
});

const pairs: Readonly<Record<string, () => { readonly privateKey: KeyObject }>> = {
  rsa: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  p256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  p521: () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
};

/** Writes a new key as PKCS#8, and answers it with its file. */
function writeKey(folder: string, name: string): { readonly file: string; readonly publicKey: KeyObject } {
  const { privateKey } = pairs[name]!();
  const file = join(folder, `${name}.key`);
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return { file, publicKey: createPublicKey(privateKey) };
}

describe.skipIf(tools === null)("key files in OpenSSH's agent", () => {
  let folder: ReturnType<typeof temporaryDirectory>;
  let agent: Awaited<ReturnType<typeof startAgent>>;

  beforeEach(async () => {
    folder = temporaryDirectory();
    agent = await startAgent();
  });
  afterEach(async () => {
    await agent.remove();
    folder.remove();
  });

  it.each(Object.keys(pairs))('sign as X.509 has it: %s', async (name) => {
    const { file, publicKey } = writeKey(folder.path, name);
    await agent.addKeyFile(file);
    await expectGoodSignatures(agentKey(agent.path, { publicKey }), 100);
  });
});

const kmsAgent = tools?.kmsAgent ?? null;

describe.skipIf(kmsAgent === null)('keys of a KMS', () => {
  it.each(Object.keys(pairs))('sign as X.509 has it: %s', async (name) => {
    const folder = temporaryDirectory();
    const { file, publicKey } = writeKey(folder.path, name);
    const agent = await startKmsAgent(kmsAgent ?? '', 'softkms:', [file]);
    try {
      await expectGoodSignatures(agentKey(agent.path, { publicKey }), 100);
      await expectGoodSignatures(agentKey(agent.path, { label: file }), 1);
    } finally {
      await agent.remove();
      folder.remove();
    }
  });
});
