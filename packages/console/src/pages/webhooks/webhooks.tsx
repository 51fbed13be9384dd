import { addresses, useAddress } from '../../parts/address.js';
import { announce } from '../../parts/announce.js';
import { Badge, Distance, Empty, Instant, Written } from '../../parts/bits.js';
import { Filter } from '../../parts/filter.js';
import { Page } from '../../parts/page.js';
import { Paged, useList } from '../../parts/data.js';
import { type Column, Columns } from '../../parts/table.js';
import { useAct } from '../../parts/trouble.js';
import { useKeys } from '../../parts/keys.js';
import { many, spaced } from '../../parts/words.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { may } from '../../service/session.js';

type Delivery = Schemas['WebhookDelivery'];
const looks = {
  waiting: { tone: 'warning', icon: 'wait', words: 'waiting' },
  delivered: { tone: 'ok', icon: 'check', words: 'delivered' },
  dead: { tone: 'error', icon: 'cross', words: 'given up' },
} as const;
const states = Object.entries(looks).map(([state, { words }]) => [state, words] as const);

/** Deliveries of webhooks, why they failed, and another try. */
export function Webhooks() {
  const { state, webhook, requestId } = useAddress().query;
  const filter = { state, webhook, requestId };
  const { run, trouble } = useAct();
  const pages = useList('/v1/webhook-deliveries', filter, ['webhook-deliveries']);
  const retry = ({ id }: Delivery) =>
    run(async () => {
      await answerOf(api.POST('/v1/webhook-deliveries/{id}/retry', { params: { path: { id } }, body: {} }));
      announce('It is sent again.');
      pages.reload();
    });
  useKeys({ '/': () => document.querySelector<HTMLElement>('.tools input')?.focus() });
  return (
    <Page title="Webhooks">
      <form class="tools" role="search" onSubmit={(event) => event.preventDefault()}>
        <Filter name="state" label="State" options={[['', 'every state'], ...states]} />
        <Filter name="webhook" label="Webhook" />
        <Filter name="requestId" label="Request" />
      </form>
      {trouble}
      <Paged pages={pages} noun="deliveries" empty={<Nothing isFiltered={Object.values(filter).some(Boolean)} />}>
        {(deliveries) => <Columns label="Deliveries" rows={deliveries} columns={columns((one) => void retry(one))} />}
      </Paged>
    </Page>
  );
}

const Nothing = ({ isFiltered }: { readonly isFiltered: boolean }) => (
  <Empty>
    {isFiltered ? (
      <>
        No delivery fits these filters. <a href="/console/webhooks">Show all deliveries</a>
      </>
    ) : (
      'Nothing was delivered yet. Webhooks are named in the configuration, under “webhooks”.'
    )}
  </Empty>
);

const columns = (onRetry: (delivery: Delivery) => void): readonly Column<Delivery>[] => [
  [
    'Event',
    ({ type, requestId }) => (
      <>
        {spaced(type.replace('.', ' '))}
        <div>{requestId !== null && <a href={addresses.request(requestId)}>its request</a>}</div>
      </>
    ),
  ],
  ['Webhook', ({ webhook }) => webhook],
  [
    'State',
    ({ state, attempts, nextAttemptAt }) => (
      <>
        <Badge {...looks[state]}>{looks[state].words}</Badge>
        <div class="muted">
          {many(attempts, 'attempt')}
          {nextAttemptAt !== null && (
            <>
              , next <Distance of={nextAttemptAt} />
            </>
          )}
        </div>
      </>
    ),
  ],
  ['Last failure', ({ lastFailure }) => <Written text={lastFailure ?? '–'} most={240} />],
  ['When', ({ createdAt }) => <Instant of={createdAt} />],
  ['Ended', ({ endedAt }) => (endedAt === null ? '–' : <Instant of={endedAt} />)],
  [
    '',
    (delivery) =>
      may('retry-webhook-deliveries') &&
      delivery.state !== 'delivered' && (
        <button type="button" onClick={() => onRetry(delivery)}>
          Try again
        </button>
      ),
  ],
];
