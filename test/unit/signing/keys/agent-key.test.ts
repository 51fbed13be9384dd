// Tests src/signing/keys/agent-key.ts, src/signing/keys/agent-connections.ts
import { createHash, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentKey } from '../../../../src/signing/keys/agent-key.js';
import { KeyUnavailableError } from '../../../../src/signing/keys/ca-key.js';
import type { KeyFailure } from '../../../../src/model/issuer.js';
import { type AgentBehaviour, serveAgent, type TestAgent } from '../../../helpers/misbehaving-agent.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';
import { signatureAlgorithmFor } from '@kubepass/x509';

const keys = {
  'RSA-2048': generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'ECDSA-P256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'ECDSA-P384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'ECDSA-P521': generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  Ed25519: generateKeyPairSync('ed25519'),
};
const { privateKey, publicKey } = keys['ECDSA-P256'];
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const data = Buffer.from('octets to sign');
/** A busy agent of these tests takes long, too. */
const limits = { connectMilliseconds: 300_000, answerMilliseconds: 300_000, checkMilliseconds: 5000 };
const hasty = { connectMilliseconds: 300, answerMilliseconds: 300, checkMilliseconds: 20 };

let folder: ReturnType<typeof temporaryDirectory>;
const opened: { close(): unknown }[] = [];

beforeEach(() => {
  folder = temporaryDirectory();
});

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
  folder.remove();
});

const socketPath = () => join(folder.path, 'agent.sock');

async function agentWith(
  held: readonly { readonly privateKey: KeyObject; readonly comment: string }[] = [{ privateKey, comment: 'users' }],
  behaviour?: AgentBehaviour,
): Promise<TestAgent> {
  const agent = await serveAgent(socketPath(), held, behaviour);
  opened.push(agent);
  return agent;
}

function agentKey(
  wanted: ConstructorParameters<typeof AgentKey>[1] = { publicKey },
  limitsOfIt: typeof limits = limits,
  path = socketPath(),
): AgentKey {
  const key = new AgentKey(path, wanted, { clock: () => new Date(), limits: limitsOfIt });
  opened.push(key);
  return key;
}

const isGood = (signature: Buffer, by: KeyObject = publicKey, over: Buffer = data): boolean =>
  verify(signatureAlgorithmFor(by).hash, over, by, signature);

async function failureOf(signing: Promise<unknown>): Promise<KeyFailure> {
  const error: unknown = await signing.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(KeyUnavailableError);
  return (error as KeyUnavailableError).failure;
}

describe('a key in an agent', () => {
  it.each(Object.entries(keys))('signs as X.509 has it: %s', async (_, pair) => {
    await agentWith(Object.values(keys).map((one, i) => ({ privateKey: one.privateKey, comment: `key ${i}` })));
    const key = agentKey({ publicKey: pair.publicKey });
    // Half of all ECDSA numbers have their highest bit set, and one in 256 begins with a zero.
    const signatures = await Promise.all(
      Array.from({ length: 64 }, (_, i) => key.sign(createHash('sha256').update(`${i}`).digest())),
    );
    for (const [i, signature] of signatures.entries())
      expect(isGood(signature, pair.publicKey, createHash('sha256').update(`${i}`).digest())).toBe(true);
    expect(key.availability().available).toBe(true);
  });

  it('asks over at most eight connections, and never for its key before a signature', async () => {
    const agent = await agentWith();
    const key = agentKey();
    await key.check();
    const signatures = await Promise.all(Array.from({ length: 200 }, () => key.sign(data)));
    expect(signatures.every((signature) => isGood(signature))).toBe(true);
    expect(agent.connections.most).toBe(8);
    expect(agent.requests).toEqual({ identities: 1, sign: 200 });
  });

  it('may be absent at start, comes and goes', async () => {
    const key = agentKey();
    expect((await key.check()).available).toBe(false);
    expect(await failureOf(key.sign(data))).toBe('unreachable');
    const first = await serveAgent(socketPath(), [{ privateKey, comment: 'users' }]);
    expect(isGood(await key.sign(data))).toBe(true);
    expect(key.availability().available).toBe(true);
    await first.close();
    expect(await failureOf(key.sign(data))).toBe('unreachable');
    expect(key.availability().available).toBe(false);
    await agentWith();
    expect(isGood(await key.sign(data))).toBe(true);
  });

  it('is looked at again and again by itself while something is wrong', async () => {
    const key = agentKey({ publicKey }, hasty);
    await key.check();
    const agent = await agentWith();
    await expect.poll(() => key.availability().available).toBe(true);
    const { identities } = agent.requests;
    agent.disconnect();
    await key.sign(data).catch(() => undefined);
    expect(agent.requests.identities).toBe(identities);
  });

  it('takes no request that an agent could not read', async () => {
    const agent = await agentWith();
    const key = agentKey();
    await key.check();
    expect(await failureOf(key.sign(Buffer.alloc(256 * 1024)))).toBe('overlong');
    expect(key.availability().available).toBe(true);
    expect(isGood(await key.sign(Buffer.alloc(255 * 1024)), publicKey, Buffer.alloc(255 * 1024))).toBe(true);
    expect(agent.requests.sign).toBe(1);
  });

  it('does nothing more once it is closed', async () => {
    const agent = await agentWith([{ privateKey, comment: 'users' }], 'silent');
    const key = agentKey();
    const waiting = failureOf(key.sign(data));
    key.close();
    expect(await waiting).toBe('unreachable');
    expect(await failureOf(key.sign(data))).toBe('unreachable');
    await expect.poll(() => agent.connections.open).toBe(0);
  });
});

