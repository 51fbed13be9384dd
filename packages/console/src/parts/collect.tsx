import { useSignal } from '@preact/signals';
import { addressOf } from './address.js';
import { announce } from './announce.js';
import { Card } from './bits.js';
import { TextField } from './field.js';
import { safe } from './file-name.js';
import { KeptKubeconfig, NextLines, saveKubeconfig } from './kept-kubeconfig.js';
import { saveFile } from './save-file.js';
import { useAct } from './use-act.js';
import { answerOf, api, type Schemas } from '../service/client.js';
import { caller } from '../service/session.js';

interface CollectParts {
  readonly request: Schemas['CertificateRequest'];
}

/**
 * How the collector of a request gets its kubeconfig. Nothing for anybody else, and nothing while there is none to get.
 * It keeps what was collected, so it stays in its place for as long as the page shows the same request.
 */
export const Collect = ({ request }: CollectParts) => <CollectOne key={request.id} request={request} />;

function CollectOne({ request }: CollectParts) {
  const kept = useSignal<Blob | null>(null);
  const { isBusy, run, trouble } = useAct();
  const collect = () =>
    run(async () => {
      const params = { path: { id: request.id } };
      const call = api.POST('/v1/certificate-requests/{id}/kubeconfig', { params, headers: yaml, parseAs: 'blob' });
      saveKubeconfig((kept.value = await answerOf(call)), request);
      announce('The kubeconfig was saved.');
    });
  const name = caller.value?.name;
  const { state, collector, requester, actions } = request;
  if (kept.value) return <KeptKubeconfig kept={kept} of={request} />;
  if (isBusy || trouble || actions?.collect.allowed)
    return (
      <Card title="Get the kubeconfig" region>
        <p>
          kubepass makes the private key now, puts it into the file, and keeps no copy. You get it once: save it where
          nobody else can read it.
        </p>
        {trouble}
        <button type="button" class="primary" disabled={isBusy} onClick={() => void collect()}>
          Get the kubeconfig
        </button>
      </Card>
    );
  if (state !== 'issued' || (collector !== name && requester !== name)) return null;
  // The words of the API say that the key is with whoever made the CSR.
  if (/\bcsr\b/.test(actions?.collect.why ?? '')) return <WithOwnKey request={request} />;
  return collector === name ? <Collected request={request} /> : null;
}

const yaml = { accept: 'application/yaml' };
const pem = { accept: 'application/pem-certificate-chain' };

/** The key was handed out before, and the page that had it was left. */
const Collected = ({ request }: CollectParts) => {
  const { cluster, username, groups, expirationSeconds } = request;
  const again = { cluster, username, group: groups.join(','), expirationSeconds };
  return (
    <Card title="The kubeconfig was collected" region>
      <p>
        The private key is in the file that was saved then and nowhere else: kubepass has not kept it. Where the file is
        lost, revoke the certificate and <a href={addressOf('/console/ask', again)}>ask again</a>.
      </p>
      <NextLines of={request} />
    </Card>
  );
};

/** A kubeconfig that names the file of the caller's own key, and the certificate beside it. */
function WithOwnKey({ request }: CollectParts) {
  const clientKeyPath = useSignal('client.key');
  const { run, trouble } = useAct();
  const { id, username, cluster } = request;
  const kubeconfig = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      const params = { path: { id }, query: { clientKeyPath: clientKeyPath.value } };
      const call = api.GET('/v1/certificate-requests/{id}/kubeconfig', { params, headers: yaml, parseAs: 'blob' });
      saveKubeconfig(await answerOf(call), request);
    });
  };
  const certificate = () =>
    void run(async () => {
      const params = { path: { id } };
      const call = api.GET('/v1/certificate-requests/{id}/certificate', { params, headers: pem, parseAs: 'blob' });
      saveFile(`${safe(username)}@${safe(cluster)}.crt`, await answerOf(call), 'application/x-pem-file');
    });
  return (
    <Card title="Get the kubeconfig" region>
      <p>The private key is with you: the kubeconfig names its file.</p>
      <form onSubmit={kubeconfig}>
        <TextField
          label="Path of your key"
          value={clientKeyPath}
          hint="A relative path begins at the folder of the kubeconfig. The key itself stays where it is."
          required
        />
        {trouble}
        <p class="buttons">
          <button class="primary">Get the kubeconfig</button>
          <button type="button" onClick={certificate}>
            Get the certificate
          </button>
        </p>
      </form>
      <NextLines of={request} />
    </Card>
  );
}
