import { signal, useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { Card, Written } from '../../parts/bits.js';
import { TextField } from '../../parts/field.js';
import { secondsOf } from '../../parts/lifetime.js';
import { Lines } from '../../parts/lines.js';
import { Trouble } from '../../parts/trouble.js';
import { sentence } from '../../parts/words.js';
import { answerOf, api, problemFrom, type Schemas } from '../../service/client.js';
import type { ProblemError } from '../../service/problem.js';

type Role = Schemas['Role'];

/** The roles, and for each what its bearer does. */
const roles: readonly (readonly [Role, string])[] = [
  ['requester', 'asks for certificates'],
  ['approver', 'decides on requests'],
  ['auditor', 'reads everything'],
  ['provisioner', 'asks, revokes and blocks for others'],
  ['admin', 'does all this, and makes tokens'],
  ['reviewer', 'is the API server of one cluster'],
  ['directory', 'tells who people are, over SCIM'],
];

/** Makes a token, and shows it once. */
export function MakeToken({ onMade }: { readonly onMade: () => void }) {
  const fields = useMemo(
    () => ({ name: signal(''), groups: signal(''), expiry: signal('90 days'), cluster: signal('') }),
    [],
  );
  const chosen = useSignal<readonly Role[]>([]);
  const made = useSignal<Schemas['CreatedApiToken'] | null>(null);
  const error = useSignal<ProblemError | null>(null);
  const tried = useSignal(false);
  const isReviewer = chosen.value.includes('reviewer');
  const seconds = secondsOf(fields.expiry.value);
  const isEndless = isReviewer && fields.expiry.value.trim() === '';
  const wrong = {
    name: fields.name.value.trim() === '' ? ['Name the principal.'] : undefined,
    roles: chosen.value.length === 0 ? 'Choose a role.' : undefined,
    expiry: seconds === null && !isEndless ? ['Write it as “90 days” or “8 hours”.'] : undefined,
  };
  const at = (pointer: string) =>
    error.value?.problem.errors
      ?.filter((one) => one.pointer.startsWith(pointer))
      .map(({ message }) => sentence(message));
  const make = async (event: Event) => {
    event.preventDefault();
    tried.value = true;
    if (wrong.name || wrong.roles || wrong.expiry) return;
    const cluster = fields.cluster.value.trim();
    const body = {
      name: fields.name.value.trim(),
      roles: [...chosen.value],
      groups: fields.groups.value
        .split(',')
        .map((group) => group.trim())
        .filter(Boolean),
      expiresInSeconds: seconds,
      ...(cluster !== '' && { cluster }),
    };
    error.value = await problemFrom(async () => {
      made.value = await answerOf(api.POST('/v1/api-tokens', { body }));
    });
    if (error.value === null) onMade();
  };
  if (made.value) {
    const { token, name } = made.value;
    return (
      <Card title="The token" region>
        <p>
          This is the token of <Written text={name} />. It is shown now and never again: copy it to where it belongs.
        </p>
        <Lines label="The token" text={token} />
        <p class="buttons">
          <button
            type="button"
            onClick={() => {
              made.value = null;
              tried.value = false;
              fields.name.value = '';
            }}
          >
            Done
          </button>
        </p>
      </Card>
    );
  }
  return (
    <Card title="Make a token" region>
      <form class="ask" noValidate onSubmit={(event) => void make(event)}>
        <div class="pair">
          <TextField
            label="Name"
            value={fields.name}
            wrong={at('/name') ?? (tried.value ? wrong.name : undefined)}
            required
          />
          <TextField label="Groups" value={fields.groups} wrong={at('/groups')} hint="Commas between them." />
          <TextField
            label="Valid for"
            value={fields.expiry}
            wrong={at('/expiresInSeconds') ?? wrong.expiry}
            hint={isReviewer ? 'At most a year; empty: until it is revoked.' : 'At most a year.'}
          />
          {isReviewer && <TextField label="Cluster" value={fields.cluster} wrong={at('/cluster')} />}
        </div>
        <fieldset class="choices" aria-describedby="roles-wrong">
          <legend>Roles</legend>
          {roles.map(([role, does]) => (
            <label key={role}>
              <input
                type="checkbox"
                checked={chosen.value.includes(role)}
                onChange={({ currentTarget }) => {
                  const others = chosen.value.filter((one) => one !== role);
                  chosen.value = currentTarget.checked ? [...others, role] : others;
                }}
              />
              <span>
                {role} <span class="muted">{does}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <div class="field">
          <p class="wrong" id="roles-wrong">
            {tried.value && wrong.roles}
          </p>
        </div>
        {error.value && <Trouble error={error.value} />}
        <button class="primary">Make the token</button>
      </form>
    </Card>
  );
}
