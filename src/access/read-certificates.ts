import type { Context } from '../context/context.js';
import { inPortions } from '../context/in-portions.js';
import { isParty, may, mayReadCertificate } from '../callers/permissions.js';
import type { AskedCertificates, Certificate, CertificateFilter, ListedCertificate } from '../model/certificate.js';
import { done, refused, type Outcome, type Page, type PageQuery } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';

/** The issued certificates, as far as a principal may read them. */
export async function listCertificates(
  context: Context,
  principal: Principal,
  { mine, ...asked }: AskedCertificates,
  page: PageQuery,
): Promise<Page<ListedCertificate>> {
  const filter = await withFingerprints(context, asked);
  const all = !mine && may(principal, 'read-all-certificates');
  const visible = all ? filter : { ...filter, visibleTo: principal.name };
  const { items, nextCursor } = await context.store.certificates.list({ ...visible, now: context.clock() }, page);
  return { items: all ? items : items.filter((certificate) => isParty(principal, certificate)), nextCursor };
}

/** All that match, in the order of the list. They are read in portions, each when it is taken. */
export const exportCertificates = (context: Context, principal: Principal, filter: AskedCertificates) =>
  inPortions(() => Promise.resolve((page: PageQuery) => listCertificates(context, principal, filter, page)));

export async function findCertificate(
  { store }: Context,
  principal: Principal,
  fingerprintSha256: string,
): Promise<Outcome<Certificate>> {
  const certificate = await store.certificates.findByFingerprint(fingerprintSha256);
  const isReadable = certificate !== null && mayReadCertificate(principal, certificate);
  return isReadable ? done(certificate) : refused({ kind: 'not-found' });
}

/** The filter with the fingerprints of its issuer. An issuer that is not recorded has no fingerprints. */
async function withFingerprints(
  { store }: Pick<Context, 'store'>,
  { issuer, ...filter }: Omit<AskedCertificates, 'mine'>,
): Promise<CertificateFilter> {
  if (issuer === undefined) return filter;
  if (/^[0-9a-f]{64}$/.test(issuer)) return { ...filter, issuer: [issuer] };
  const recorded = filter.cluster === undefined ? [] : await store.issuers.ofCluster(filter.cluster);
  return { ...filter, issuer: recorded.find(({ name }) => name === issuer)?.fingerprints ?? [] };
}
