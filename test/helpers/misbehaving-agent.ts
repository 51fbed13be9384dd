import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { MessageReader, SshReader, sshString } from '../../src/signing/keys/agent-messages.js';
import { sshKey } from '../../src/signing/keys/ssh-keys.js';
import { signatureAlgorithmFor } from '@kubepass/x509';

/** How an agent of a test answers each request to sign; one that is `silent` or `slow` is so with the others too. */
export type AgentBehaviour =
  | 'well'
  /** Answers nothing until it behaves otherwise, as a process that is stopped does. */
  | 'silent'
  /** Answers after 200 ms, one request of a connection after the other. */
  | 'slow'
  /** Sends half of the answer, and then nothing. */
  | 'half-a-message'
  /** Sends an octet of a long answer each 50 ms, so that a whole one takes an hour. */
  | 'drips'
  /** Sends half of the answer, and ends the connection. */
  | 'ends-amid'
  | 'garbage'
  /** Sends an answer of 300 KiB. */
  | 'too-long'
  /** A signature by the right key over other octets. */
  | 'wrong-signature'
  /** Another key signs under the public key that was asked for. */
  | 'another-key'
  /** The octets of the signature have others behind them. */
  | 'trailing-octets'
  /** The signature has the name of another kind. */
  | 'wrong-name'
  /** One of the numbers of an ECDSA signature is negative, and one of RSA is a whole octet too long. */
  | 'negative-number'
  | 'long-number'
  /** Answers twice. */
  | 'unasked'
  /** Has the key and does not sign. */
  | 'refuses'
  /** Has no keys. */
  | 'lacks-key';

export interface TestAgentKey {
  readonly privateKey: KeyObject;
  readonly comment: string;
}

/** An SSH agent in this process, which behaves as a test says. */
export interface TestAgent {
  readonly path: string;
  behaviour: AgentBehaviour;
  /** The keys that it has; a test may change them. */
  keys: readonly TestAgentKey[];
  /** The connections that are open now, and the most that were open at once. */
  readonly connections: { open: number; most: number; accepted: number };
  /** Requests of both kinds that arrived. */
  readonly requests: { identities: number; sign: number };
  /** Ends every connection and goes on listening. */
  disconnect(): void;
  /** Ends, and takes its socket away. */
  close(): Promise<void>;
}

export async function serveAgent(
  path: string,
  keys: readonly TestAgentKey[],
  behaviour: AgentBehaviour = 'well',
): Promise<TestAgent> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    agent.connections.accepted += 1;
    agent.connections.open = sockets.size;
    agent.connections.most = Math.max(agent.connections.most, sockets.size);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      agent.connections.open = sockets.size;
    });
    serveConnection(agent, socket);
  });
  const disconnect = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const agent: TestAgent = {
    path,
    behaviour,
    keys,
    connections: { open: 0, most: 0, accepted: 0 },
    requests: { identities: 0, sign: 0 },
    disconnect,
    async close() {
      const ended = new Promise((resolve) => server.close(resolve));
      disconnect();
      await ended;
      rmSync(path, { force: true });
    },
  };
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(path, resolve));
  return agent;
}

function serveConnection(agent: TestAgent, socket: Socket): void {
  const reader = new MessageReader();
  let before = Promise.resolve();
  socket.on('data', (piece: Buffer) => {
    for (const message of reader.read(piece))
      before = before.then(async () => {
        if (message[0] === 11) agent.requests.identities += 1;
        else agent.requests.sign += 1;
        if (agent.behaviour === 'slow') await wait(200);
        while (agent.behaviour === 'silent' && !socket.destroyed) await wait(5);
        if (socket.destroyed) return;
        if (agent.behaviour === 'drips') await drip(socket);
        else if (message[0] === 11) socket.write(sshString(identities(agent)));
        else answerSignRequest(agent, socket, message);
      });
  });
}

async function drip(socket: Socket): Promise<void> {
  for (const octet of sshString(Buffer.alloc(64 * 1024, 14))) {
    if (socket.destroyed) return;
    socket.write(Buffer.of(octet));
    await wait(50);
  }
}

