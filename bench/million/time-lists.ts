import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildApp } from '../../src/start/app.js';
import { createLogger } from '../../src/observability/logger.js';
import type { ListedCertificate } from '../../src/model/certificate.js';
import type { Store } from '../../src/store/store.js';
import { composeOn } from '../../test/helpers/composed-service.js';
import { listCases, type Landmarks } from './cases.js';
import type { SeededDatabase } from './databases.js';

export interface TimedList {
  readonly what: string;
  /** The shortest of several times: the cost of the list without the other work of the machine. */
  readonly milliseconds: number;
  /** The plan of each query, by its text. */
  readonly plans: ReadonlyMap<string, string>;
}

/** Each list is asked for again when all others were: a machine that is busy for a second spoils one pass alone. */
const [passes, rounds] = [2, 5] as const;

/**
 * Asks a service on the database for each list, in this process and without a network: the first page with 50 items.
 */
export async function timeLists(
  database: SeededDatabase,
  directory: string,
  now: Date,
  certificates: number,
): Promise<readonly TimedList[]> {
  const { store, context, close } = await composeOn(directory, database.environment);
  const logger = createLogger();
  logger.level = 'silent';
  const app = buildApp(context, { logger });
  try {
    const admin = readFileSync(join(directory, 'data', 'admin-token'), 'utf8').trim();
    const tokenOf = async (name: string, role: string): Promise<string> => {
      const { body, statusCode } = await app.inject({
        method: 'POST',
        url: '/v1/api-tokens',
        headers: { authorization: `Bearer ${admin}` },
        payload: { name, roles: [role] },
      });
      if (statusCode !== 201) throw new Error(`a token for ${name} was answered with ${String(statusCode)}: ${body}`);
      return (JSON.parse(body) as { token: string }).token;
    };
    const tokens = {
      admin,
      hr: await tokenOf('hr', 'requester'),
      rare: await tokenOf('rare', 'requester'),
      approver: await tokenOf('approver', 'approver'),
    };
    const lists = listCases({ ...(await landmarksIn(store, now)), n: Math.floor(certificates / 2) }).map(
      ({ path, as }) => ({
        what: withoutIdentifiers(as === undefined ? path : `${path} (as ${as})`),
        async ask() {
          const headers = { authorization: `Bearer ${tokens[as ?? 'admin']}`, accept: 'application/json' };
          const { statusCode, body } = await app.inject({ method: 'GET', url: path, headers });
          if (statusCode !== 200) throw new Error(`${path} was answered with ${String(statusCode)}: ${body}`);
        },
        milliseconds: [] as number[],
      }),
    );
    const timed: TimedList[] = [];
    for (let pass = 1; pass <= passes; pass += 1)
      for (const { what, ask, milliseconds } of lists) {
        const plans = await database.plansOf(ask);
        for (let round = 0; round < rounds; round += 1) {
          const began = performance.now();
          await ask();
          milliseconds.push(performance.now() - began);
        }
        if (pass === passes) timed.push({ what, milliseconds: Math.min(...milliseconds), plans });
      }
    return timed;
  } finally {
    await app.close();
    await close();
  }
}

/** A record in the middle of the year. Paging from the newest finds it, so a caller can reach it too. */
async function landmarksIn(store: Store, now: Date): Promise<Omit<Landmarks, 'n'>> {
  const middle = new Date(now.getTime() - 183 * 86_400_000);
  const found = await store.certificates.list({ notAfterAfter: middle }, { limit: 1, cursor: null });
  const certificate: ListedCertificate | undefined = found.items[0];
  if (certificate === undefined) throw new Error('nothing was seeded');
  const { requestId, fingerprintSha256, serialNumber, issuedAt, notAfter } = certificate;
  const [event] = await store.auditEvents.ofRequest(requestId);
  const newest = await store.certificates.list({}, { limit: 50, cursor: null });
  const { username } = newest.items.find((one) => one.username !== 'busy') ?? certificate;
  return {
    now,
    requestId,
    fingerprintSha256,
    serialNumber,
    username,
    at: issuedAt,
    notAfter,
    seq: event?.seq ?? 0,
  };
}

/** The sequence is the same in each run. */
const withoutIdentifiers = (path: string): string =>
  path
    .replace(/cursor=[^&]+/, 'cursor=…')
    .replace(/(Id|Sha256|serialNumber)=[^&]+/, '$1=…')
    .replace(/(issuer=.)[^&]+/, '$1…')
    .replace(/(before|after|Before|After)=[^& ]+/g, '$1=…');
