import { addresses } from '../../parts/address.js';
import { Card, Fact, Instant, Written } from '../../parts/bits.js';
import { Shown, useData } from '../../parts/data.js';
import { api, answerOf, type Schemas } from '../../service/client.js';

/** Shows who asked for a certificate and who approved it: the request that it was issued for. */
export function RequestOf({ certificate: { requestId: id } }: { readonly certificate: Schemas['Certificate'] }) {
  const params = { path: { id } };
  const data = useData((signal) => answerOf(api.GET('/v1/certificate-requests/{id}', { params, signal })), [id]);
  return (
    <Card title="Request" aside={<a href={addresses.request(id)}>Open it</a>} region>
      <Shown data={data} awaited="the request">
        {({ requester, collector, createdAt, reason, approvals, decision }) => (
          <dl class="facts">
            <Fact name="Requester">
              <Written text={requester} />, <Instant of={createdAt} />
            </Fact>
            <Fact name="Collector">
              <Written text={collector} />
            </Fact>
            <Fact name="Reason">{reason === null ? 'none given' : <bdi class="said">{reason}</bdi>}</Fact>
            <Fact name="Approved by">
              {approvals.map(({ principal, at, comment }) => (
                <p key={principal}>
                  <Written text={principal} />, <Instant of={at} />
                  {comment && <bdi class="said muted">{comment}</bdi>}
                </p>
              ))}
              {approvals.length === 0 && 'policy alone'}
            </Fact>
            {decision.policy && (
              <Fact name="Policy">
                <a href={addresses.policy(decision.policy)}>
                  <Written text={decision.policy} />
                </a>
              </Fact>
            )}
          </dl>
        )}
      </Shown>
    </Card>
  );
}
