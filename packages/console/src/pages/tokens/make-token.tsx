import { signal, useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { Card, Written } from '../../parts/bits.js';
import { TextField } from '../../parts/field.js';
import { secondsOf, sentence } from '../../parts/words.js';
import { Lines } from '../../parts/lines.js';
import { Trouble } from '../../parts/trouble.js';
import { answerOf, api, problemFrom, type Schemas } from '../../service/client.js';
import type { ProblemError } from '../../service/problem.js';
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
  const { name, groups, expiry, cluster } = useMemo(
    () => ({ name: signal(''), groups: signal(''), expiry: signal('90 days'), cluster: signal('') }),
    [],
  );
  const chosen = useSignal<ReadonlySet<Role>>(new Set());
  const made = useSignal<Schemas['CreatedApiToken'] | null>(null);
  const error = useSignal<ProblemError | null>(null);
  const tried = useSignal(false);
  const isReviewer = chosen.value.has('reviewer');
  const seconds = secondsOf(expiry.value);
  const isExpiryWrong = seconds === null && !(isReviewer && expiry.value.trim() === '');
  const isNameWrong = name.value.trim() === '';
  const make = async (event: Event) => {
    event.preventDefault();
    tried.value = true;
    if (isNameWrong || isExpiryWrong || chosen.value.size === 0) return;
    const body = {
      ...{ name: name.value.trim(), roles: [...chosen.value], groups: namesIn(groups.value) },
      expiresInSeconds: seconds,
      ...(isReviewer && { cluster: cluster.value.trim() }),
    };
    error.value = await problemFrom(async () => {
      made.value = await answerOf(api.POST('/v1/api-tokens', { body }));
      onMade();
    });
  };
  const choose = (role: Role) => (chosen.value = chosen.value.symmetricDifference(new Set([role])));
  const done = () => {
    made.value = null;
    tried.value = false;
    name.value = '';
  };
  if (made.value) return <Made {...made.value} onDone={done} />;
  const wrongIf = (isWrong: boolean, text: string) => (tried.value && isWrong ? [text] : []);
  const refused = (field: string) =>
    (error.value?.problem.errors ?? [])
      .filter(({ pointer }) => pointer.startsWith(field))
      .map(({ message }) => sentence(message));
  return (
    <Card title="Make a token" region>
      <form noValidate onSubmit={(event) => void make(event)}>
        <div class="pair">
          <TextField
            label="Name"
            value={name}
            wrong={[...wrongIf(isNameWrong, 'Name the principal.'), ...refused('/name')]}
            required
          />
          <TextField label="Groups" value={groups} wrong={refused('/groups')} hint="Commas between them." />
          <TextField
            label="Valid for"
            value={expiry}
            wrong={[...wrongIf(isExpiryWrong, 'Write it as “90 days” or “8 hours”.'), ...refused('/expiresInSeconds')]}
            hint={isReviewer ? 'At most a year; empty: until it is revoked.' : 'At most a year.'}
          />
          {isReviewer && <TextField label="Cluster" value={cluster} wrong={refused('/cluster')} required />}
        </div>
        <fieldset class="choices">
          <legend>Roles</legend>
          {(Object.keys(roles) as Role[]).map((role) => (
            <label key={role}>
              <input type="checkbox" checked={chosen.value.has(role)} onChange={() => choose(role)} />
              <span>
                {role} <span class="muted">{roles[role]}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <div class="field" role="alert">
          {wrongIf(chosen.value.size === 0, 'Choose a role.').map((text) => (
            <p key={text} class="wrong">
              {text}
            </p>
          ))}
        </div>
        {error.value && <Trouble error={error.value} />}
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
    <button type="button" onClick={onDone}>
      Done
    </button>
  </Card>
);
