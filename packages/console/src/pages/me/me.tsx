import { useSignal } from '@preact/signals';
import { Card, Empty, Fact, Instant, Written } from '../../parts/bits.js';
import { Page } from '../../parts/page.js';
import { Paged, usePages } from '../../parts/data.js';
import { chooseScheme, chosenScheme, schemes } from '../../parts/scheme.js';
import { keysAreOn, switchKeys } from '../../parts/keys.js';
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
            <Facts who={who} />
          </Card>
          <Card title="What you may do" region>
            {who.permissions.length === 0 ? (
              <Empty>{whyNothing(who)}</Empty>
            ) : (
              <ul class="chips">
                {who.permissions.map((permission) => (
                  <li key={permission} class="chip words">
                    {spaced(permission)}
                  </li>
                ))}
              </ul>
            )}
          </Card>
        </div>
        <ThisBrowser />
      </div>
      <OwnSessions name={who.name} />
    </Page>
  );
}

const Facts = ({ who }: { readonly who: Caller }) => (
  <dl class="facts">
    <Fact name="Name">
      <Written text={who.name} most={200} />
    </Fact>
    <Fact name="Roles">{who.roles.join(', ') || 'none'}</Fact>
    <Fact name="Groups">
      <Written text={who.groups.join(', ') || 'none'} most={400} />
    </Fact>
    <Fact name="Came by">
      {spaced(who.method)} <code>{who.credentialId}</code>
    </Fact>
    {who.createdBy.length > 0 && (
      <Fact name="Made by">
        <Written text={who.createdBy.join(', then ')} most={200} />
      </Fact>
    )}
    <Fact name="Ends">{who.expiresAt === null ? 'when it is revoked' : <Instant of={who.expiresAt} />}</Fact>
  </dl>
);

const lost = {
  left: 'The directory says that you left, so your roles do not count. Ask whoever looks after the directory.',
  succeeded: 'Your name is somebody else’s now, so your roles do not count. Ask an admin.',
  blocked: 'Your name is blocked on every cluster, so your roles do not count. Ask an admin.',
};
const whyNothing = ({ rolesLost }: Caller): string =>
  rolesLost ? lost[rolesLost] : 'You have no role here. Ask an admin for one, and say your name as it stands above.';

/** The settings of this browser. They stay in it. */
function ThisBrowser() {
  const keys = useSignal(keysAreOn());
  const scheme = useSignal(chosenScheme());
  return (
    <Card title="This browser" region>
      <label>
        <input
          type="checkbox"
          role="switch"
          checked={keys.value}
          onChange={({ currentTarget }) => switchKeys((keys.value = currentTarget.checked))}
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
              checked={scheme.value === one}
              onChange={() => chooseScheme((scheme.value = one))}
            />
            {one === 'system' ? 'As the system has it' : spaced(one)}
          </label>
        ))}
      </fieldset>
    </Card>
  );
}

/** An admin reads the sessions of all: those of others are left out here. */
function OwnSessions({ name }: { readonly name: string }) {
  const pages = usePages(
    async (cursor, signal) => {
      const { items, nextCursor } = await read('/v1/sessions', { cursor }, signal);
      return { items: items.filter((session) => session.name === name), nextCursor };
    },
    [name],
    ['sessions'],
  );
  return (
    <Card title="Your sessions">
      <Paged
        pages={pages}
        noun="sessions"
        empty={<Empty>No browser is signed in with your name. This page came by another credential.</Empty>}
      >
        {(sessions) => <SessionTable label="Your sessions" sessions={sessions} onEnded={pages.reload} />}
      </Paged>
    </Card>
  );
}
