import { addresses } from '../../parts/address.js';
import { Card, Distance, Empty, Written } from '../../parts/bits.js';
import { Linked } from '../../parts/page.js';
import { Paged, usePages } from '../../parts/data.js';
import { Table } from '../../parts/table.js';
import { answerOf, api } from '../../service/client.js';

/** The CertificateSigningRequest objects of the cluster, whoever made them. They are read when the page opens. */
export function ClusterCsrs({ name }: { readonly name: string }) {
  const pages = usePages(
    (cursor, signal) => {
      const params = { path: { name }, query: { limit: 50, ...(cursor !== undefined && { cursor }) } };
      return answerOf(api.GET('/v1/clusters/{name}/certificate-signing-requests', { params, signal }));
    },
    [name],
  );
  const again = (
    <button type="button" onClick={pages.reload}>
      Read again
    </button>
  );
  return (
    <Card title="Its CSRs" aside={again} region>
      <Paged
        pages={pages}
        noun="CSRs"
        empty={<Empty>There is none: a cluster deletes a CSR about an hour after it was decided.</Empty>}
      >
        {(items) => (
          <Table label="CSRs" columns={['CSR', 'Asked by', 'Subject', 'Status']}>
            {items.map(({ uid, name: csr, requestId, signerName, ours, username, request, status, createdAt }) => (
              <tr key={uid}>
                <th scope="row">
                  <Linked href={addresses.request(requestId ?? '')} when={requestId !== null}>
                    <Written text={csr} />
                  </Linked>
                  <div class="muted">
                    <Written text={signerName} />
                  </div>
                </th>
                <td>{ours ? 'kubepass' : <Written text={username} />}</td>
                <td>{request.subject === null ? 'cannot be read' : <Written text={request.subject} most={128} />}</td>
                <td>
                  {status}
                  <div class="muted">
                    <Distance of={createdAt} />
                  </div>
                </td>
              </tr>
            ))}
          </Table>
        )}
      </Paged>
    </Card>
  );
}
