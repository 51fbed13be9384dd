import { useSignal } from '@preact/signals';
import { Badge, Card } from '../../parts/bits.js';
import { Trouble } from '../../parts/trouble.js';
import { duration, sentence } from '../../parts/words.js';
import { answerOf, api, problemFrom, type Schemas } from '../../service/client.js';
import type { ProblemError } from '../../service/problem.js';
import { stagesInWords } from './in-words.js';

type Decision = Schemas['Decision'];

/** Decides on a supposed ask under the draft, and under the policies in force, side by side. */
export function TryAsk({ policies }: { readonly policies: readonly string[] }) {
  const found = useSignal<readonly [Decision, Decision] | null>(null);
  const trouble = useSignal<ProblemError | null>(null);
  const busy = useSignal(false);
  const send = async (event: SubmitEvent) => {
    event.preventDefault();
    const values = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(values.get(name)).trim();
    const hours = Number(text('hours'));
    const groups = text('groups')
      .split(',')
      .flatMap((group) => group.trim() || []);
    const ask = {
      ...(text('cluster') !== '' && { cluster: text('cluster') }),
      username: text('username'),
      groups,
      ...(hours > 0 && { expirationSeconds: Math.round(hours * 3600) }),
      ...(text('reason') !== '' && { reason: text('reason') }),
    };
    busy.value = true;
    trouble.value = await problemFrom(async () => {
      found.value = await Promise.all([
        answerOf(api.POST('/v1/policies/evaluate', { body: ask })),
        answerOf(api.POST('/v1/policies/evaluate', { body: { ...ask, policies: [...policies] } })),
      ]);
    });
    busy.value = false;
  };
  return (
    <Card title="Try an ask" region>
      <form class="tools" onSubmit={(event) => void send(event)}>
        {fields.map(({ name, label, isRequired = false }) => (
          <div key={name}>
            <label for={`try-${name}`}>{label}</label>
            <input id={`try-${name}`} name={name} required={isRequired} />
          </div>
        ))}
        <button disabled={busy.value || policies.length === 0}>Evaluate</button>
      </form>
      {trouble.value && <Trouble error={trouble.value} />}
      {found.value && (
        <div class="sides">
          <Side title="In force" decision={found.value[0]} />
          <Side title="Draft" decision={found.value[1]} />
        </div>
      )}
    </Card>
  );
}

const fields: readonly { name: string; label: string; isRequired?: boolean }[] = [
  { name: 'cluster', label: 'Cluster' },
  { name: 'username', label: 'Username', isRequired: true },
  { name: 'groups', label: 'Groups' },
  { name: 'hours', label: 'Hours' },
  { name: 'reason', label: 'Reason' },
];

const Side = ({ title, decision }: { readonly title: string; readonly decision: Decision }) => {
  const { outcome, policy, expirationSeconds, stages, violations } = decision;
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      <p>
        <Badge tone={outcome === 'permitted' ? 'ok' : 'error'} icon={outcome === 'permitted' ? 'check' : 'cross'}>
          {outcome}
        </Badge>{' '}
        {policy !== null && <>by {policy}</>}
      </p>
      {outcome === 'permitted' && (
        <p>
          {expirationSeconds !== null && `For ${duration(expirationSeconds)}, `}
          {stages.length === 0 ? 'at once.' : `after ${stagesInWords(stages)}.`}
        </p>
      )}
      <ul class="bullets">
        {violations.map(({ source, message }) => (
          <li key={source + message}>
            <bdi>{sentence(message)}</bdi> <span class="muted">{source}</span>
          </li>
        ))}
      </ul>
    </section>
  );
};
