import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { addresses } from '../../parts/address.js';
import { useAnnounced } from '../../parts/announce.js';
import { Badge, Card, Fact, Instant, Written } from '../../parts/bits.js';
import { Next } from '../../parts/page.js';
import { useAct } from '../../parts/trouble.js';
import type { Data } from '../../parts/data.js';
import { duration, many, sentence } from '../../parts/words.js';
import { answerOf, api, type Schemas } from '../../service/client.js';
import { may } from '../../service/session.js';

type Cluster = Schemas['Cluster'];
type ClusterProbe = Schemas['ClusterProbe'];

const choices = [
  ['verifyRevocation', 'Revoke its certificate, and see for how long it goes on working'],
  ['measureLifetimeCap', 'Ask for a very long lifetime, and see how much is given'],
] as const;
/** A probe under way is looked at again so often: where another replica makes it, no change is told. */
const againMilliseconds = 5_000;

/** The last probe with its advice; whoever may makes another, which goes on after the service has answered. */
export function Probe({ cluster, data }: { readonly cluster: Cluster; readonly data: Data<Cluster> }) {
  const { name, probe, probedAt, probeStartedAt } = cluster;
  const options = useSignal({ measureLifetimeCap: false, verifyRevocation: false });
  const { isBusy, run, trouble } = useAct();
  const isUnderWay = isBusy || probeStartedAt !== null;
  useAnnounced(probedAt ?? '', (before, after) => (before === after ? undefined : `${name} was probed`));
  useEffect(() => {
    if (probeStartedAt === null) return;
    const timer = setInterval(data.reload, againMilliseconds);
    return () => clearInterval(timer);
  }, [probeStartedAt]);
  const start = async () => {
    const params = { path: { name } };
    // It says, too, that the probe goes on: nothing in between claims that it has ended.
    data.value.value = await answerOf(api.POST('/v1/clusters/{name}/probe', { params, body: options.value }));
  };
  return (
    <Card title="Last probe" aside={probedAt !== null && <Instant of={probedAt} />} region>
      {probe === null ? <p class="muted">This cluster was never probed.</p> : <Found probe={probe} />}
      {may('probe-clusters') && (
        <>
          <fieldset class="choices">
            <legend>Probe again, and</legend>
            {choices.map(([option, label]) => (
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
          </fieldset>
          <p class="buttons">
            <button type="button" class="primary" disabled={isUnderWay} onClick={() => void run(start)}>
              Probe
            </button>
          </p>
        </>
      )}
      <p role="status" class="quiet">
        {isUnderWay && 'The probe is under way. It may take a minute, and goes on if you leave this page.'}
      </p>
      {trouble}
    </Card>
  );
}

const answers = {
  yes: { tone: 'ok', icon: 'check', words: 'yes' },
  no: { tone: 'error', icon: 'cross', words: 'no' },
  unknown: { tone: 'warning', icon: 'warn', words: 'not known' },
} as const;

const Answer = ({ of }: { readonly of: keyof typeof answers }) => (
  <Badge tone={answers[of].tone} icon={answers[of].icon}>
    {answers[of].words}
  </Badge>
);

const Found = ({ probe }: { readonly probe: ClusterProbe }) => {
  const { signs, accepts, acceptedAs, requestId, message, advice, version, username, lifetimeCap, revocation } = probe;
  return (
    <>
      {(message !== null || advice !== null) && (
        <div class="trouble">
          {[message, advice].map(
            (text) =>
              text !== null && (
                <p key={text}>
                  <bdi>{sentence(text)}</bdi>
                </p>
              ),
          )}
        </div>
      )}
      <dl class="facts">
        <Fact name="Certificates are signed">
          <Answer of={signs} /> {requestId !== null && <Next href={addresses.request(requestId)}>by this request</Next>}
        </Fact>
        <Fact name="The API server accepts them">
          <Answer of={accepts} /> {acceptedAs !== null && <Written text={`as ${acceptedAs}`} />}
        </Fact>
        <Fact name="Kubernetes">{version}</Fact>
        <Fact name="kubepass is">{username && <Written text={username} most={128} />}</Fact>
        <Fact name="Longest lifetime">{lifetimeCap && capInWords(lifetimeCap)}</Fact>
        <Fact name="Revoked certificate">
          {revocation &&
            (revocation.verified
              ? `refused after ${duration(revocation.delaySeconds ?? 0)}`
              : sentence(revocation.message ?? 'not refused'))}
        </Fact>
      </dl>
      {probe.permissions.length > 0 && <Permissions of={probe.permissions} />}
    </>
  );
};

const capInWords = ({ capped, givenSeconds, requestedSeconds }: NonNullable<ClusterProbe['lifetimeCap']>): string =>
  capped ? `${duration(givenSeconds)}, of ${duration(requestedSeconds)} that were asked for` : 'no limit was found';

/** The rights of kubepass in the cluster. They are open where one lacks without which nothing is issued. */
const Permissions = ({ of }: { readonly of: ClusterProbe['permissions'] }) => (
  <details open={of.some(({ required, held }) => required && !held)}>
    <summary>
      {of.filter(({ held }) => held).length} of {many(of.length, 'permission')}
    </summary>
    <ul class="bullets">
      {of.map(({ permission, purpose, required, held }) => (
        <li key={permission}>
          {held ? 'may ' : <b>{required ? 'must be able to ' : 'may not '}</b>}
          <code>{permission}</code> <span class="muted">{purpose}</span>
        </li>
      ))}
    </ul>
  </details>
);
