import { createPrivateKey, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as AgentKeyModule from '../src/signing/keys/agent-key.js';
import { makeAuthority, makeKey } from '../packages/x509/test/helpers/certificates.js';
import { serveAgent } from '../test/helpers/misbehaving-agent.js';
import { startAgent } from '../test/keys/support/agent-process.js';
import { missingKeyTools } from '../test/keys/support/key-tools.js';
import { SoftHsm } from '../test/keys/support/soft-hsm.js';
import { benchManyCertificates } from './keys/many-certificates.js';
import { CompiledSources } from './compiled-sources.js';
import { requestOctets } from './load/http-connection.js';
import { type Load, measureThroughput, throughputOf } from './load/load.js';
import { takeTurns, type Turn } from './measure.js';
import { loadOf } from './peers/contender.js';
import { startKubepass } from './peers/kubepass.js';
import { makeSigningJob } from './peers/signing-job.js';
import { comparedThroughput, figureOf, NotMeasurableError, type Found, type Row } from './report.js';
import { ServiceUnderBench } from './service-under-bench.js';

interface Extent {
  readonly rounds: number;
  readonly secondsPerRound: number;
  /** The certificates in the inventory when an issuer is activated. */
  readonly inventory: number;
}

const connections = 32;
const warmUpRounds = 2;
const mostPerSecond = 2_000;
/** An HSM in software issues at least so many times what a file key does. */
const leastOfFileKey = 0.6;
/** The processor time that a signature of an agent may take in the service. */
const mostMicroseconds = 50;
/** A slow agent leaves another cluster at least so much of its rate. */
const leastBesideSlow = 0.95;

/** Measures the cost of the place of a CA's key: a file, SoftHSM behind `ssh-agent`, an agent that is slow. */
export async function benchKeys(directory: string, extent: Extent, found: Found): Promise<void> {
  const missing = missingKeyTools();
  if (missing.length > 0) throw new NotMeasurableError(`there is no ${missing.join(', no ')} here`);
  found(await hsmAgainstFile(join(directory, 'rate'), extent));
  for (const type of ['rsa:2048', 'EC:prime256v1'] as const) found(await signatureOfAgent(type, extent));
  found(await besideSlowAgent(join(directory, 'slow'), extent));
  found(...(await benchManyCertificates(join(directory, 'many'), extent.inventory)));
}

/** The same CA signs with its key in a file, and in an HSM. */
async function hsmAgainstFile(directory: string, { rounds, secondsPerRound }: Extent): Promise<Row> {
  const job = await makeSigningJob(directory, 'RSA-2048');
  const [hsm, agent] = [await SoftHsm.create(), await startAgent()];
  await hsm.import({ file: job.keyFile, label: 'users' });
  await agent.addToken(hsm);
  const issuers = [{ name: 'users', certFile: job.certFile, key: { agent: agent.path } }];
  const start = async (name: string, localCA?: object) => {
    const own = join(directory, name);
    mkdirSync(own);
    const contender = await startKubepass(own, job, { localCA });
    contender.hold();
    return {
      contender,
      load: loadOf(contender, job, mostPerSecond * Math.ceil(secondsPerRound)),
      begin: () => contender.release(),
      end: () => contender.hold(),
    };
  };
  const lanes = { hsm: await start('hsm', { issuers }), file: await start('file') };
  try {
    const take = (times: number) => takeTurns(times, lanes, ({ load }) => throughputOf(load, secondsPerRound));
    await take(warmUpRounds);
    const figures = await take(rounds);
    return comparedThroughput({
      what: 'certificates by an RSA-2048 key in SoftHSM behind `ssh-agent`, as a multiple of those by a key file',
      ours: figures.hsm,
      theirs: figures.file,
      target: { atLeast: leastOfFileKey },
    });
  } finally {
    for (const { contender } of Object.values(lanes)) await contender.stop();
    await agent.remove();
    hsm.remove();
  }
}

/** The processor time of this process for a signature, with the service's own code, and nothing else going on here. */
async function signatureOfAgent(type: 'rsa:2048' | 'EC:prime256v1', { rounds, secondsPerRound }: Extent): Promise<Row> {
  const { AgentKey } = await CompiledSources.build().import<typeof AgentKeyModule>('signing/keys/agent-key');
  const [hsm, agent] = [await SoftHsm.create(), await startAgent()];
  await hsm.generate({ type, label: 'users' });
  await agent.addToken(hsm);
  const key = new AgentKey(agent.path, { label: 'users' }, { clock: () => new Date() });
  const tbs = randomBytes(500);
  try {
    const byRound: number[] = [];
    for (let round = 0; round < warmUpRounds + rounds; round++) {
      const began = process.cpuUsage();
      const until = performance.now() + secondsPerRound * 1000;
      let signatures = 0;
      const callers = Array.from({ length: connections }, async () => {
        for (; performance.now() < until; signatures++) await key.sign(tbs);
      });
      await Promise.all(callers);
      const { user, system } = process.cpuUsage(began);
      if (round >= warmUpRounds) byRound.push((user + system) / signatures);
    }
    const what = `processor time of the service for a signature of \`ssh-agent\` with SoftHSM, ${type === 'rsa:2048' ? 'RSA-2048' : 'P-256'}`;
    return figureOf(what, byRound, 'µs', { target: { atMost: mostMicroseconds } });
  } finally {
    key.close();
    await agent.remove();
    hsm.remove();
  }
}

/** One service with two clusters: callers of one wait for an agent that takes 200 ms for each signature. */
async function besideSlowAgent(directory: string, { rounds, secondsPerRound }: Extent): Promise<Row> {
  mkdirSync(directory);
  const write = (name: string, text: string): string => {
    const file = join(directory, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const keys = { quick: makeKey('RSA-2048'), slow: makeKey('RSA-2048') };
  const validity = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 86_400_000) };
  const certificate = (name: keyof typeof keys): string =>
    write(`${name}.crt`, makeAuthority({ subject: [['CN', name]], key: keys[name], ...validity }).pem);
  const privateKey = createPrivateKey(keys.slow.pem);
  const agent = await serveAgent(join(directory, 'agent.sock'), [{ privateKey, comment: 'users' }]);
  const cluster = (name: keyof typeof keys, key: object) => {
    const certFile = certificate(name);
    const issuers = [{ name: 'users', certFile, key }];
    return {
      ...{ name, server: 'https://127.0.0.1:6443', servingCertificateAuthority: certFile },
      signer: { localCA: { issuers } },
    };
  };
  const config = {
    clusters: [cluster('quick', { file: write('quick.key', keys.quick.pem) }), cluster('slow', { agent: agent.path })],
  };
  const service = await ServiceUnderBench.start(directory, { config });
  try {
    agent.behaviour = 'slow';
    const loads = { quick: kubeconfigsOf(service, 'quick'), slow: kubeconfigsOf(service, 'slow') };
    const rate = async (load: Load) => (await measureThroughput(load, secondsPerRound, () => null)).perSecond;
    const lanes: Readonly<Record<'beside' | 'alone', Turn & { readonly measure: () => Promise<number> }>> = {
      beside: { measure: async () => (await Promise.all([rate(loads.quick), rate(loads.slow)]))[0] },
      alone: { measure: () => rate(loads.quick) },
    };
    const take = (times: number) => takeTurns(times, lanes, ({ measure }) => measure());
    await take(warmUpRounds);
    const { beside, alone } = await take(rounds * 2);
    return comparedThroughput({
      what: 'certificates of one cluster while 32 callers of another wait for an agent that takes 200 ms a signature, as a multiple of those without',
      ours: beside,
      theirs: alone,
      target: { atLeast: leastBesideSlow },
    });
  } finally {
    await service.stop();
    await agent.close();
  }
}

function kubeconfigsOf({ target, token }: ServiceUnderBench, cluster: string): Load {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const ask = { cluster, username: 'bench', groups: ['team-a'], expirationSeconds: 3600 };
  const request = requestOctets(target, 'POST', '/v1/kubeconfigs', headers, JSON.stringify(ask));
  return { target, connections, requests: [request], expectedStatus: 201 };
}
