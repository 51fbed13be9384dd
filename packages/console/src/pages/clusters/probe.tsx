import { useSignal } from '@preact/signals';
import { announce } from '../../parts/announce.js';
import { Card, Instant, Written } from '../../parts/bits.js';
import { Trouble } from '../../parts/trouble.js';
import { duration, sentence } from '../../parts/words.js';
import { answerOf, api, problemFrom, type Schemas } from '../../service/client.js';
import type { ProblemError } from '../../service/problem.js';
import { may } from '../../service/session.js';
import { addresses } from '../../parts/address.js';
import { YesOrNo } from './yes-or-no.js';

type ClusterProbe = Schemas['ClusterProbe'];

/** The last probe with its advice; admins make another. */
export function Probe({ cluster, onProbed }: { readonly cluster: Schemas['Cluster']; readonly onProbed: () => void }) {
  const { name, probe, probedAt, probeStartedAt } = cluster;
  const options = useSignal({ measureLifetimeCap: false, verifyRevocation: false });
  const trouble = useSignal<ProblemError | null>(null);
  const busy = useSignal(false);
  const run = async () => {
    busy.value = true;
    trouble.value = await problemFrom(() =>
      answerOf(api.POST('/v1/clusters/{name}/probe', { params: { path: { name } }, body: options.value })),
    );
    busy.value = false;
    if (trouble.value === null) announce(`${name} was probed`);
    onProbed();
  };
  const isUnderWay = busy.value || probeStartedAt !== null;
  return (
    <Card title="Probe" aside={probedAt !== null && <Instant of={probedAt} />} region>
      {probe === null ? <p class="muted">This cluster was never probed.</p> : <Found probe={probe} />}
      {may('probe-clusters') && (
        <>
          {choices.map(({ name: option, label }) => (
            <label key={option}>
              <input
                type="checkbox"
                checked={options.value[option]}
                onChange={({ currentTarget }) =>
                  (options.value = { ...options.value, [option]: currentTarget.checked })
                }
              />
              {label}
            </label>
          ))}
          <p class="buttons">
            <button type="button" class="primary" disabled={isUnderWay} onClick={() => void run()}>
              Probe
            </button>
            <span role="status" class="muted">
              {isUnderWay && 'Probing: that takes up to a minute …'}
            </span>
          </p>
        </>
      )}
      {trouble.value && <Trouble error={trouble.value} />}
    </Card>
  );
}

const choices = [
  { name: 'verifyRevocation', label: 'also revoke its certificate, and see for how long it goes on working' },
  { name: 'measureLifetimeCap', label: 'also ask for a very long lifetime, and see how much is given' },
] as const;

function Found({ probe }: { readonly probe: ClusterProbe }) {
  const { signs, accepts, acceptedAs, advice, message, missingPermissions, username, version } = probe;
  const { lifetimeCap, revocation, requestId } = probe;
  return (
    <>
      {message !== null && (
        <div class="trouble">
          <p>
            <bdi>{sentence(message)}</bdi>
          </p>
          {advice !== null && (
            <p>
              <bdi>{sentence(advice)}</bdi>
            </p>
          )}
        </div>
      )}
      <dl class="facts">
        <dt>Certificates are signed</dt>
        <dd>
          <YesOrNo answer={signs} />{' '}
          {requestId !== null && <a href={addresses.request(requestId)}>the probe’s own request</a>}
        </dd>
        <dt>The API server accepts them</dt>
        <dd>
          <YesOrNo answer={accepts} /> {acceptedAs !== null && <Written text={`as ${acceptedAs}`} />}
        </dd>
        {version !== null && (
          <>
            <dt>Kubernetes</dt>
            <dd>{version}</dd>
          </>
        )}
        {username !== null && (
          <>
            <dt>kubepass is</dt>
            <dd>
              <Written text={username} most={128} />
            </dd>
          </>
        )}
        {missingPermissions.length > 0 && (
          <>
            <dt>It lacks</dt>
            <dd>{missingPermissions.join(', ')}</dd>
          </>
        )}
        {lifetimeCap !== null && (
          <>
            <dt>Longest lifetime</dt>
            <dd>
              {lifetimeCap.capped
                ? `${duration(lifetimeCap.givenSeconds)} were given of ${duration(lifetimeCap.requestedSeconds)}`
                : 'no limit was found'}
            </dd>
          </>
        )}
        {revocation !== null && (
          <>
            <dt>Revoked certificate</dt>
            <dd>
              {revocation.verified
                ? `refused after ${duration(revocation.delaySeconds ?? 0)}`
                : sentence(revocation.message ?? 'it was not refused')}
            </dd>
          </>
        )}
      </dl>
    </>
  );
}