describe('a key that is found by its label', () => {
  it('is the one with that comment', async () => {
    await agentWith([
      { privateKey: other.privateKey, comment: 'users' },
      { privateKey, comment: 'users-2027' },
    ]);
    const key = agentKey({ label: 'users-2027' });
    expect(key.publicKey()).toBeNull();
    expect(isGood(await key.sign(data))).toBe(true);
    expect(key.publicKey()?.equals(publicKey)).toBe(true);
  });

  it('is missing where no key or several have it, and is found later', async () => {
    const agent = await agentWith([{ privateKey, comment: 'users' }]);
    const key = agentKey({ label: 'users-2027' });
    await expect(key.sign(data)).rejects.toThrow('has no key with the label "users-2027"');
    agent.keys = [privateKey, other.privateKey].map((one) => ({ privateKey: one, comment: 'users-2027' }));
    await expect(key.sign(data)).rejects.toThrow('has several keys with the label "users-2027"');
    expect(await failureOf(key.sign(data))).toBe('missing');
    agent.keys = [{ privateKey, comment: 'users-2027' }];
    expect(isGood(await key.sign(data))).toBe(true);
  });

  it('is none that a CA may not have', async () => {
    const { privateKey: short } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    await agentWith([{ privateKey: short, comment: 'users' }]);
    await expect(agentKey({ label: 'users' }).sign(data)).rejects.toThrow('signs no certificates');
  });
});

