import { oldCa, presentCa } from './rows.js';

/** A list as a caller asks for it. `as`: an API token's principal, `admin` by default. */
export interface ListCase {
  readonly path: string;
  readonly as?: 'hr' | 'rare' | 'approver';
}

/**
 * The records that the cases use: one of each kind from the middle of the year, and the places where deep pages begin.
 */
export interface Landmarks {
  readonly now: Date;
  /** The number of a record in the middle. */
  readonly n: number;
  readonly requestId: string;
  readonly fingerprintSha256: string;
  readonly serialNumber: string;
  readonly username: string;
  readonly at: Date;
  readonly notAfter: Date;
  readonly seq: number;
}

/** A cursor as the lists return it: the name of the order, and the key of the last row. */
const cursor = (...key: readonly string[]): string => Buffer.from(JSON.stringify(key), 'utf8').toString('base64url');

/** The queries of each filter, a common and a rare one first. */
type Filters = Readonly<Record<string, readonly string[]>>;

/** Each filter alone, and each pair of filters with each of their values. */
function aloneAndInPairs(filters: Filters): readonly string[] {
  const names = Object.keys(filters);
  const pairs = names.flatMap((one, i) => names.slice(i + 1).map((other) => [one, other] as const));
  return [
    ...Object.values(filters).flat(),
    ...pairs.flatMap(([one, other]) =>
      (filters[one] ?? []).flatMap((first) => (filters[other] ?? []).map((second) => `${first}&${second}`)),
    ),
  ];
}

/**
 * The first page and a page from the middle, each filter alone and each pair of filters, for values that are common and
 * for rare ones, as an admin and as those who see only their own.
 */
