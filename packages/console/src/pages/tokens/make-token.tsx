import { useSignal } from '@preact/signals';
import { Card, Written } from '../../parts/bits.js';
import { TextField } from '../../parts/field.js';
import { Lines } from '../../parts/lines.js';
import { useAct } from '../../parts/trouble.js';
import { secondsOf, sentence } from '../../parts/words.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { namesIn } from '../ask/spec.js';

type Role = Schemas['Role'];

/** The roles, and for each what its bearer does. */
const roles: Readonly<Record<Role, string>> = {
  requester: 'asks for certificates',
  approver: 'decides on requests',
  auditor: 'reads everything',
  provisioner: 'asks, revokes and blocks for others',
  admin: 'does all this, and makes tokens',
  reviewer: 'is the API server of one cluster',
  directory: 'tells who people are, over SCIM',
};

/** Makes a token, and shows it once. */
export function MakeToken({ onMade }: { readonly onMade: () => void }) {
  const [name, groups, expiry, cluster] = [useSignal(''), useSignal(''), useSignal('90 days'), useSignal('')];
  const chosen = useSignal<ReadonlySet<Role>>(new Set());
  const made = useSignal<Schemas['CreatedApiToken'] | null>(null);
  const tried = useSignal(false);
  const { run, trouble, error } = useAct();
  const isReviewer = chosen.value.has('reviewer');
  const seconds = secondsOf(expiry.value);
  const wrong = {
    name: name.value.trim() === '' && 'Name the principal.',
    expiresInSeconds:
      seconds === null && !(isReviewer && expiry.value.trim() === '') && 'Write it as “90 days” or “8 hours”.',
    roles: chosen.value.size === 0 && 'Choose a role.',
  };
  /** The mistakes in a field: those seen here once somebody has tried, and those that the service has named. */
  const wrongWith = (field: keyof typeof wrong | 'groups' | 'cluster'): string[] => {
    const here = tried.value && field in wrong && wrong[field as keyof typeof wrong];
    const there = (error?.problem.errors ?? []).filter(({ pointer }) => pointer.startsWith(`/${field}`));
    return [...(here ? [here] : []), ...there.map(({ message }) => sentence(message))];
  };
  const make = async () => {
    const body = {
      ...{ name: name.value.trim(), roles: [...chosen.value], groups: namesIn(groups.value) },
      expiresInSeconds: seconds,
      ...(isReviewer && { cluster: cluster.value.trim() }),
    };
    made.value = await answerOf(api.POST('/v1/api-tokens', { body }));
    onMade();
  };
  const onSubmit = (event: Event) => {
    event.preventDefault();
    tried.value = true;
    if (!Object.values(wrong).some(Boolean)) void run(make);
  };
  const done = () => {
    made.value = null;
    tried.value = false;
    name.value = '';
  };
  if (made.value) return <Made {...made.value} onDone={done} />;
  const bound = isReviewer ? 'At most a year; empty: until it is revoked.' : 'At most a year.';
  return (
    <Card title="Make a token" region>
      <form noValidate onSubmit={onSubmit}>
        <div class="pair">
          <TextField label="Name" value={name} wrong={wrongWith('name')} required />
          <TextField label="Groups" value={groups} wrong={wrongWith('groups')} hint="Separate them with commas." />
          <TextField label="Valid for" value={expiry} wrong={wrongWith('expiresInSeconds')} hint={bound} />
          {isReviewer && <TextField label="Cluster" value={cluster} wrong={wrongWith('cluster')} required />}
        </div>
        <fieldset class="choices">
          <legend>Roles</legend>
          {(Object.keys(roles) as Role[]).map((role) => (
            <label key={role}>
              <input
                type="checkbox"
                checked={chosen.value.has(role)}
                onChange={() => (chosen.value = chosen.value.symmetricDifference(new Set([role])))}
              />
              <span>
                {role} <span class="muted">{roles[role]}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <div class="field" role="alert">
          {wrongWith('roles').map((text) => (
            <p key={text} class="wrong">
              {text}
            </p>
          ))}
        </div>
        {trouble}
        <button class="primary">Make the token</button>
      </form>
    </Card>
  );
}

const Made = ({ name, token, onDone }: Schemas['CreatedApiToken'] & { readonly onDone: () => void }) => (
  <Card title="The token" region>
    <p>
      This is the token of <Written text={name} />. It is shown now and never again: copy it to where it belongs.
    </p>
    <Lines label="The token" text={token} />
    <button onClick={onDone}>Done</button>
  </Card>
);
