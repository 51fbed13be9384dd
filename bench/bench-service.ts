import { readFileSync } from 'node:fs';
import { requestOctets } from './load/http-connection.js';
import { latenciesAt, throughputOf, type Load } from './load/load.js';
import { takeTurns, type Turn } from './measure.js';
import { boundedLatencies, figureOf, type Found, type Row, type Target } from './report.js';
import { ServiceUnderBench } from './service-under-bench.js';

const connections = 32;

/** Two cores inspect at least that many certificates in a second. The load generator uses one of them. */
const inspectionsPerSecond = 5_000;

/** API servers ask for so many reviews in a second, while so many kubeconfigs are issued. */
const [reviewsPerSecond, issuedBeside] = [1_000, 200];
const reviewsP99Milliseconds = 10;

/** A user certificate as PEM. */
const certificate = new URL('../packages/inspect/corpus/user/input.pem', import.meta.url);
const ask = { username: 'bench', groups: ['team-a'], expirationSeconds: 3600 };

/** Measures the service by itself, with the embedded default: its own RSA-2048 CA, and SQLite. */
export async function benchService(
  directory: string,
  {
    rounds,
    secondsPerRound,
    secondsOfArrivals,
  }: { readonly rounds: number; readonly secondsPerRound: number; readonly secondsOfArrivals: number },
  found: Found,
): Promise<void> {
  const service = await ServiceUnderBench.start(directory);
  try {
    await expectInspection(service);
    const lanes = {
      kubeconfig: loadOn(service, '/v1/kubeconfigs', 'application/json', JSON.stringify(ask), 201),
      evaluate: loadOn(service, '/v1/policies/evaluate', 'application/json', JSON.stringify(ask)),
      inspect: loadOn(service, '/v1/inspections', 'application/x-pem-file', readFileSync(certificate, 'utf8')),
    };
    const take = (times: number) => takeTurns(times, lanes, (lane) => throughputOf(lane.load, secondsPerRound));
    await take(2);
    const figures = await take(rounds);
    const row = (what: string, perSecond: readonly number[], target: Target | null): Row =>
      figureOf(`${what}, ${connections} connections`, perSecond, 'a second', { target });
    found(
      row('`POST /v1/kubeconfigs`', figures.kubeconfig, null),
      row('`POST /v1/policies/evaluate`', figures.evaluate, null),
      row('`POST /v1/inspections`, one certificate in, JSON out', figures.inspect, { atLeast: inspectionsPerSecond }),
    );
    found(...(await reviewsBesideIssuing(service, lanes.kubeconfig.load, secondsOfArrivals)));
  } finally {
    await service.stop();
  }
}

/** Every certificate user of a cluster waits for the answers, so the slow ones count. */
async function reviewsBesideIssuing(
  service: ServiceUnderBench,
  issuing: Load,
  seconds: number,
): Promise<readonly Row[]> {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user: 'jane', extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${'0'.repeat(64)}`] } },
  };
  const path = '/v1/clusters/demo/access-reviews?timeout=3s';
  const { load } = loadOn(service, path, 'application/json', JSON.stringify(review));
  const [milliseconds] = await Promise.all([
    latenciesAt({ ...load, perSecond: reviewsPerSecond, seconds }),
    latenciesAt({ ...issuing, perSecond: issuedBeside, seconds }),
  ]);
  return boundedLatencies({
    what: `access reviews beside ${issuedBeside} issued kubeconfigs a second`,
    milliseconds,
    at: `${reviewsPerSecond}/s for ${seconds} s`,
    most: reviewsP99Milliseconds,
  });
}

interface Asked extends Turn {
  readonly load: Load;
}

/** The load generator reads no answers, so one answer is read here. */
async function expectInspection({ api }: ServiceUnderBench): Promise<void> {
  const answer = await api.expect(200, 'POST', '/v1/inspections', readFileSync(certificate));
  if (!answer.includes('"type":"Certificate"')) throw new Error(`not inspected: ${answer}`);
}

function loadOn(
  { target, token }: ServiceUnderBench,
  path: string,
  type: string,
  body: string,
  expectedStatus = 200,
): Asked {
  const request = requestOctets(target, 'POST', path, { authorization: `Bearer ${token}`, 'content-type': type }, body);
  return { load: { target, connections, requests: [request], expectedStatus } };
}
