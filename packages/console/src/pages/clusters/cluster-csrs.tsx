import { addresses } from '../../parts/address.js';
import { Card, Distance, Empty, Written } from '../../parts/bits.js';
import { now } from '../../parts/now.js';
import { Paged } from '../../parts/paged.js';
import { usePages } from '../../parts/use-pages.js';
import { answerOf, api, type Schemas } from '../../service/client.js';

/** The CertificateSigningRequest objects of the cluster, whoever made them. They are read when the page opens. */
export function ClusterCsrs({ name }: { readonly name: string }) {
  const pages = usePages(
    (cursor, signal) =>
      answerOf(
        api.GET('/v1/clusters/{name}/certificate-signing-requests', {
          params: { path: { name }, query: { limit: 50, ...(cursor !== undefined && { cursor }) } },
          signal,
        }),
      ),
    [name],
  );
  return (
    <Card
      title="CertificateSigningRequests"
      aside={
        <button type="button" onClick={pages.reload}>
          Read again
        </button>
      }
      region
    >
      <Paged
        pages={pages}
        noun="objects"
        empty={<Empty>There is none now: the cluster deletes them an hour after the certificate was issued.</Empty>}
      >
        {(items) => (
          <div class="table" tabIndex={0} role="region" aria-label="Objects">
            <table>
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Status</th>
                  <th scope="col">Made by</th>
                  <th scope="col">Subject</th>
                  <th scope="col">Age</th>
                </tr>
              </thead>
              <tbody>
                {items.map((item) => (
                  <Row key={item.uid} item={item} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Paged>
    </Card>
  );
}

const Row = ({ item }: { readonly item: Schemas['CertificateSigningRequest'] }) => (
  <tr>
    <th scope="row">
      {item.requestId === null ? (
        <Written text={item.name} />
      ) : (
        <a href={addresses.request(item.requestId)}>
          <Written text={item.name} />
        </a>
      )}
      <div class="muted">{item.signerName}</div>
    </th>
    <td>{item.status}</td>
    <td>{item.ours ? 'kubepass' : <Written text={item.username} />}</td>
    <td>{item.request.subject !== null && <Written text={item.request.subject} most={128} />}</td>
    <td class="short">
      <Distance of={item.createdAt} now={now.value} />
    </td>
  </tr>
);