describe('an agent that misbehaves', () => {
  const garbled: readonly AgentBehaviour[] = [
    'garbage',
    'too-long',
    'ends-amid',
    'trailing-octets',
    'wrong-name',
    'negative-number',
    'long-number',
  ];

  it.each(garbled)('loses the connection by its answer, and only that: %s', async (behaviour) => {
    const agent = await agentWith();
    const key = agentKey();
    await key.check();
    agent.behaviour = behaviour;
    expect(await failureOf(key.sign(data))).toBe('garbled');
    expect(key.availability().available).toBe(false);
    await expect.poll(() => agent.connections.accepted - agent.connections.open).toBeGreaterThan(0);
    agent.behaviour = 'well';
    expect(isGood(await key.sign(data))).toBe(true);
    expect(key.availability().available).toBe(true);
  });

  it.each(['trailing-octets', 'wrong-name', 'long-number'] as const)(
    'does so with RSA and Ed25519: %s',
    async (how) => {
      const pairs = [keys['RSA-2048'], keys['Ed25519']];
      await agentWith(
        pairs.map((one) => ({ privateKey: one.privateKey, comment: '' })),
        how,
      );
      for (const pair of pairs)
        expect(await failureOf(agentKey({ publicKey: pair.publicKey }).sign(data))).toBe('garbled');
    },
  );

  it('rejects all that was asked on that connection, and serves the rest', async () => {
    const agent = await agentWith([{ privateKey, comment: 'users' }], 'garbage');
    const key = agentKey();
    const ends = await Promise.all(Array.from({ length: 40 }, () => failureOf(key.sign(data))));
    expect(new Set(ends)).toEqual(new Set(['garbled']));
    agent.behaviour = 'well';
    expect(isGood(await key.sign(data))).toBe(true);
  });

  it('is not believed an answer that nobody asked for', async () => {
    const agent = await agentWith([{ privateKey, comment: 'users' }], 'unasked');
    const key = agentKey();
    // The first of the two is the answer.
    await key.sign(data).catch(() => undefined);
    await expect.poll(() => agent.connections.accepted - agent.connections.open).toBeGreaterThan(0);
  });

  it.each(['silent', 'half-a-message', 'drips'] as const)('has its time, and no more: %s', async (behaviour) => {
    const agent = await agentWith([{ privateKey, comment: 'users' }], behaviour);
    const key = agentKey({ publicKey }, hasty);
    const ends = await Promise.all(Array.from({ length: 32 }, () => failureOf(key.sign(data))));
    expect(ends.filter((end) => end !== 'silent' && end !== 'garbled')).toEqual([]);
    agent.behaviour = 'well';
    await expect.poll(() => key.sign(data).then(isGood, () => false)).toBe(true);
  });

  // With all but "slow", which answers.
  it.each<AgentBehaviour>(['silent', 'half-a-message', 'drips', ...garbled, 'refuses', 'lacks-key'])(
    'gives way to its successor at the path, though it lives on and holds every connection: %s',
    async (behaviour) => {
      const former = await agentWith([{ privateKey, comment: 'users' }]);
      const key = agentKey({ publicKey }, hasty);
      await key.check();
      former.behaviour = behaviour;
      await Promise.all(Array.from({ length: 32 }, () => failureOf(key.sign(data))));
      rmSync(socketPath());
      await agentWith();
      await expect.poll(() => key.sign(data).then(isGood, () => false)).toBe(true);
    },
  );

  it('leaves no more than so many waiting', async () => {
    await agentWith([{ privateKey, comment: 'users' }], 'silent');
    const key = agentKey();
    const waiting = Array.from({ length: 600 }, () => failureOf(key.sign(data)));
    await expect(key.sign(data)).rejects.toThrow('requests waiting');
    key.close();
    const ends = await Promise.all(waiting);
    expect(ends.filter((end) => end === 'silent')).toHaveLength(600 - 512 - 8 * 4 + 1);
  });

  it('may be slow, and then several connections help', async () => {
    const agent = await agentWith([{ privateKey, comment: 'users' }], 'slow');
    const key = agentKey();
    const signatures = await Promise.all(Array.from({ length: 16 }, () => key.sign(data)));
    expect(signatures.every((signature) => isGood(signature))).toBe(true);
    expect(agent.connections.most).toBe(8);
  });

  it('refuses with the key, or because it lacks it', async () => {
    const agent = await agentWith([{ privateKey, comment: 'users' }], 'refuses');
    const key = agentKey();
    expect(await failureOf(key.sign(data))).toBe('refused');
    // It still lists the key, as OpenSSH's does whose helper for the token died.
    expect((await key.check()).available).toBe(false);
    agent.behaviour = 'lacks-key';
    expect(await failureOf(key.sign(data))).toBe('missing');
    agent.behaviour = 'well';
    expect(isGood(await key.sign(data))).toBe(true);
    expect((await key.check()).available).toBe(true);
  });

  it('that refused is asked anew after a restart', async () => {
    const agent = await agentWith([{ privateKey, comment: 'users' }], 'refuses');
    const key = agentKey();
    expect(await failureOf(key.sign(data))).toBe('refused');
    agent.disconnect();
    await expect.poll(async () => (await key.check()).available).toBe(true);
  });

  it('that refused because it lacked the key is available once it has that', async () => {
    const agent = await agentWith([{ privateKey, comment: 'users' }], 'lacks-key');
    const key = agentKey();
    expect(await failureOf(key.sign(data))).toBe('missing');
    agent.behaviour = 'well';
    expect((await key.check()).available).toBe(true);
  });

  it.each(['lacks-key', 'refuses'] as const)('and lives on gives way to another one at its path: %s', async (how) => {
    const former = await agentWith([{ privateKey, comment: 'users' }]);
    const key = agentKey();
    await Promise.all(Array.from({ length: 32 }, () => key.sign(data)));
    former.behaviour = how;
    rmSync(socketPath());
    await agentWith();
    await failureOf(key.sign(data));
    for (let i = 0; i < 16; i++) expect(isGood(await key.sign(data))).toBe(true);
    expect((await key.check()).available).toBe(true);
    expect(former.connections.open).toBe(0);
  });

  it.each(['wrong-signature', 'another-key'] as const)(
    'gives a signature that nobody has verified: %s',
    async (how) => {
      await agentWith([{ privateKey, comment: 'users' }], how);
      expect(isGood(await agentKey().sign(data))).toBe(false);
    },
  );

  it('is asked over other connections once a signature was wrong', async () => {
    const agent = await agentWith([{ privateKey, comment: 'users' }], 'wrong-signature');
    const key = agentKey();
    await key.sign(data);
    key.distrust();
    expect((await key.check()).available).toBe(false);
    agent.behaviour = 'well';
    expect(isGood(await key.sign(data))).toBe(true);
    expect(key.availability().available).toBe(true);
    expect(agent.connections.accepted).toBeGreaterThan(1);
  });

  it('is named in the error with its socket, and with no octet of what was to be signed', async () => {
    await agentWith([{ privateKey, comment: 'users' }], 'garbage');
    await expect(agentKey().sign(data)).rejects.toThrow(`the agent at ${socketPath()} gave an answer that is none`);
  });
});
