import { useSignal } from '@preact/signals';
import { useRoute } from 'preact-iso/router';
import { addresses, addressOf } from '../../parts/address.js';
import { Card, Distance, Empty, Facts, Instant, now, Status, Written } from '../../parts/bits.js';
import { Paged, Shown, usePages, useRead } from '../../parts/data.js';
import { Crumb, Linked, Next, Page } from '../../parts/page.js';
import { type Cells, Columns } from '../../parts/table.js';
import { spaced } from '../../parts/words.js';
import { read, type Schemas } from '../../service/client.js';
import { may } from '../../service/session.js';
import { CertificatesTable, Continues, FingerprintLink, isRevocable } from '../certificates/certificates-table.js';
import { BlockDialog, RevokeDialog, UnblockDialog } from '../certificates/end-dialogs.js';
import { Timeline } from './timeline.js';
import { useTimeline } from './use-timeline.js';

type Details = Schemas['IdentityDetails'];

/** One username: what it has access to, what goes on although it should not, and how to end that. */
export function IdentityPage() {
  const username = useRoute().params['username'] ?? '';
  const data = useRead('/v1/identities/{username}', { username }, [
    'identities',
    'certificates',
    'certificate-requests',
  ]);
  const dialog = useSignal<'block' | 'unblock' | null>(null);
  const details = data.value.value;
  const isUnknown = data.error.value?.problem.status === 404;
  const blocked = details?.blocked ?? null;
  const isWhollyBlocked = blocked !== null && blocked.clusters === null && blocked.until === null;
  const changing = { username, onClose: () => (dialog.value = null), onDone: data.reload };
  return (
    <Page
      title={username}
      above={<Crumb href="/console/identities" name="Identities" />}
      aside={
        <div class="chips">
          {blocked && <Status of="blocked" />}
          {may('block-identities') && blocked && (
            <button type="button" onClick={() => (dialog.value = 'unblock')}>
              Unblock
            </button>
          )}
          {may('block-identities') && (details ?? isUnknown) && !isWhollyBlocked && (
            <button type="button" class="danger" onClick={() => (dialog.value = 'block')}>
              Block
            </button>
          )}
        </div>
      }
    >
      {isUnknown ? (
        <Empty>
          kubepass has no record of this username. It can be blocked all the same.{' '}
          <Next href={addressOf('/console/ask', { username })}>Ask for a certificate for it</Next>
        </Empty>
      ) : (
        <Shown data={data} awaited="the identity">
          {(identity) => <Everything identity={identity} onRevoked={data.reload} />}
        </Shown>
      )}
      {dialog.value === 'block' && <BlockDialog {...changing} identity={details} />}
      {dialog.value === 'unblock' && blocked && <UnblockDialog {...changing} block={blocked} />}
    </Page>
  );
}

function Everything({ identity, onRevoked }: { readonly identity: Details; readonly onRevoked: () => void }) {
  const { username, blocked, certificates, residualExposure, requestedForOthers, roleBindings, omitted } = identity;
  const chosen = useSignal<Schemas['Certificate'] | null>(null);
  const revoke = (certificate: Schemas['Certificate']) =>
    isRevocable(certificate) && (
      <button type="button" class="danger" onClick={() => (chosen.value = certificate)}>
        Revoke
      </button>
    );
  return (
    <>
      {blocked && <Blocked block={blocked} />}
      {(blocked ?? residualExposure[0]) && <StillWorks exposures={residualExposure} />}
      <OwnTimeline username={username} />
      <Card title="Certificates" region>
        {certificates.length > 0 ? (
          <CertificatesTable label="Live certificates" certificates={certificates} action={revoke} />
        ) : (
          <Empty>
            No certificate is valid now.{' '}
            {may('read-all-certificates') && (
              <a href={addressOf('/console/certificates', { username })}>Show those that ended or were revoked</a>
            )}
          </Empty>
        )}
      </Card>
      <Requests username={username} waiting={identity.waitingRequests} />
      {roleBindings.length > 0 && <Bindings roleBindings={roleBindings} />}
      {requestedForOthers.length > 0 && (
        <Card title="Asked for or collected for others" region>
          <CertificatesTable label="Certificates of others" certificates={requestedForOthers} action={revoke} />
        </Card>
      )}
      {omitted && <p class="quiet">Some lists are longer than shown: each shows the first 500.</p>}
      {chosen.value && (
        <RevokeDialog certificate={chosen.value} onClose={() => (chosen.value = null)} onDone={onRevoked} />
      )}
    </>
  );
}