const failure = Buffer.of(5);

function identities({ keys, behaviour }: TestAgent): Buffer {
  const offered = behaviour === 'lacks-key' ? [] : keys;
  const count = Buffer.alloc(4);
  count.writeUInt32BE(offered.length);
  const entries = offered.flatMap(({ privateKey, comment }) => [
    sshString(sshKey(createPublicKey(privateKey)).blob),
    sshString(comment),
  ]);
  return Buffer.concat([Buffer.of(12), count, ...entries]);
}

function answerSignRequest(agent: TestAgent, socket: Socket, request: Buffer): void {
  const fields = new SshReader(request.subarray(1));
  const [blob, data] = [fields.string(), fields.string()];
  const found = agent.keys.find(({ privateKey }) => sshKey(createPublicKey(privateKey)).blob.equals(blob));
  const { behaviour } = agent;
  if (found === undefined || behaviour === 'refuses' || behaviour === 'lacks-key') {
    socket.write(sshString(failure));
    return;
  }
  if (behaviour === 'garbage') {
    socket.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    return;
  }
  if (behaviour === 'too-long') {
    socket.write(sshString(Buffer.alloc(300 * 1024, 14)));
    return;
  }
  const signature = signedAs(behaviour, found.privateKey, data);
  const answer = sshString(Buffer.concat([Buffer.of(14), sshString(signature)]));
  if (behaviour === 'half-a-message') socket.write(answer.subarray(0, answer.length / 2));
  else if (behaviour === 'ends-amid') socket.end(answer.subarray(0, answer.length / 2));
  else if (behaviour === 'unasked') socket.write(Buffer.concat([answer, answer]));
  else socket.write(answer);
}

/** A signature as SSH encodes it. */
function signedAs(behaviour: AgentBehaviour, privateKey: KeyObject, data: Buffer): Buffer {
  const key = sshKey(createPublicKey(privateKey));
  const { hash } = signatureAlgorithmFor(privateKey);
  const octets = sign(hash, behaviour === 'wrong-signature' ? Buffer.concat([data, Buffer.of(0)]) : data, {
    key: behaviour === 'another-key' ? keyLike(privateKey) : privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  const isEc = privateKey.asymmetricKeyType === 'ec';
  const half = octets.length / 2;
  const numbers = [mpint(octets.subarray(0, half)), mpint(octets.subarray(half))];
  if (behaviour === 'negative-number') numbers[1] = Buffer.of(0x80, 1);
  if (behaviour === 'long-number') numbers[0] = Buffer.concat([Buffer.of(1), octets.subarray(0, half)]);
  const encoded = isEc
    ? Buffer.concat(numbers.map((number) => sshString(number)))
    : behaviour === 'long-number'
      ? Buffer.concat([octets, Buffer.of(0)])
      : octets;
  const trailing = behaviour === 'trailing-octets' ? Buffer.of(0) : Buffer.alloc(0);
  const name = behaviour === 'wrong-name' ? 'ssh-rsa' : key.signatureName;
  return Buffer.concat([sshString(name), sshString(encoded), trailing]);
}

const others = new Map<string, KeyObject>();

/** Another key of the same kind and size. */
function keyLike(key: KeyObject): KeyObject {
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const kind = `${key.asymmetricKeyType ?? ''} ${namedCurve} ${modulusLength}`;
  const made =
    others.get(kind) ??
    (key.asymmetricKeyType === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength }).privateKey
      : key.asymmetricKeyType === 'ec'
        ? generateKeyPairSync('ec', { namedCurve }).privateKey
        : generateKeyPairSync('ed25519').privateKey);
  others.set(kind, made);
  return made;
}

function mpint(octets: Buffer): Buffer {
  let start = 0;
  while (start < octets.length - 1 && octets[start] === 0) start++;
  const magnitude = octets.subarray(start);
  return magnitude[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), magnitude]) : magnitude;
}
