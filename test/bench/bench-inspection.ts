import { readFileSync } from 'node:fs';
import { manyAtOnce, takeTurns } from './measure.js';
import { promisedThroughput, type Row } from './report.js';
import { ServiceUnderBench } from './service-under-bench.js';

const connections = 32;
const rounds = 5;
const requests = 6_000;

/** A user certificate as PEM. */
const certificate = new URL('../fixtures/inspection/user/input.pem', import.meta.url);

/** Measures one certificate in and JSON out, which is read on the event loop itself. */
export async function benchInspection(directory: string): Promise<readonly Row[]> {
  const service = await ServiceUnderBench.start(directory);
  try {
    const pem = readFileSync(certificate);
    const lanes = {
      inspect: {
        once: async () => {
          const answer = await service.api.expect(200, 'POST', '/v1/inspections', pem);
          if (!answer.includes('"type":"Certificate"')) throw new Error(`not inspected: ${answer}`);
        },
      },
    };
    await takeTurns(2, lanes, (lane) => manyAtOnce(3_000, connections, lane));
    const figures = await takeTurns(rounds, lanes, (lane) => manyAtOnce(requests, connections, lane));
    return [
      promisedThroughput({
        what: `\`POST /v1/inspections\`, one certificate in, JSON out, ${connections} connections: requests a second, as a part of 3,000`,
        ours: figures.inspect,
        promised: 3_000,
      }),
    ];
  } finally {
    await service.stop();
  }
}
