import { Card, Empty, Facts, Instant, Written } from '../../parts/bits.js';
import { Paged, usePages } from '../../parts/data.js';
import { keysAreOn, switchKeys } from '../../parts/keys.js';
import { Page } from '../../parts/page.js';
import { spaced } from '../../parts/words.js';
import { read } from '../../service/client.js';
import { caller, type Caller } from '../../service/session.js';
import { SessionTable } from '../sessions/session-table.js';

/** Says who the caller is and what they may do, and how this browser shows it. */
export function Me() {
  const who = caller.value;
  if (!who) return null;
  return (
    <Page title="You">
      <div class="columns">
        <div>
          <Card title="Who you are" region>
            <Person {...who} />
          </Card>
          <Card title="What you may do" region>
            {who.permissions.length === 0 && <Empty>{whyNothing(who)}</Empty>}
            <ul class="chips">
              {who.permissions.map((permission) => (
                <li key={permission} class="chip words">
                  {spaced(permission)}
                </li>
              ))}
            </ul>
          </Card>
        </div>
        <ThisBrowser />
      </div>
      <OwnSessions name={who.name} />
    </Page>
  );
}

const Person = ({ name, roles, groups, method, credentialId, createdBy, expiresAt }: Caller) => (
  <Facts
    of={{
      Name: <Written text={name} most={200} />,
      Roles: roles.join(', ') || 'none',
      Groups: <Written text={groups.join(', ') || 'none'} most={400} />,
      'Signed in by': [spaced(method), ' ', <code key="id">{credentialId}</code>],
      'Made by': createdBy.length > 0 ? <Written text={createdBy.join(', then ')} most={200} /> : null,
      Ends: expiresAt === null ? 'when it is revoked' : <Instant of={expiresAt} />,
    }}
  />
);

const lost = {
  left: 'The directory says that you left, so your roles do not count. Ask whoever looks after the directory.',
  succeeded: 'Your name is somebody else’s now, so your roles do not count. Ask an admin.',
  blocked: 'Your name is blocked on every cluster, so your roles do not count. Ask an admin.',
};
const whyNothing = ({ rolesLost }: Caller): string =>
  rolesLost ? lost[rolesLost] : 'You have no role here. Ask an admin for one, and say your name as it stands above.';

/** As `src/scheme.ts` has it, which runs before everything else. */
const schemeSetting = 'kubepass-scheme';
const schemes = ['system', 'light', 'dark'];

function chooseScheme(scheme: string): void {
  if (scheme === 'system') localStorage.removeItem(schemeSetting);
  else localStorage.setItem(schemeSetting, scheme);
  document.documentElement.dataset['scheme'] = scheme;
}

/** The settings of this browser. They stay in it. */
const ThisBrowser = () => (
  <Card title="This browser" region>
    <label>
      <input
        type="checkbox"
        role="switch"
        defaultChecked={keysAreOn()}
        onChange={({ currentTarget }) => switchKeys(currentTarget.checked)}
      />
      Single keys
    </label>
    <p class="quiet">
      Such as <kbd>j</kbd> for the next row; <kbd>?</kbd> lists them. None acts while you type.
    </p>
    <fieldset class="choices">
      <legend>Colours</legend>
      {schemes.map((one) => (
        <label key={one}>
          <input
            type="radio"
            name="scheme"
            defaultChecked={one === (localStorage.getItem(schemeSetting) ?? 'system')}
            onChange={() => chooseScheme(one)}
          />
          {one === 'system' ? 'Same as the system' : spaced(one)}
        </label>
      ))}
    </fieldset>
  </Card>
);

/** An admin reads the sessions of all: those of others are left out here. */
function OwnSessions({ name }: { readonly name: string }) {
  const readOwn = async (cursor: string | undefined, signal: AbortSignal) => {
    const { items, nextCursor } = await read('/v1/sessions', { cursor }, signal);
    return { items: items.filter((session) => session.name === name), nextCursor };
  };
  const pages = usePages(readOwn, [name], ['sessions']);
  const empty = <Empty>No browser is signed in with your name.</Empty>;
  return (
    <Card title="Your sessions">
      <Paged pages={pages} noun="sessions" empty={empty}>
        {(sessions) => <SessionTable label="Your sessions" sessions={sessions} onEnded={pages.reload} />}
      </Paged>
    </Card>
  );
}
