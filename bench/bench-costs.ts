import { Agent, request } from 'node:http';
import { startWithIssuer } from './bench-callers.js';
import { median } from './measure.js';
import { everyRoute } from '../test/http/support/every-route.js';
import type { Found, Row } from './report.js';

const calls = 300;
const rounds = 3;
/**
 * Routes that answer without a credential. Every other one is refused before it does anything: `whoami` stands for
 * them.
 */
const open =
  /^\/(?:livez|readyz|docs|openapi|console)|\/(?:crl|callers|whoami)$|^\/metrics|^\/v1\/login|^\/scim\/v2\/Schemas$|access-reviews$/;
/** They are no routes, or calls that answer in another way. */
const others = ['GET /', 'GET /%zz', 'GET /readyz?verbose', 'GET /docs/static/swagger-ui-bundle.js', 'PUT /livez'];

/**
 * Measures the processor time of one call without a credential of every route that is open, one call after the other on
 * one connection.
 */
export async function benchCosts(directory: string, found: Found): Promise<void> {
  const service = await startWithIssuer(directory, null);
  try {
    const routes = [
      ...(await everyRoute())
        .filter(({ path }) => open.test(path))
        .map(({ method, url }) => `${method} ${url.replace('/clusters/x/', '/clusters/bench/')}`),
      ...others,
    ];
    const rows: Row[] = [];
    for (const route of routes) {
      const times: number[] = [];
      let status = '';
      for (let round = 0; round <= rounds; round += 1) {
        const before = service.processorMilliseconds();
        status = await callAgainAndAgain(service.target, route);
        // The first round warms up.
        if (round > 0) times.push((service.processorMilliseconds() - before) / calls);
      }
      rows.push({
        ...{ what: `\`${route}\`: ${status}`, figure: median(times), unit: 'ms', byRound: times },
        ...{ target: { atMost: 10 }, details: `${calls} calls a round` },
      });
    }
    found(...rows.sort((a, b) => b.figure - a.figure));
  } finally {
    await service.stop();
  }
}

/** Answers the last status. */
async function callAgainAndAgain({ host, port }: { readonly host: string; readonly port: number }, route: string) {
  const [method = '', path = ''] = route.split(' ');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let status = 0;
  for (let i = 0; i < calls; i += 1)
    status = await new Promise<number>((resolve, reject) => {
      const call = request({ host, port, method, path, agent }, (answer) => {
        answer.resume().once('end', () => {
          resolve(answer.statusCode ?? 0);
        });
      });
      call.once('error', reject);
      call.end();
    });
  agent.destroy();
  return String(status);
}
