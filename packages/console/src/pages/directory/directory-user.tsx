import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useRoute } from 'preact-iso/router';
import { addresses, addressOf } from '../../parts/address.js';
import { announce } from '../../parts/announce.js';
import { Card, Empty, Instant, Written } from '../../parts/bits.js';
import { ActDialog } from '../../parts/act-dialog.js';
import { Fact } from '../../parts/fact.js';
import { Crumb, Linked } from '../../parts/links.js';
import { Page } from '../../parts/page.js';
import { Shown } from '../../parts/shown.js';
import { useData } from '../../parts/use-data.js';
import { sentence } from '../../parts/words.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { may } from '../../service/session.js';
import { PersonState } from './directory.js';

type Person = Schemas['DirectoryUserDetails'];

/** One person: who they are, what their leaving ended, and what goes on all the same. */
export function DirectoryUserPage() {
  const id = useRoute().params['id'] ?? '';
  const data = useData(
    (signal) => answerOf(api.GET('/v1/directory-users/{id}', { params: { path: { id } }, signal })),
    [id],
    ['directory-users', 'certificates', 'api-tokens'],
  );
  const person = data.value.value;
  return (
    <Page
      title={person ? (person.displayName ?? person.directoryName) : 'A person in the directory'}
      heading={person && <Written text={person.displayName ?? person.directoryName} most={80} />}
      above={<Crumb href="/console/directory" name="Directory" />}
    >
      <Shown data={data} awaited="the person">
        {(found) => (
          <>
            <p>
              <PersonState person={found} />
            </p>
            <Successor person={found} onConfirmed={data.reload} />
            <Facts person={found} />
            <Ended person={found} />
            <GoesOn person={found} />
          </>
        )}
      </Shown>
    </Page>
  );
}

/** The name was another person's: an admin says that it is this one's now. */
function Successor({ person, onConfirmed }: { readonly person: Person; readonly onConfirmed: () => void }) {
  const isOpen = useSignal(false);
  const { id, reuse, username } = person;
  if (reuse === null) return null;
  return (
    <Card title="The name was somebody else’s" region>
      <p>
        Since <Instant of={reuse.since} /> it is this person’s;{' '}
        <a href={`/console/directory/${encodeURIComponent(reuse.predecessor)}`}>the one before</a> may still hold
        certificates. Until they have ended, or an admin confirms this person, no certificate is given.
      </p>
      {may('confirm-directory-users') && (
        <button type="button" onClick={() => (isOpen.value = true)}>
          Confirm
        </button>
      )}
      {isOpen.value && (
        <ActDialog
          title="Confirm this person"
          button="Confirm now"
          onClose={() => (isOpen.value = false)}
          act={async () => {
            await answerOf(api.POST('/v1/directory-users/{id}/confirm', { params: { path: { id } } }));
            announce('The person is confirmed.');
            onConfirmed();
          }}
        >
          <p>
            <Written text={username ?? ''} /> is this person from now on. They may ask for certificates, although those
            of the other person may still work. A block because the other person left ends.
          </p>
        </ActDialog>
      )}
    </Card>
  );
}

const Facts = ({ person }: { readonly person: Person }) => (
  <Card title="Who they are" region>
    <dl class="facts">
      <Fact name="Username">
        {person.username === null ? (
          <>none. {person.whyNoUsername !== null && <bdi>{sentence(person.whyNoUsername)}</bdi>}</>
        ) : (
          <Linked href={addresses.identity(person.username)} when={may('read-identities')}>
            <Written text={person.username} />
          </Linked>
        )}
      </Fact>
      <Fact name="Name there">
        <Written text={person.directoryName} most={200} />
      </Fact>
      <Fact name="Email">
        <Written text={person.emails.join(', ') || 'none'} most={200} />
      </Fact>
      <Fact name="Groups there">
        <Written text={person.groups.map(({ displayName }) => displayName).join(', ') || 'none'} most={400} />
      </Fact>
      <Fact name="Came">
        <Instant of={person.createdAt} />
      </Fact>
      {person.inactiveSince !== null && (
        <Fact name="Left">
          <Instant of={person.inactiveSince} />
        </Fact>
      )}
      {person.deletedAt !== null && (
        <Fact name="Deleted">
          <Instant of={person.deletedAt} />
        </Fact>
      )}
    </dl>
  </Card>
);

/** The effects of their leaving; nothing for somebody who never left. */
const Ended = ({ person: { consequences, inactiveSince } }: { readonly person: Person }) => {
  const { cancelledRequests, revokedTokens } = consequences;
  if (inactiveSince === null && cancelledRequests.length + revokedTokens.length === 0) return null;
  return (
    <Card title="Ended when they left" region>
      <List title="Requests that were cancelled" of={cancelledRequests}>
        {(id) => <a href={addresses.request(id)}>{id}</a>}
      </List>
      <List title="API tokens in their name" of={revokedTokens}>
        {(id) => <code>{id}</code>}
      </List>
      {cancelledRequests.length + revokedTokens.length === 0 && <p class="muted">Nothing was left to end.</p>}
    </Card>
  );
};

const GoesOn = ({ person: { consequences, lostGroups } }: { readonly person: Person }) => {
  const { residualExposure, keptTokens, requestedForOthers, tokensMade } = consequences;
  const lists = [residualExposure, keptTokens, requestedForOthers, tokensMade, lostGroups];
  return (
    <Card title="Goes on all the same" region>
      {lists.every(({ length }) => length === 0) && <Empty>Nothing goes on that should not.</Empty>}
      <List title="Certificates that still work" of={residualExposure}>
        {({ fingerprintSha256, cluster, notAfter, continues }) => (
          <>
            <Certificate of={fingerprintSha256} /> on {cluster}, until <Instant of={notAfter} />:{' '}
            <bdi>{continues.join(', ')}</bdi>
          </>
        )}
      </List>
      <List title="Certificates with groups that they lost" of={lostGroups}>
        {({ fingerprintSha256, cluster, groups }) => (
          <>
            <Certificate of={fingerprintSha256} /> on {cluster}: <Written text={groups.join(', ')} most={200} />
          </>
        )}
      </List>
      <List title="Certificates that they asked for or collect, of other usernames" of={requestedForOthers}>
        {({ fingerprintSha256, cluster, username, notAfter }) => (
          <>
            <Certificate of={fingerprintSha256} /> of <Written text={username} /> on {cluster}, until{' '}
            <Instant of={notAfter} />
          </>
        )}
      </List>
      <List title="API tokens that they made for systems" of={tokensMade}>
        {({ name, roles }) => (
          <>
            <Written text={name} /> ({roles.join(', ')}): <a href={addressOf('/console/tokens')}>look it through</a>
          </>
        )}
      </List>
      <List title="API tokens in their name, kept because no other admin’s was left" of={keptTokens}>
        {(id) => <code>{id}</code>}
      </List>
    </Card>
  );
};

const Certificate = ({ of }: { readonly of: string }) => (
  <a href={addresses.certificate(of)}>
    <code>{of.slice(0, 16)}…</code>
  </a>
);

function List<T>({
  title,
  of,
  children,
}: {
  readonly title: string;
  readonly of: readonly T[];
  readonly children: (one: T) => ComponentChildren;
}) {
  if (of.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul>
        {of.map((one, i) => (
          <li key={i}>{children(one)}</li>
        ))}
      </ul>
    </>
  );
}