const Blocked = ({ block }: { readonly block: Schemas['IdentityBlock'] }) => (
  <Card title="Blocked" region>
    <Facts
      of={{
        Where: block.clusters?.join(', ') ?? 'on every cluster, future ones too',
        Since: [<Instant of={block.blockedAt} />, ', by ', <Written text={block.blockedBy} />],
        Until: block.until === null ? 'it is unblocked' : <Instant of={block.until} />,
        Reason: [spaced(block.reason), <bdi class="said">{block.comment}</bdi>],
      }}
    />
  </Card>
);

/** Lists certificates that are revoked, blocked, or have a group too many, and still work in some way. */
const StillWorks = ({ exposures }: { readonly exposures: Details['residualExposure'] }) => (
  <Card title="Still works" region>
    {exposures.length === 0 && 'Nothing: its clusters refuse all its certificates.'}
    {exposures.map(({ cluster, fingerprintSha256, notAfter, continues }) => (
      <div key={fingerprintSha256} class="field">
        On {cluster}, certificate <FingerprintLink of={fingerprintSha256} isOwn={false} />, which ends{' '}
        <Distance of={notAfter} />:
        <Continues texts={continues} />
      </div>
    ))}
  </Card>
);

function OwnTimeline({ username }: { readonly username: string }) {
  const { rows = [], isComplete = false } = useTimeline({ username }).value.value ?? {};
  const drawn = rows.filter((row) => row.drawn.length > 0);
  if (drawn.length === 0) return null;
  return (
    <div class="own-timeline" style={{ '--rows': String(Math.min(drawn.length, 8)) }}>
      <Timeline rows={drawn} isComplete={isComplete} now={now.value} label="Certificates by cluster" />
    </div>
  );
}

type Listed = Omit<Details['waitingRequests'][number], 'state'> & Pick<Schemas['CertificateRequest'], 'state'>;
const cells: Cells<Listed> = {
  Asked: ({ id, createdAt }) => <Linked href={addresses.request(id)} children={<Instant of={createdAt} />} />,
  Cluster: ({ cluster }) => cluster,
  Groups: ({ groups }) => groups.length > 0 && <Written text={groups.join(', ')} />,
  State: ({ state }) => <Status of={state} />,
  Requester: ({ requester }) => <Written text={requester} />,
};

/** The requests for a username, newest first; those that wait for whoever reads no requests of others. */
function Requests({ username, waiting }: { readonly username: string; readonly waiting: readonly Listed[] }) {
  const readsAll = may('read-all-requests');
  const pages = usePages<Listed>(
    async (cursor, signal) =>
      readsAll
        ? read('/v1/certificate-requests', { username, limit: 20, cursor }, signal)
        : { items: waiting, nextCursor: null },
    [username, readsAll || waiting],
    ['certificate-requests'],
  );
  return (
    <Card title={readsAll ? 'Requests' : 'Requests that wait'} region>
      <Paged pages={pages} noun="requests" empty={<Empty>There are no requests for it.</Empty>}>
        {(requests) => <Columns label="Requests for it" rows={requests} cells={cells} />}
      </Paged>
    </Card>
  );
}

const Bindings = ({ roleBindings }: Pick<Details, 'roleBindings'>) => (
  <Card title="Role bindings" aside={<span class="muted">that name the username itself</span>} region>
    {roleBindings.map(({ cluster, bindings }) => (
      <div key={cluster}>
        <h3>
          <a href={addresses.cluster(cluster)}>{cluster}</a>
        </h3>
        {bindings === null && <p class="quiet">They cannot be read right now.</p>}
        {bindings?.length === 0 && <p class="quiet">None. A request shows what its groups open.</p>}
        <ul class="bullets">
          {bindings?.map(({ kind, name, namespace, role }) => (
            <li key={`${kind} ${namespace} ${name}`}>
              {role.kind} <Written text={role.name} /> in{' '}
              {namespace === null ? 'the whole cluster' : <Written text={namespace} />}, by {kind}{' '}
              <Written text={name} />
            </li>
          ))}
        </ul>
      </div>
    ))}
  </Card>
);
