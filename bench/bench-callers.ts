import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeAuthority, makeKey } from '../packages/x509/test/helpers/certificates.js';
import { IdentityProvider } from '../test/helpers/identity-provider.js';
import { requestOctets } from './load/http-connection.js';
import { measureThroughput, type Load } from './load/load.js';
import { median, takeTurns, type Turn } from './measure.js';
import { clusterOf } from './peers/kubepass.js';
import { withRange, type Found, type Row } from './report.js';
import { ServiceUnderBench, type Program } from './service-under-bench.js';

const connections = 32;
const warmUpRounds = 2;
/** More than the service remembers, so that each call brings a token that it has to verify. */
const newTokens = 4_500;
/** An OIDC call may take so much more processor time than one with an API token, once the key is there. */
const mostMoreMilliseconds = 0.15;
/** As many groups as make a token of about a kilobyte. */
const groups = Array.from({ length: 20 }, (_, i) => `team-number-${i}`);

interface Asked extends Turn {
  readonly load: Load;
}

/** Measures the processor time of a cheap call with each kind of token, all of one service in turns. */
export async function benchCallers(
  directory: string,
  { rounds, secondsPerRound }: { readonly rounds: number; readonly secondsPerRound: number },
  found: Found,
): Promise<void> {
  const provider = await IdentityProvider.start({ accounts: {} });
  const service = await startWithIssuer(directory, provider.issuer);
  try {
    const mint = (sub: string) => provider.mint({ sub, groups });
    const seen = await mint('jane');
    const unseen: string[] = [];
    for (let i = 0; i < newTokens; i += 1) unseen.push(await mint(`user-${i}`));
    const lanes: Readonly<Record<'apiToken' | 'seen' | 'unseen', Asked>> = {
      apiToken: { load: whoami(service, [service.token]) },
      seen: { load: whoami(service, [seen]) },
      unseen: { load: whoami(service, unseen) },
    };
    const take = (times: number) =>
      takeTurns(times, lanes, ({ load }) => processorMilliseconds(service, load, secondsPerRound));
    await take(warmUpRounds);
    const figures = await take(rounds);
    found(
      more('an OIDC token that it has seen', figures.seen, figures.apiToken),
      more('an OIDC token that it sees for the first time', figures.unseen, figures.apiToken),
    );
  } finally {
    await service.stop();
    await provider.stop();
  }
}

/** A service that accepts the tokens of an issuer. An earlier build may not know that: `issuer` null leaves it out. */
export function startWithIssuer(
  directory: string,
  issuer: string | null,
  program?: Program,
): Promise<ServiceUnderBench> {
  mkdirSync(directory, { recursive: true });
  const key = makeKey('P-256');
  const [certFile, keyFile] = [join(directory, 'ca.crt'), join(directory, 'ca.key')];
  writeFileSync(certFile, makeAuthority({ key }).pem);
  writeFileSync(keyFile, key.pem, { mode: 0o600 });
  const callers = issuer !== null && { callers: { oidc: [{ name: 'corp', issuer, audiences: ['kubepass'] }] } };
  return ServiceUnderBench.start(directory, {
    config: { clusters: [clusterOf({ certFile, keyFile })], ...callers },
    program,
  });
}

/** Cheap calls, with these tokens one after the other. */
export function whoami({ target }: ServiceUnderBench, tokens: readonly string[]): Load {
  const requests = tokens.map((token) =>
    requestOctets(target, 'GET', '/v1/whoami', { authorization: `Bearer ${token}` }, ''),
  );
  return { target, connections, requests, expectedStatus: 200 };
}

async function processorMilliseconds(service: ServiceUnderBench, load: Load, seconds: number): Promise<number> {
  const { answered, before, after } = await measureThroughput(load, seconds, () => service.processorMilliseconds());
  return (after - before) / answered;
}

function more(what: string, ofIt: readonly number[], ofApiToken: readonly number[]): Row {
  return {
    what: `processor time of \`GET /v1/whoami\` with ${what}, more than with an API token`,
    figure: median(ofIt) - median(ofApiToken),
    unit: 'ms',
    byRound: ofIt.map((one, i) => one - ofApiToken[i]!),
    target: { atMost: mostMoreMilliseconds },
    details: `${withRange(ofIt, 'ms')} against ${withRange(ofApiToken, 'ms')}`,
  };
}
