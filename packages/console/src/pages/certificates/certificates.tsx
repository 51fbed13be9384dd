import { addressOf, useAddress } from '../../parts/address.js';
import { Empty } from '../../parts/bits.js';
import { Paged, useList } from '../../parts/data.js';
import { FileLink } from '../../parts/files.js';
import { Filter, Filters } from '../../parts/filter.js';
import { Next, Page, Views } from '../../parts/page.js';
import { may } from '../../service/session.js';
import { CertificatesTable } from './certificates-table.js';

const statuses = ['valid', 'superseded', 'expired', 'revoked'].map((status) => [status, status] as const);
const options = [...Object.entries({ '': 'every status', live: 'live: valid or superseded' }), ...statuses];
const filters = [
  { name: 'usernamePrefix', label: 'Username begins with' },
  { name: 'cluster', label: 'Cluster' },
  { name: 'group', label: 'Group' },
  { name: 'status', label: 'Status', options },
  { name: 'notAfterBefore', label: 'Ends before', isInstant: true },
] as const;
/** Filters that few people need. */
const rarer = [
  { name: 'notAfterAfter', label: 'Ends after', isInstant: true },
  { name: 'username', label: 'Username' },
  { name: 'requester', label: 'Requester' },
  { name: 'collector', label: 'Collector' },
  { name: 'issuer', label: 'Issuer' },
  { name: 'serialNumber', label: 'Serial number' },
] as const;
const names = ['mine', ...[...filters, ...rarer].map(({ name }) => name)];
const views = Object.entries({ '': 'All', true: 'Mine' });

/** The certificates that the caller may read, by the filters of the API. */
export function Certificates() {
  const { query } = useAddress();
  const selected = Object.fromEntries(names.flatMap((name) => (query[name] ? [[name, query[name]]] : [])));
  const pages = useList('/v1/certificates', { ...selected, limit: 100 }, ['certificates']);
  const readsAll = may('read-all-certificates');
  const empty = (
    <Empty>
      There is no certificate {readsAll ? 'yet' : 'of yours'}. <Next href="/console/ask">Ask for one</Next>
    </Empty>
  );
  return (
    <Page
      title="Certificates"
      aside={
        <FileLink href={addressOf('/v1/certificates', selected)} name="kubepass-certificates.csv" type="text/csv">
          CSV
        </FileLink>
      }
    >
      {readsAll && <Views path="/console/certificates" name="mine" views={views} />}
      <Filters of={filters}>
        <details class="more" open={rarer.some(({ name }) => query[name])}>
          <summary>More filters</summary>
          <div class="tools pairs">
            {rarer.map((filter) => (
              <Filter key={filter.name} {...filter} />
            ))}
          </div>
        </details>
      </Filters>
      <Paged {...{ pages, empty }} noun="certificates" filters={selected}>
        {(certificates) => <CertificatesTable label="Certificates" certificates={certificates} />}
      </Paged>
    </Page>
  );
}
