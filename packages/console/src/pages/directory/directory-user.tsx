import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useRoute } from 'preact-iso/router';
import { addresses } from '../../parts/address.js';
import { Card, Facts, Instant, Written } from '../../parts/bits.js';
import { Shown, useRead } from '../../parts/data.js';
import { ActDialog } from '../../parts/dialog.js';
import { Crumb, Linked, Next, Page } from '../../parts/page.js';
import { tell } from '../../parts/results.js';
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
  const above = <Crumb href="/console/directory" name="Directory" />;
  return (
    <Page title={name} heading={<Written text={name} most={80} />} above={above}>
      <Shown data={data} awaited="the person">
        {(person) => (
          <>
            {person.reuse && <Successor person={person} reuse={person.reuse} onConfirmed={data.reload} />}
            <WhoTheyAre person={person} />
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
  const close = () => (isOpen.value = false);
  const confirm = async () => {
    await answerOf(api.POST('/v1/directory-users/{id}/confirm', { params: { path: { id } } }));
    tell(`Confirmed: ${username ?? 'the name'} is this person from now on.`);
    onConfirmed();
  };
  return (
    <Card title="The name was somebody else’s" region>
      <p>
        Since <Instant of={reuse.since} /> it is this person’s;{' '}
        <a href={addresses.person(reuse.predecessor)}>the one before</a> may still hold certificates. Until they have
        ended, or an admin confirms this person, no certificate is given.
      </p>
      {may('confirm-directory-users') && <button onClick={() => (isOpen.value = true)}>Confirm</button>}
      {isOpen.value && (
        <ActDialog title="Confirm this person" button="Confirm now" act={confirm} onClose={close}>
          <p>
            <Written text={username ?? ''} /> is this person from now on. They may ask for certificates, although those
            of the other person may still work. A block because the other person left ends.
          </p>
        </ActDialog>
      )}
    </Card>
  );
}

const WhoTheyAre = ({ person }: PersonParts) => (
  <Card title="Who they are" aside={<PersonState {...person} />} region>
    <Facts
      of={{
        Username: usernameOf(person),
        'Name in the directory': <Written text={person.directoryName} most={200} />,
        Email: <Written text={person.emails.join(', ') || 'none'} most={200} />,
        'Groups in the directory': (
          <Written text={person.groups.map((one) => one.displayName).join(', ') || 'none'} most={400} />
        ),
        Joined: <Instant of={person.createdAt} />,
        Left: person.inactiveSince && <Instant of={person.inactiveSince} />,
        Deleted: person.deletedAt && <Instant of={person.deletedAt} />,
      }}
    />
  </Card>
);

function usernameOf({ username, whyNoUsername }: Person) {
  if (username === null) return <bdi>none. {sentence(whyNoUsername ?? '')}</bdi>;
  return <Written text={username} href={may('read-identities') && addresses.identity(username)} />;
}

/** The effects of their leaving; nothing for somebody who never left. */
function Ended({ person: { consequences, inactiveSince } }: PersonParts) {
  const { cancelledRequests, revokedTokens } = consequences;
  if (inactiveSince === null && cancelledRequests.length + revokedTokens.length === 0) return null;
  return (
    <Lists
      title="Ended when they left"
      none="There was nothing to end."
      of={{
        'Requests that were cancelled': cancelledRequests.map((id) => (
          <Linked href={addresses.request(id)}>{id}</Linked>
        )),
        'API tokens in their name': revokedTokens.map((id) => <code>{id}</code>),
      }}
    />
  );
}

const GoesOn = ({ person: { consequences, lostGroups } }: PersonParts) => (
  <Lists
    title="Still works"
    none="Nothing that should have ended."
    of={{
      'Certificates that still work': consequences.residualExposure.map(({ continues, notAfter, ...one }) => (
        <>
          <Certificate {...one} />, until <Instant of={notAfter} />: <bdi>{continues.join(', ')}</bdi>
        </>
      )),
      'Certificates with groups that they lost': lostGroups.map(({ groups, ...one }) => (
        <>
          <Certificate {...one} />: <Written text={groups.join(', ')} most={200} />
        </>
      )),
      'Certificates of other usernames that they asked for or collect': consequences.requestedForOthers.map((one) => (
        <>
          <Certificate {...one} /> of <Written text={one.username} />, until <Instant of={one.notAfter} />
        </>
      )),
      'API tokens that they made for systems': consequences.tokensMade.map(({ name, roles }) => (
        <>
          <Written text={name} /> ({roles.join(', ')}) <Next href="/console/tokens">Review the token</Next>
        </>
      )),
      'API tokens in their name, kept because no other admin’s was left': consequences.keptTokens.map((id) => (
        <code>{id}</code>
      )),
    }}
  />
);

type CertificateParts = Pick<Schemas['Certificate'], 'fingerprintSha256' | 'cluster'>;

const Certificate = ({ fingerprintSha256, cluster }: CertificateParts) => (
  <>
    <Linked href={addresses.certificate(fingerprintSha256)}>
      <code>{fingerprintSha256.slice(0, 16)}…</code>
    </Linked>{' '}
    on {cluster}
  </>
);

interface ListsParts {
  readonly title: string;
  /** Says that all lists are empty. */
  readonly none: string;
  readonly of: Readonly<Record<string, readonly ComponentChildren[]>>;
}

/** Lists with their titles, without the empty ones. */
const Lists = ({ title, none, of }: ListsParts) => (
  <Card title={title} region>
    {Object.values(of).every(({ length }) => length === 0) && <p class="muted">{none}</p>}
    {Object.entries(of).map(
      ([name, items]) =>
        items.length > 0 && (
          <>
            <h3>{name}</h3>
            <ul>
              {items.map((item, i) => (
                <li key={i}>{item}</li>
              ))}
            </ul>
          </>
        ),
    )}
  </Card>
);
