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

/**
 * The first page, a page from the middle, each filter alone for common and for rare values, and some filters together.
 */
export function listCases(landmarks: Landmarks): readonly ListCase[] {
  const { requestId, fingerprintSha256, serialNumber, username, seq } = landmarks;
  const now = landmarks.now.toISOString();
  const middle = landmarks.at.toISOString();
  const anHourLater = new Date(landmarks.at.getTime() + 3_600_000).toISOString();
  const requests = [
    '',
    `cursor=${cursor('requests/newest', requestId)}`,
    'state=issued',
    'state=pending',
    'state=failed',
    'cluster=demo',
    'cluster=rare',
    'username=busy',
    `username=${username}`,
    'requester=hr',
    'requester=rare',
    'requester=nobody',
    'state=issued&cluster=demo&username=busy&requester=hr',
    'state=issued&cluster=rare',
    'state=pending&cluster=rare',
    'username=busy&cluster=rare',
    'state=pending&requester=hr',
    'state=issued&requester=rare',
  ];
  const certificates = [
    '',
    `cursor=${cursor('certificates/newest', middle, fingerprintSha256)}`,
    'cluster=demo',
    'cluster=rare',
    'username=busy',
    `username=${username}`,
    'group=team-a',
    'group=rare',
    'group=nobody',
    `serialNumber=${serialNumber}`,
    `expiresAfter=${now}`,
    `expiresBefore=${now}`,
    `expiresBefore=${now}&cursor=${cursor('certificates/soonest', landmarks.notAfter.toISOString(), fingerprintSha256)}`,
    `expiresAfter=${middle}&expiresBefore=${anHourLater}`,
    `expiresBefore=${now}&cluster=demo`,
    `expiresBefore=${now}&cluster=rare`,
    `expiresAfter=${now}&cluster=demo`,
    `expiresBefore=${now}&username=busy`,
    `expiresBefore=${now}&username=${username}`,
    `expiresBefore=${now}&group=team-a`,
    `expiresBefore=${now}&group=rare`,
    `cluster=demo&serialNumber=${serialNumber}`,
    'cluster=rare&group=team-a',
    'cluster=rare&username=busy',
  ];
  const events = [
    '',
    `cursor=${cursor('audit-events/oldest', String(seq))}`,
    'type=CertificateIssued',
    'type=IssuanceResumed',
    'type=IssuanceFailed',
    'principal=hr',
    'principal=rare',
    'principal=nobody',
    'cluster=demo',
    'cluster=rare',
    `requestId=${requestId}`,
    `fingerprintSha256=${fingerprintSha256}`,
    `after=${now}`,
    `after=${middle}`,
    `before=${middle}`,
    `after=${middle}&before=${anHourLater}`,
    `type=CertificateIssued&after=${middle}`,
    'type=CertificateIssued&cluster=rare',
    'type=IssuanceResumed&principal=hr',
    `requestId=${requestId}&principal=hr`,
    'type=CertificateIssued&principal=hr&cluster=demo',
  ];
  const list = (resource: string, queries: readonly string[]) =>
    queries.map((query) => ({ path: query === '' ? `/v1/${resource}` : `/v1/${resource}?${query}` }));
  return [
    ...list('certificate-requests', requests),
    { path: '/v1/certificate-requests?awaiting=me', as: 'approver' },
    { path: '/v1/certificate-requests', as: 'hr' },
    { path: '/v1/certificate-requests', as: 'rare' },
    { path: '/v1/certificate-requests?state=pending', as: 'rare' },
    ...list('certificates', certificates),
    { path: '/v1/certificate-requests?state=pending', as: 'hr' },
    { path: '/v1/certificates', as: 'hr' },
    { path: `/v1/certificates?serialNumber=${serialNumber}`, as: 'hr' },
    { path: '/v1/certificates', as: 'rare' },
    { path: `/v1/certificates?expiresBefore=${now}`, as: 'hr' },
    { path: `/v1/certificates?expiresBefore=${now}`, as: 'rare' },
    ...list('audit-events', events),
  ];
}
