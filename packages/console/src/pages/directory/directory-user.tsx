import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useRoute } from 'preact-iso/router';
import { ActDialog } from '../../parts/dialog.js';
import { addresses } from '../../parts/address.js';
import { announce } from '../../parts/announce.js';
import { Card, Fact, Instant, Written } from '../../parts/bits.js';
import { Crumb, Linked, Page } from '../../parts/page.js';
import { Shown, useRead } from '../../parts/data.js';
import { sentence } from '../../parts/words.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { may } from '../../service/session.js';
import { PersonState } from './directory.js';

type Person = Schemas['DirectoryUserDetails'];
interface PersonParts {
  readonly person: Person;
}

/** One person: who they are, what their leaving ended, and what goes on all the same. */
export function DirectoryUserPage() {
  const id = useRoute().params['id'] ?? '';
  const data = useRead('/v1/directory-users/{id}', { id }, ['directory-users', 'certificates', 'api-tokens']);
  const found = data.value.value;
  const name = found ? (found.displayName ?? found.directoryName) : 'A person in the directory';
  return (
    <Page
      title={name}
      heading={<Written text={name} most={80} />}
      above={<Crumb href="/console/directory" name="Directory" />}
    >
      <Shown data={data} awaited="the person">
        {(person) => (
          <>
            {person.reuse && <Successor person={person} reuse={person.reuse} onConfirmed={data.reload} />}
            <Facts person={person} />
            <Ended person={person} />
            <GoesOn person={person} />
          </>
        )}
      </Shown>
    </Page>
  );
}

interface SuccessorParts extends PersonParts {
  readonly reuse: NonNullable<Person['reuse']>;
  readonly onConfirmed: () => void;
}

/** The name was another person's: an admin says that it is this one's now. */
function Successor({ person: { id, username }, reuse, onConfirmed }: SuccessorParts) {
  const isOpen = useSignal(false);
  const confirm = async () => {
    await answerOf(api.POST('/v1/directory-users/{id}/confirm', { params: { path: { id } } }));
    announce('The person is confirmed.');
    onConfirmed();
  };
  return (
    <Card title="The name was somebody else’s" region>
      <p>
        Since <Instant of={reuse.since} /> it is this person’s;{' '}
        <a href={addresses.person(reuse.predecessor)}>the one before</a> may still hold certificates. Until they have
        ended, or an admin confirms this person, no certificate is given.
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
          act={confirm}
          onClose={() => (isOpen.value = false)}
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

const Facts = ({ person }: PersonParts) => (
  <Card title="Who they are" aside={<PersonState {...person} />} region>
    <dl class="facts">
      <Fact name="Username">
        {person.username === null ? (
          <bdi>none. {sentence(person.whyNoUsername ?? '')}</bdi>
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
      <Since name="Came" at={person.createdAt} />
      <Since name="Left" at={person.inactiveSince} />
      <Since name="Deleted" at={person.deletedAt} />
    </dl>
  </Card>
);

const Since = ({ name, at }: { readonly name: string; readonly at: string | null }) =>
  at && (
    <Fact name={name}>
      <Instant of={at} />
    </Fact>
  );

/** The effects of their leaving; nothing for somebody who never left. */
const Ended = ({ person: { consequences, inactiveSince } }: PersonParts) => {
  const { cancelledRequests, revokedTokens } = consequences;
  const isNothing = cancelledRequests.length + revokedTokens.length === 0;
  if (inactiveSince === null && isNothing) return null;
  return (
    <Card title="Ended when they left" region>
      {isNothing && <p class="muted">Nothing was left to end.</p>}
      <List title="Requests that were cancelled" of={cancelledRequests}>
        {(id) => <a href={addresses.request(id)}>{id}</a>}
      </List>
      <List title="API tokens in their name" of={revokedTokens}>
        {(id) => <code>{id}</code>}
      </List>
    </Card>
  );
};

const GoesOn = ({ person: { consequences, lostGroups } }: PersonParts) => {
  const { residualExposure, keptTokens, requestedForOthers, tokensMade } = consequences;
  const lists = [residualExposure, keptTokens, requestedForOthers, tokensMade, lostGroups];
  return (
    <Card title="Goes on all the same" region>
      {lists.every(({ length }) => length === 0) && <p class="muted">Nothing goes on that should not.</p>}
      <List title="Certificates that still work" of={residualExposure}>
        {({ continues, notAfter, ...one }) => (
          <>
            <Certificate of={one} />, until <Instant of={notAfter} />: <bdi>{continues.join(', ')}</bdi>
          </>
        )}
      </List>
      <List title="Certificates with groups that they lost" of={lostGroups}>
        {({ groups, ...one }) => (
          <>
            <Certificate of={one} />: <Written text={groups.join(', ')} most={200} />
          </>
        )}
      </List>
      <List title="Certificates of other usernames that they asked for or collect" of={requestedForOthers}>
        {(one) => (
          <>
            <Certificate of={one} /> of <Written text={one.username} />, until <Instant of={one.notAfter} />
          </>
        )}
      </List>
      <List title="API tokens that they made for systems" of={tokensMade}>
        {({ name, roles }) => (
          <>
            <Written text={name} /> ({roles.join(', ')}): <a href="/console/tokens">look it through</a>
          </>
        )}
      </List>
      <List title="API tokens in their name, kept because no other admin’s was left" of={keptTokens}>
        {(id) => <code>{id}</code>}
      </List>
    </Card>
  );
};

const Certificate = ({ of }: { readonly of: { readonly fingerprintSha256: string; readonly cluster: string } }) => (
  <>
    <a href={addresses.certificate(of.fingerprintSha256)}>
      <code>{of.fingerprintSha256.slice(0, 16)}…</code>
    </a>{' '}
    on {of.cluster}
  </>
);

interface ListParts<T> {
  readonly title: string;
  readonly of: readonly T[];
  readonly children: (one: T) => ComponentChildren;
}

const List = <T,>({ title, of, children }: ListParts<T>) =>
  of.length > 0 && (
    <>
      <h3>{title}</h3>
      <ul>
        {of.map((one, i) => (
          <li key={i}>{children(one)}</li>
        ))}
      </ul>
    </>
  );
