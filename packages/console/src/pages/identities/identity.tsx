import { useSignal } from '@preact/signals';
import { useRoute } from 'preact-iso/router';
import { addresses, addressOf } from '../../parts/address.js';
import { Badge, Card, Distance, Empty, Fact, Instant, now, Written } from '../../parts/bits.js';
import { Crumb, Page } from '../../parts/page.js';
import { Shown, useData } from '../../parts/data.js';
import { spaced } from '../../parts/words.js';
import { api, answerOf, type Schemas } from '../../service/client.js';
import { may } from '../../service/session.js';
import { CertificatesTable, Continues, FingerprintLink, isRevocable } from '../certificates/certificates-table.js';
import { RevokeDialog } from '../certificates/revoke-dialog.js';
import { BlockDialog, UnblockDialog } from './block-dialogs.js';
import { RequestsFor } from './requests-for.js';
import { rowHeight } from './timeline-row.js';
import { Timeline } from './timeline.js';
import { useTimeline } from './use-timeline.js';

type Details = Schemas['IdentityDetails'];

/** One username: what it has access to, what goes on although it should not, and how to end that. */
export function IdentityPage() {
  const username = useRoute().params['username'] ?? '';
  return <Identity key={username} username={username} />;
}

function Identity({ username }: { readonly username: string }) {
  const params = { path: { username } };
  const data = useData(
    (signal) => answerOf(api.GET('/v1/identities/{username}', { params, signal })),
    [username],
    ['identities', 'certificates', 'certificate-requests'],
  );
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
          {blocked && (
            <Badge tone="error" icon="cross">
              blocked
            </Badge>
          )}
          {may('block-identities') && (details ?? isUnknown) && (
            <>
              {blocked && (
                <button type="button" onClick={() => (dialog.value = 'unblock')}>
                  Unblock
                </button>
              )}
              {!isWhollyBlocked && (
                <button type="button" class="danger" onClick={() => (dialog.value = 'block')}>
                  Block
                </button>
              )}
            </>
          )}
        </div>
      }
    >
      {isUnknown ? (
        <Empty>
          kubepass knows nothing of this username. It can be blocked all the same, or{' '}
          <a href={addressOf('/console/ask', { username })}>ask for a certificate</a> for it.
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
            It has no live certificate.{' '}
            <a href={addressOf('/console/certificates', { username })}>See those that ended or were revoked</a>
          </Empty>
        )}
      </Card>
      <RequestsFor username={username} waiting={identity.waitingRequests} />
      {roleBindings.length > 0 && <Bindings roleBindings={roleBindings} />}
      {requestedForOthers.length > 0 && (
        <Card title="Asked for or collected for others" region>
          <CertificatesTable label="Certificates of others" certificates={requestedForOthers} action={revoke} />
        </Card>
      )}
      {omitted && <p class="quiet">A list here has more than is shown: 500 of each are read.</p>}
      {chosen.value && (
        <RevokeDialog certificate={chosen.value} onClose={() => (chosen.value = null)} onRevoked={onRevoked} />
      )}
    </>
  );
}

const Blocked = ({ block }: { readonly block: Schemas['IdentityBlock'] }) => (
  <Card title="Blocked" region>
    <dl class="facts">
      <Fact name="Where">{block.clusters?.join(', ') ?? 'on every cluster, future ones too'}</Fact>
      <Fact name="Since">
        <Instant of={block.blockedAt} />, by <Written text={block.blockedBy} />
      </Fact>
      <Fact name="Until">{block.until === null ? 'it is unblocked' : <Instant of={block.until} />}</Fact>
      <Fact name="Reason">
        {spaced(block.reason)}
        {block.comment && <bdi class="said">{block.comment}</bdi>}
      </Fact>
    </dl>
  </Card>
);

/** Lists certificates that are revoked, blocked, or have a group too many, and still work in some way. */
const StillWorks = ({ exposures }: { readonly exposures: Details['residualExposure'] }) => (
  <Card title="Still works" region>
    {exposures.length === 0 && 'Nothing: its clusters refuse whatever it had.'}
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
    <div class="own-timeline" style={{ '--rows': `${Math.min(drawn.length, 8) * rowHeight}px` }}>
      <Timeline rows={drawn} isComplete={isComplete} now={now.value} label="Certificates by cluster" />
    </div>
  );
}

const Bindings = ({ roleBindings }: Pick<Details, 'roleBindings'>) => (
  <Card title="Role bindings" aside={<span class="muted">that name the username itself</span>} region>
    {roleBindings.map(({ cluster, bindings }) => (
      <div key={cluster}>
        <h3>
          <a href={addresses.cluster(cluster)}>{cluster}</a>
        </h3>
        {bindings === null && <p class="quiet">They cannot be read now.</p>}
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
