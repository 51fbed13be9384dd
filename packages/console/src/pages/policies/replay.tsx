import { useSignal } from '@preact/signals';
import { addresses } from '../../parts/address.js';
import { Badge, Card, Empty, Instant, Written } from '../../parts/bits.js';
import { Trouble } from '../../parts/trouble.js';
import { duration, many, spaced } from '../../parts/words.js';
import { answerOf, api, problemFrom, type Schemas } from '../../service/client.js';
import { ProblemError } from '../../service/problem.js';
import { stagesInWords } from './in-words.js';

type Change = Schemas['ReplayedChange'];
type Was = Schemas['ReplayedChangeWas'];
interface Outcome {
  readonly changes: readonly Change[];
  readonly summary: Schemas['ReplaySummary'];
}

const day = 86_400_000;
const periods = [
  ['a day', 1],
  ['a week', 7],
  ['a month', 30],
  ['a quarter', 91],
] as const;
/** So many changes are drawn; the counts are of all. */
const mostShown = 200;

/** Decides what was asked in a period again under the draft. */
export function Replay({ policies }: { readonly policies: readonly string[] }) {
  const days = useSignal(30);
  const found = useSignal<Outcome | null>(null);
  const trouble = useSignal<ProblemError | null>(null);
  const busy = useSignal(false);
  const run = async () => {
    busy.value = true;
    found.value = null;
    const after = new Date(Date.now() - days.value * day).toISOString();
    trouble.value = await problemFrom(async () => {
      const { items } = await answerOf(api.POST('/v1/policies/replay', { body: { after, policies: [...policies] } }));
      found.value = outcomeOf(items);
    });
    busy.value = false;
  };
  return (
    <Card title="Replay a period" region>
      <div class="tools">
        <div>
          <label for="replay-days">What was asked within</label>
          <select
            id="replay-days"
            value={String(days.value)}
            onChange={({ currentTarget }) => (days.value = Number(currentTarget.value))}
          >
            {periods.map(([name, length]) => (
              <option key={name} value={String(length)}>
                {name}
              </option>
            ))}
          </select>
        </div>
        <button type="button" disabled={busy.value || policies.length === 0} onClick={() => void run()}>
          Replay
        </button>
      </div>
      <p role="status">{busy.value && 'Deciding again what was asked …'}</p>
      {trouble.value && <Trouble error={trouble.value} />}
      {found.value && <Replayed outcome={found.value} />}
    </Card>
  );
}

/** The lines of a whole replay. One that was cut off is a problem: it would claim that less changes. */
function outcomeOf(lines: readonly Schemas['ReplayLine'][]): Outcome {
  const last = lines.at(-1);
  if (last?.type === 'error') throw new ProblemError(last.problem);
  if (last?.type !== 'summary') throw new Error('the answer to a replay has no summary');
  return { changes: lines.filter((line) => line.type === 'changed'), summary: last };
}

function Replayed({ outcome: { changes, summary } }: { readonly outcome: Outcome }) {
  const { requests, changed, undecidable, failed } = summary;
  if (requests === 0) return <Empty>Nothing was asked in this period. Choose a longer one.</Empty>;
  return (
    <>
      <p>
        <b>{many(changed.requests, 'decision')}</b> of {many(requests, 'request')} would change
        {changed.requests > 0 && `: ${kindsInWords(changed)}`}.
        {undecidable.requests > 0 && ` ${many(undecidable.requests, 'request')} cannot be decided again.`}
        {failed > 0 && ` ${many(failed, 'request')} failed.`}
      </p>
      <ul>
        {changes.slice(0, mostShown).map((change) => (
          <li key={change.id} class="changed">
            <p>
              <a href={addresses.request(change.id)}>
                <Written text={change.username} /> on {change.cluster}
              </a>{' '}
              <span class="muted">
                asked by <Written text={change.requester} />, decided <Instant of={change.decidedAt} />
              </span>
            </p>
            <div class="sides">
              <Side title="Before" was={change.was} />
              <Side title="After" was={change.wouldBe} />
            </div>
          </li>
        ))}
      </ul>
      {changes.length > mostShown && <p class="muted">{many(changes.length - mostShown, 'more change')} not shown.</p>}
    </>
  );
}

const kindsInWords = ({ requests: _requests, ...kinds }: Schemas['ReplaySummary']['changed']): string =>
  Object.entries(kinds)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${spaced(kind).toLowerCase()}`)
    .join(', ');

const Side = ({ title, was }: { readonly title: string; readonly was: Was }) => (
  <div>
    <h3>{title}</h3>
    <p>
      <Badge tone={was.outcome === 'permitted' ? 'ok' : 'error'} icon={was.outcome === 'permitted' ? 'check' : 'cross'}>
        {was.outcome}
      </Badge>{' '}
      {was.policy}
    </p>
    <p class="muted">
      {was.outcome === 'denied'
        ? was.reasons.map(spaced).join(', ')
        : `${was.expirationSeconds === null ? '' : `For ${duration(was.expirationSeconds)}, `}${was.stages.length === 0 ? 'at once' : `after ${stagesInWords(was.stages)}`}`}
    </p>
  </div>
);
