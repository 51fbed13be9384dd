import { useSignal } from '@preact/signals';
import { Card } from '../../parts/bits.js';
import { TextField } from '../../parts/field.js';
import { secondsOf, sentence } from '../../parts/words.js';
import { useAct } from '../../parts/trouble.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import type { Attempt } from './attempt.js';
import { Outcome } from './replay.js';

type Decision = Schemas['Decision'];

const namesIn = (text: string) => text.split(',').flatMap((name) => name.trim() || []);

/** Decides on a supposed ask, of anybody, by the policies in force and by the draft, side by side. */
export function TryAsk({ attempt }: { readonly attempt: Attempt }) {
  const cluster = useSignal('');
  const username = useSignal('');
  const groups = useSignal('');
  const lifetime = useSignal('');
  const reason = useSignal('');
  const requester = useSignal('');
  const requesterGroups = useSignal('');
  const found = useSignal<readonly Decision[]>([]);
  const { isBusy, run, trouble } = useAct();
  const seconds = secondsOf(lifetime.value);
  const isLength = lifetime.value.trim() === '' || seconds !== null;
  const send = async (event: Event) => {
    event.preventDefault();
    if (!isLength) return;
    const ask = {
      username: username.value,
      groups: namesIn(groups.value),
      ...(cluster.value !== '' && { cluster: cluster.value }),
      ...(seconds !== null && { expirationSeconds: seconds }),
      ...(reason.value !== '' && { reason: reason.value }),
      ...(requester.value !== '' && { requester: { name: requester.value, groups: namesIn(requesterGroups.value) } }),
    };
    const decide = (more: object) => answerOf(api.POST('/v1/policies/evaluate', { body: { ...ask, ...more } }));
    found.value = [];
    await run(() =>
      attempt(async (policies) => {
        found.value = await Promise.all([decide({}), decide({ policies })]);
      }),
    );
  };
  return (
    <Card title="Evaluate an ask" aside={<span class="muted">as if {requester.value || 'you'} asked</span>} region>
      <form class="ask-tried" onSubmit={(event) => void send(event)}>
        <TextField label="Cluster" value={cluster} />
        <TextField label="Username" value={username} required />
        <TextField label="Groups" value={groups} placeholder="commas between" />
        <TextField
          label="Lifetime"
          value={lifetime}
          placeholder="8 hours"
          wrong={isLength ? [] : ['Write it as "8 hours" or "2 days".']}
        />
        <TextField label="Reason" value={reason} />
        <TextField label="Asked by" value={requester} placeholder="you" />
        <TextField label="Their groups" value={requesterGroups} placeholder="commas between" />
        <button class="primary" disabled={isBusy}>
          Evaluate
        </button>
      </form>
      {trouble}
      <div class="sides" role="status">
        {found.value.map((decision) => (
          <div key={String(decision.draft)}>
            <h3>{decision.draft ? 'Draft' : 'In force'}</h3>
            <Outcome of={decision} />
            <ul class="bullets">
              {decision.violations.map(({ source, message }) => (
                <li key={source + message}>
                  <bdi>{sentence(message)}</bdi> <bdi class="muted">{source}</bdi>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </div>
    </Card>
  );
}
