import { useSignal } from '@preact/signals';
import { addresses, useAddress } from '../../parts/address.js';
import { announce } from '../../parts/announce.js';
import { Badge, Distance, Empty, Instant, Written } from '../../parts/bits.js';
import { Filter } from '../../parts/filter.js';
import { now } from '../../parts/now.js';
import { Page } from '../../parts/page.js';
import { Paged } from '../../parts/paged.js';
import { Table } from '../../parts/table.js';
import { Trouble } from '../../parts/trouble.js';
import { usePages } from '../../parts/use-pages.js';
import { many, spaced } from '../../parts/words.js';
import { answerOf, api, problemFrom, type Schemas } from '../../service/client.js';
import type { ProblemError } from '../../service/problem.js';
import { may } from '../../service/session.js';

type Delivery = Schemas['WebhookDelivery'];
type State = Delivery['state'];

/** Deliveries of webhooks, why they failed, and another try. */
export function Webhooks() {
  const { query } = useAddress();
  const { state, webhook, requestId } = query;
  const filter = {
    ...(state && { state: state as State }),
    ...(webhook && { webhook }),
    ...(requestId && { requestId }),
  };
  const error = useSignal<ProblemError | null>(null);
  const pages = usePages(
    (cursor, signal) =>
      answerOf(
        api.GET('/v1/webhook-deliveries', {
          params: { query: { ...filter, ...(cursor !== undefined && { cursor }) } },
          signal,
        }),
      ),
    [JSON.stringify(filter)],
    ['webhook-deliveries'],
  );
  const retry = async ({ id }: Delivery) => {
    error.value = await problemFrom(() =>
      answerOf(api.POST('/v1/webhook-deliveries/{id}/retry', { params: { path: { id } }, body: {} })),
    );
    if (error.value !== null) return;
    announce('It is sent again.');
    pages.reload();
  };
  return (
    <Page title="Webhooks">
      <form class="tools" role="search" onSubmit={(event) => event.preventDefault()}>
        <Filter
          name="state"
          label="State"
          options={[
            ['', 'every state'],
            ['waiting', 'waiting'],
            ['delivered', 'delivered'],
            ['dead', 'given up'],
          ]}
        />
        <Filter name="webhook" label="Webhook" />
        <Filter name="requestId" label="Request" />
      </form>
      {error.value && <Trouble error={error.value} />}
      <Paged
        pages={pages}
        noun="deliveries"
        empty={
          <Empty>
            {Object.keys(filter).length > 0 ? (
              <>
                No delivery fits these filters. <a href="/console/webhooks">Show all deliveries</a>
              </>
            ) : (
              'Nothing was delivered yet. Webhooks are named in the configuration, under “webhooks”.'
            )}
          </Empty>
        }
      >
        {(deliveries) => (
          <Table label="Deliveries" columns={['Event', 'Webhook', 'State', 'Last failure', 'When', '']}>
            {deliveries.map((delivery) => (
              <Row key={delivery.id} delivery={delivery} onRetry={() => void retry(delivery)} />
            ))}
          </Table>
        )}
      </Paged>
    </Page>
  );
}

const Row = ({ delivery, onRetry }: { readonly delivery: Delivery; readonly onRetry: () => void }) => (
  <tr>
    <th scope="row">
      {spaced(delivery.type.replace('.', ' '))}
      {delivery.requestId !== null && (
        <div>
          <a href={addresses.request(delivery.requestId)}>its request</a>
        </div>
      )}
    </th>
    <td data-label="Webhook">{delivery.webhook}</td>
    <td data-label="State">
      <StateBadge state={delivery.state} />
      <div class="muted">{many(delivery.attempts, 'attempt')}</div>
      {delivery.nextAttemptAt !== null && (
        <div class="muted">
          next <Distance of={delivery.nextAttemptAt} now={now.value} />
        </div>
      )}
    </td>
    <td data-label="Last failure">
      {delivery.lastFailure === null ? '–' : <Written text={delivery.lastFailure} most={240} />}
    </td>
    <td data-label="When">
      <Instant of={delivery.createdAt} />
      {delivery.endedAt !== null && (
        <div class="muted">
          ended <Instant of={delivery.endedAt} />
        </div>
      )}
    </td>
    <td class="short">
      {may('retry-webhook-deliveries') && delivery.state !== 'delivered' && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </td>
  </tr>
);

const StateBadge = ({ state }: { readonly state: State }) =>
  state === 'delivered' ? (
    <Badge tone="ok" icon="check">
      delivered
    </Badge>
  ) : state === 'waiting' ? (
    <Badge tone="warning" icon="wait">
      waiting
    </Badge>
  ) : (
    <Badge tone="error" icon="cross">
      given up
    </Badge>
  );
