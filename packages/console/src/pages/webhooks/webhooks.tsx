import { addresses, useAddress } from '../../parts/address.js';
import { Badge, Distance, Empty, Instant, Written } from '../../parts/bits.js';
import { Paged, useList } from '../../parts/data.js';
import { Filters } from '../../parts/filter.js';
import { Page } from '../../parts/page.js';
import { tell } from '../../parts/results.js';
import { type Cells, Columns } from '../../parts/table.js';
import { useAct } from '../../parts/trouble.js';
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
const filters = [
  { name: 'state', label: 'State', options: [['', 'every state'] as const, ...states] },
  { name: 'webhook', label: 'Webhook' },
  { name: 'requestId', label: 'Request' },
];

/** Deliveries of webhooks, why they failed, and another try. */
export function Webhooks() {
  const { state, webhook, requestId } = useAddress().query;
  const filter = { state, webhook, requestId };
  const { run, trouble } = useAct();
  const pages = useList('/v1/webhook-deliveries', filter, ['webhook-deliveries']);
  const retry = async ({ id, type, webhook: name }: Delivery) => {
    await answerOf(api.POST('/v1/webhook-deliveries/{id}/retry', { params: { path: { id } }, body: {} }));
    tell(`Sent again: ${inWords(type)} to ${name}. Its state says whether it arrives.`);
    pages.reload();
  };
  const empty = 'Nothing was delivered yet. Webhooks are named in the configuration, under “webhooks”.';
  return (
    <Page title="Webhooks">
      <Filters of={filters} />
      {trouble}
      <Paged {...{ pages, filters: filter }} noun="deliveries" empty={<Empty>{empty}</Empty>}>
        {(deliveries) => (
          <Columns label="Deliveries" rows={deliveries} cells={cells((one) => void run(() => retry(one)))} />
        )}
      </Paged>
    </Page>
  );
}

const inWords = (type: Delivery['type']): string => spaced(type.replace('.', ' '));

const cells = (onRetry: (delivery: Delivery) => void): Cells<Delivery> => ({
  Event: ({ type, requestId }) => (
    <>
      {inWords(type)}
      <div>{requestId !== null && <a href={addresses.request(requestId)}>its request</a>}</div>
    </>
  ),
  Webhook: ({ webhook }) => webhook,
  State: ({ state, attempts, nextAttemptAt }) => (
    <>
      <Badge {...looks[state]}>{looks[state].words}</Badge>
      <div class="muted">
        {many(attempts, 'attempt')}
        {nextAttemptAt !== null && [', next ', <Distance key="next" of={nextAttemptAt} />]}
      </div>
    </>
  ),
  'Last failure': ({ lastFailure }) => <Written text={lastFailure ?? '–'} most={240} />,
  When: ({ createdAt }) => <Instant of={createdAt} />,
  Ended: ({ endedAt }) => (endedAt === null ? '–' : <Instant of={endedAt} />),
  '': (delivery) =>
    may('retry-webhook-deliveries') &&
    delivery.state !== 'delivered' && <button onClick={() => onRetry(delivery)}>Try again</button>,
});
