import { addresses } from '../../parts/address.js';
import { Card, Instant } from '../../parts/bits.js';
import { useData } from '../../parts/use-data.js';
import { api, answerOf, type Schemas } from '../../service/client.js';
import { ProblemError } from '../../service/problem.js';
import { Status } from './certificates-table.js';

type Certificate = Schemas['Certificate'];

/** A line of renewals may be years long; a page reads these many before the certificate. */
const mostBefore = 5;

/** The certificates that this one renews, oldest first, and the latest one that renews it. */
export function Lineage({ certificate }: { readonly certificate: Certificate }) {
  const { fingerprintSha256, renewalOf, supersededBy } = certificate;
  const data = useData((signal) => readLineage(certificate, signal), [fingerprintSha256, supersededBy]);
  const { before, latest } = data.value.value ?? { before: [], latest: null };
  const older = (before[0] ?? certificate).renewalOf;
  if (renewalOf === null && supersededBy === null) return null;
  return (
    <Card title="Lineage" region>
      <ol class="lineage">
        {older !== null && (
          <li>
            <a href={addresses.certificate(older)}>The one before</a>
          </li>
        )}
        {[...before, certificate, ...(latest ? [latest] : [])].map((one) => (
          <li key={one.fingerprintSha256} {...(one === certificate && { 'aria-current': 'true' })}>
            {one === certificate ? (
              'This one'
            ) : (
              <a href={addresses.certificate(one.fingerprintSha256)}>
                <code>{one.fingerprintSha256.slice(0, 16)}</code>
              </a>
            )}{' '}
            <Instant of={one.notBefore} /> to <Instant of={one.notAfter} /> <Status of={one.status} />
          </li>
        ))}
      </ol>
    </Card>
  );
}

/** A certificate that the caller may not read ends the walk. */
async function readLineage({ renewalOf, supersededBy }: Certificate, signal: AbortSignal) {
  const read = async (fingerprintSha256: string): Promise<Certificate | null> => {
    try {
      const params = { path: { fingerprintSha256 } };
      return await answerOf(api.GET('/v1/certificates/{fingerprintSha256}', { params, signal }));
    } catch (error) {
      if (error instanceof ProblemError && error.problem.status === 404) return null;
      throw error;
    }
  };
  const before: Certificate[] = [];
  for (let next = renewalOf; next !== null && before.length < mostBefore; next = before[0]?.renewalOf ?? null) {
    const found = await read(next);
    if (found === null) break;
    before.unshift(found);
  }
  return { before, latest: supersededBy === null ? null : await read(supersededBy) };
}
