import { addresses, addressOf } from '../../parts/address.js';
import { Card, Empty, Written } from '../../parts/bits.js';
import { type ListPage, Shown, useData } from '../../parts/data.js';
import { Page } from '../../parts/page.js';
import { tell } from '../../parts/results.js';
import { useAct } from '../../parts/trouble.js';
import { distance, many, sentence, spaced } from '../../parts/words.js';
import { answerOf, api, read, type Schemas } from '../../service/client.js';
import { caller, may, type Permission } from '../../service/session.js';

const limit = 100;
const mostNames = 5;
const kinds = ['certificate-requests', 'certificates', 'identities', 'webhook-deliveries', 'clusters'] as const;
/** Where a part of the service is looked at; the others: at its clusters. */
const places: Readonly<Record<string, string>> = { webhooks: 'webhooks', policies: 'policies', checkpoints: 'audit' };

/** A number with its noun, or who or what it is; what is to be said of it; and where it is looked at. */
type Line = readonly [what: string, words: string, href: string];

/** What waits for the reader and what somebody should look at, as far as their roles permit. Nothing that is fine. */
export function Home() {
  const data = useData(readAll, [caller.value?.permissions.join()], kinds);
  return (
    <Page title="Home">
      <Shown data={data} awaited="what needs you">
        {({ lines, people, components = [], restored, notes = [] }) => (
          <>
            {restored && <Restored notes={notes} onDone={data.reload} />}
            <WithoutEnforcement people={people} />
            {lines.length === 0 ? (
              <Empty>Nothing needs you now.</Empty>
            ) : (
              <Card title="What needs you" region>
                <ul class="items">{lines.map(Needed)}</ul>
              </Card>
            )}
            {components.map(({ name, figures: { secondsSinceLast: seconds } }) =>
              name === 'checkpoints' && seconds !== undefined ? (
                <p key={name} class="quiet">
                  The last checkpoint of the audit log was signed {distance(-1000 * seconds, 0)}.
                </p>
              ) : null,
            )}
          </>
        )}
      </Shown>
    </Page>
  );
}

const Needed = ([what, words, href]: Line) => (
  <li key={what + href}>
    <a href={href}>
      <b>
        <Written text={what} />
      </b>{' '}
      {words}
    </a>
  </li>
);

async function readAll(signal: AbortSignal) {
  const when = <T,>(permission: Permission, call: () => Promise<T>) => (may(permission) ? call() : undefined);
  const ends = { status: 'live', notAfterBefore: new Date(Date.now() + 86_400_000).toISOString() } as const;
  const mine = { mine: 'true', limit } as const;
  const [waiting, approved, ending, exposed, dead, health] = await Promise.all([
    when('approve-requests', () => read('/v1/certificate-requests', { awaiting: 'me', limit }, signal)),
    read('/v1/certificate-requests', { ...mine, state: ['approved'] }, signal),
    read('/v1/certificates', { ...ends, ...(may('read-all-certificates') ? { limit } : mine) }, signal),
    when('read-identities', () => read('/v1/identities', { residualExposure: 'true', limit }, signal)),
    when('read-webhook-deliveries', () => read('/v1/webhook-deliveries', { state: 'dead', limit }, signal)),
    when('read-audit-events', () => read('/readyz', { verbose: 'true' }, signal)),
  ]);
  const people = exposed?.items ?? [];
  const yours = approved.items.filter(({ collector }) => collector === caller.value?.name);
  const counted = (some: ListPage<unknown> | undefined, noun: string, words: string, href: string): readonly Line[] =>
    some?.items.length ? [[many(some.items.length, noun, some.nextCursor !== null), words, href]] : [];
  const lines = [
    ...counted(waiting, 'request', 'to decide', '/console/requests?view=waiting'),
    ...counted({ ...approved, items: yours }, 'kubeconfig', 'to collect', '/console/requests?view=mine'),
    ...counted(ending, 'certificate', 'ending within a day', addressOf('/console/certificates', ends)),
    ...(people.length > mostNames
      ? counted(exposed, 'username', 'with access that should have ended', '/console/identities?blocked=true')
      : people.map((one): Line => [one.username, 'still has access', addresses.identity(one.username)])),
    ...counted(dead, 'webhook message', 'given up', '/console/webhooks?state=dead'),
    ...(health?.components ?? []).flatMap(({ name, state, figures: { secondsLeft } }): readonly Line[] => {
      const left = secondsLeft === undefined ? '' : `, ends ${distance(secondsLeft * 1000, 0)}`;
      return state === 'ok' ? [] : [[spaced(name), state + left, `/console/${places[name] ?? 'clusters'}`]];
    }),
  ];
  return { ...health, lines, people };
}

/** Says which clusters refuse no revoked certificate, and still let in people who left. */
function WithoutEnforcement({ people }: { readonly people: readonly Schemas['Identity'][] }) {
  const clusters = people.flatMap(({ leftAt, residualExposure = [] }) =>
    leftAt ? residualExposure.flatMap(({ enforcement, cluster }) => (enforcement === 'none' ? [cluster] : [])) : [],
  );
  return [...new Set(clusters)].map((name) => (
    <p key={name} class="band warning">
      {name} does not refuse revoked certificates, and people who left still have access to it.
    </p>
  ));
}

/** The database was put back from a backup: an admin says that they have looked at what may be missing. */
function Restored({ notes, onDone }: { readonly notes: readonly string[]; readonly onDone: () => void }) {
  const { run, trouble } = useAct();
  const acknowledge = async () => {
    await answerOf(api.POST('/v1/restored/acknowledge'));
    tell('Acknowledged: the database was restored from a backup.');
    onDone();
  };
  return (
    <Card title="The database was restored from a backup" region>
      {notes.map((note) => (
        <p key={note}>{sentence(note)}</p>
      ))}
      {trouble}
      {may('acknowledge-restored') && <button onClick={() => void run(acknowledge)}>Acknowledge</button>}
    </Card>
  );
}
