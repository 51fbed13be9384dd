import { useSignal } from '@preact/signals';
import { addresses } from '../../parts/address.js';
import { Badge, Card, Empty, Instant, Written } from '../../parts/bits.js';
import { Table } from '../../parts/table.js';
import { useAct } from '../../parts/trouble.js';
import { approvalInWords, duration, many, spaced } from '../../parts/words.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { ProblemError } from '../../service/problem.js';
import type { Attempt } from './attempt.js';

type Change = Schemas['ReplayedChange'];
type Line = Schemas['ReplayLine'];

const periods = [
  ['a day', 1],
  ['a week', 7],
  ['a month', 30],
  ['a quarter', 91],
  ['a year', 365],
] as const;
/** So many changes are drawn; the counts are of all. */
const mostShown = 200;

/** Decides again by the draft what was asked in a period. */
export function Replay({ attempt }: { readonly attempt: Attempt }) {
  const days = useSignal('30');
  const found = useSignal<readonly Line[]>([]);
  const { isBusy, run, trouble } = useAct();
  const replay = async (policies: string[]) => {
    found.value = [];
    const after = new Date(Date.now() - Number(days.value) * 86_400_000).toISOString();
    const { items } = await answerOf(api.POST('/v1/policies/replay', { body: { after, policies } }));
    const last = items.at(-1);
    // A replay that was cut off would claim that less changes.
    if (last?.type === 'error') throw new ProblemError(last.problem);
    found.value = items;
  };
  const summary = found.value.find((line) => line.type === 'summary');
  return (
    <Card title="Replay a period" region>
      <div class="tools">
        <div>
          <label for="replay-days">Asked within</label>
          <select id="replay-days" value={days} onChange={({ currentTarget }) => (days.value = currentTarget.value)}>
            {periods.map(([name, length]) => (
              <option key={name} value={String(length)}>
                {name}
              </option>
            ))}
          </select>
        </div>
        <button type="button" class="primary" disabled={isBusy} onClick={() => void run(() => attempt(replay))}>
          Replay
        </button>
      </div>
      {trouble}
      <p role="status">
        {isBusy && 'Deciding again …'}
        {summary && inWords(summary)}
      </p>
      {summary && <Changes all={found.value.filter((line) => line.type === 'changed')} isAny={summary.requests > 0} />}
    </Card>
  );
}

/** How many decisions change, and how: `2 of 31 decisions change: 1 permitted to denied, 1 lifetime changed.` */
function inWords({
  requests,
  changed: { requests: changed, ...kinds },
  undecidable,
  failed,
}: Schemas['ReplaySummary']) {
  const each = Object.entries(kinds).flatMap(([kind, n]) => (n > 0 ? [`${n} ${spaced(kind).toLowerCase()}`] : []));
  return [
    `${changed} of ${many(requests, 'decision')} would change${each.length > 0 ? `: ${each.join(', ')}` : ''}.`,
    undecidable.requests > 0 && `${many(undecidable.requests, 'request')} cannot be decided again.`,
    failed > 0 && `${many(failed, 'request')} failed.`,
  ]
    .filter(Boolean)
    .join(' ');
}

function Changes({ all, isAny }: { readonly all: readonly Change[]; readonly isAny: boolean }) {
  if (!isAny) return <Empty>Nothing was asked in this period: choose a longer one.</Empty>;
  if (all.length === 0) return null;
  return (
    <>
      <Table label="Decisions that change" columns={['Request', 'Before', 'After']}>
        {all.slice(0, mostShown).map((change) => (
          <tr key={change.id}>
            <th scope="row">
              <a href={addresses.request(change.id)}>
                <Written text={change.username} />
              </a>
              <div class="muted">
                <Written text={change.groups.join(', ') || 'no group'} /> on {change.cluster}, asked by{' '}
                <Written text={change.requester} />, decided <Instant of={change.decidedAt} />
              </div>
            </th>
            <td data-label="Before">
              <Side of={change.was} />
            </td>
            <td data-label="After">
              <Side of={change.wouldBe} why={change.why} />
            </td>
          </tr>
        ))}
      </Table>
      {all.length > mostShown && <p class="muted">{many(all.length - mostShown, 'more change')} not shown here.</p>}
    </>
  );
}

/** `why`: the checks that would fail, of the policies that judge otherwise. */
const Side = ({ of, why = [] }: { readonly of: Change['was']; readonly why?: Change['why'] }) => (
  <>
    <Outcome of={of} />
    {of.reasons.length > 0 && <p class="muted">{of.reasons.map(spaced).join(', ')}</p>}
    {why.slice(0, 3).flatMap(({ name, failing }) =>
      failing.slice(0, 2).map(({ check, expected, found }) => (
        <p key={name + check} class="muted">
          <Written text={`${name}: ${check} is ${found}, not ${expected}`} most={160} />
        </p>
      )),
    )}
  </>
);

/** A decision in a badge and a sentence. */
export function Outcome({
  of: { outcome, policy, expirationSeconds, stages },
}: {
  readonly of: Omit<Change['was'], 'reasons' | 'approval'>;
}) {
  const isPermitted = outcome === 'permitted';
  const length = expirationSeconds === null ? '' : `for ${duration(expirationSeconds)}, `;
  return (
    <p>
      <Badge tone={isPermitted ? 'ok' : 'error'} icon={isPermitted ? 'check' : 'cross'}>
        {outcome}
      </Badge>{' '}
      {isPermitted && length + approvalInWords(stages)}{' '}
      {policy !== null && (
        <span class="muted">
          policy <Written text={policy} />
        </span>
      )}
    </p>
  );
}