export function listCases(landmarks: Landmarks): readonly ListCase[] {
  const { n, requestId, fingerprintSha256, serialNumber, username, seq } = landmarks;
  const now = landmarks.now.toISOString();
  const middle = landmarks.at.toISOString();
  const anHourLater = new Date(landmarks.at.getTime() + 3_600_000).toISOString();
  // Prefixes of nearly all usernames, of a fiftieth, of a few, of a single one that is common, and of none.
  const prefixes = ['user-', 'user-12', username, 'bus', 'nobody'].map((prefix) => `usernamePrefix=${prefix}`);
  const requests = aloneAndInPairs({
    state: ['state=issued', 'state=pending', 'state=failed'],
    cluster: ['cluster=demo', 'cluster=second', 'cluster=rare'],
    username: ['username=busy', `username=${username}`],
    requester: ['requester=hr', 'requester=rare', 'requester=nobody'],
    label: ['label=team%3Dpayments', 'label=ticket%3Drare', 'label=ticket%3Dnone'],
    usernamePrefix: prefixes,
  });
  const certificates = aloneAndInPairs({
    cluster: ['cluster=demo', 'cluster=second', 'cluster=rare'],
    username: ['username=busy', `username=${username}`],
    usernamePrefix: prefixes,
    requester: ['requester=hr', 'requester=rare', 'requester=nobody'],
    collector: ['collector=hr', 'collector=rare', 'collector=nobody'],
    group: ['group=team-a', 'group=rare', 'group=nobody'],
    serialNumber: [`serialNumber=${serialNumber}`],
    issuer: [`issuer=${presentCa}`, `issuer=${oldCa}`],
    status: ['status=valid', 'status=live', 'status=superseded', 'status=expired', 'status=revoked'],
    expiry: [`notAfterAfter=${now}`, `notAfterBefore=${now}`, `notAfterAfter=${middle}&notAfterBefore=${anHourLater}`],
  });
  const events = aloneAndInPairs({
    type: ['type=CertificateIssued', 'type=IssuanceResumed', 'type=IssuanceFailed'],
    principal: ['principal=hr', 'principal=rare', 'principal=nobody'],
    cluster: ['cluster=demo', 'cluster=second', 'cluster=rare'],
    requestId: [`requestId=${requestId}`],
    fingerprintSha256: [`fingerprintSha256=${fingerprintSha256}`],
    time: [`after=${now}`, `after=${middle}`, `before=${middle}`, `after=${middle}&before=${anHourLater}`],
  });
  const inAMonth = new Date(landmarks.now.getTime() + 30 * 86_400_000).toISOString();
  const identities = aloneAndInPairs({
    cluster: ['cluster=demo', 'cluster=second', 'cluster=rare'],
    username: ['username=busy', `username=${username}`, 'username=nobody'],
    usernamePrefix: prefixes,
    group: ['group=team-a', 'group=rare', 'group=nobody'],
    blocked: ['blocked=true', 'blocked=false'],
    residualExposure: ['residualExposure=true'],
    notAfterBefore: [`notAfterBefore=${inAMonth}`, `notAfterBefore=${now}`],
  });
  const list = (resource: string, queries: readonly string[], as?: ListCase['as']): readonly ListCase[] =>
    queries.map((query) => ({
      path: query === '' ? `/v1/${resource}` : `/v1/${resource}?${query}`,
      ...(as !== undefined && { as }),
    }));
  const own = (as: 'hr' | 'rare'): readonly ListCase[] => [
    ...list(
      'certificate-requests',
      ['', 'state=pending', 'cluster=rare', 'username=busy', 'usernamePrefix=user-12'],
      as,
    ),
    ...list('certificate-requests', ['label=team%3Dpayments', 'label=ticket%3Drare'], as),
    ...list('certificates', ['status=live', 'status=revoked', 'status=expired'], as),
    ...list('certificates', ['usernamePrefix=user-12', 'usernamePrefix=bus', 'requester=hr', 'requester=rare'], as),
    ...list('certificates', ['', `serialNumber=${serialNumber}`, 'cluster=rare', 'username=busy', 'group=team-a'], as),
    ...list('certificates', [`notAfterBefore=${now}`, `notAfterAfter=${now}&username=busy`], as),
  ];
  return [
    ...list('certificate-requests', ['', `cursor=${cursor('requests/newest', String(n))}`, ...requests]),
    ...list('certificate-requests', ['state=issued&cluster=demo&username=busy&requester=hr']),
    ...list('certificate-requests', ['label=team%3Dpayments&label=ticket%3Drare']),
    ...list('certificate-requests', ['awaiting=me'], 'approver'),
    ...list(
      'certificate-requests',
      [
        ...['', '&state=pending&state=issued', '&cluster=rare', '&username=busy'].map((other) => `decided=me${other}`),
        `decided=me&cursor=${cursor('requests/decided', middle, String(n))}`,
        'mine=true',
      ],
      'approver',
    ),
    ...list('certificate-requests', ['state=pending&state=approved', 'state=issued&state=failed&cluster=rare']),
    ...list('certificates', ['mine=true'], 'approver'),
    ...list('certificates', ['', `cursor=${cursor('certificates/newest', String(n))}`, ...certificates]),
    ...list('certificates', [
      `notAfterBefore=${now}&cursor=${cursor('certificates/soonest', landmarks.notAfter.toISOString(), String(n))}`,
    ]),
    ...list('identities', [
      '',
      `cursor=${cursor('identities/username', 'user-25')}`,
      `blocked=true&cursor=${cursor('identities/blocked', 'blocked-1000')}`,
      ...identities,
    ]),
    ...['busy', username, 'blocked-1000'].map((name) => ({ path: `/v1/identities/${name}` })),
    ...list('audit-events', ['', `cursor=${cursor('audit-events/oldest', String(seq))}`, ...events]),
    ...list(
      'audit-events',
      [
        ...[`cursor=${cursor('audit-events/newest', String(seq))}`, 'type=IssuanceFailed', 'principal=hr'],
        ...['principal=rare&type=CertificateIssued', `before=${middle}`, `after=${middle}&type=CertificateIssued`],
      ].map((query) => `order=newest&${query}`),
    ),
    ...list(
      'audit-events',
      [username, 'busy'].flatMap((name) => [
        `username=${name}`,
        `username=${name}&order=newest&type=CertificateIssued`,
      ]),
    ),
    ...list('audit-events', [`afterSeq=${String(seq)}`]),
    ...list('audit-events', ['type=CertificateIssued&principal=hr&cluster=demo']),
    ...own('hr'),
    ...own('rare'),
  ];
}
