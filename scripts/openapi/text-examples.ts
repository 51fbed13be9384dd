import { certificateText } from '@kubepass/x509/openssl-text';
import { renderAuthorizationConfiguration, renderRevocationPolicy } from '../../src/kubernetes/revocation-enforcement-files.js';
import { renderExecKubeconfig, renderWebhookKubeconfig } from '../../src/kubernetes/render-kubeconfig.js';
import { defaultDirectory } from '../../src/access/revocation-enforcement-schemas.js';
import { certificatePem } from '../../src/http/schemas/example-certificate.js';

/** The certificate as `openssl x509 -noout -text` prints it. */
export const certificateAsText = certificateText(
  Buffer.from(certificatePem.split('\n').slice(1, -2).join(''), 'base64'),
);

/** A kubeconfig with the certificate and its key. The data are cut off. */
export const kubeconfigYaml = [
  'apiVersion: v1',
  'kind: Config',
  'clusters:',
  '  - name: demo',
  '    cluster:',
  '      server: https://demo.invalid:6443',
  '      certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t…',
  'contexts:',
  '  - name: jane@corp.example@demo',
  '    context:',
  '      cluster: demo',
  '      user: jane@corp.example',
  'current-context: jane@corp.example@demo',
  'users:',
  '  - name: jane@corp.example',
  '    user:',
  '      client-certificate-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t…',
  '      client-key-data: LS0tLS1CRUdJTi…',
  '',
].join('\n');

/** The same for a caller who keeps the key. */
export const kubeconfigOfOwnKey = kubeconfigYaml.replace(/client-key-data: .*/, 'client-key: client.key');

/** Documents that Kubernetes reads, by the operation that renders them. */
export const documentExamples: Readonly<Record<string, string>> = {
  getClusterKubeconfig: renderExecKubeconfig({
    cluster: {
      name: 'demo',
      server: 'https://10.0.0.1:6443',
      tlsServerName: null,
      // Its beginning is enough for an example.
      servingCertificateAuthority: certificatePem.slice(0, 42),
    },
    server: 'https://kubepass.example',
    certificateAuthority: null,
  }),
  getAuthorizationConfiguration: renderAuthorizationConfiguration({
    listed: null,
    failurePolicy: 'Deny',
    directory: defaultDirectory,
    ownUsername: null,
    knowsCacheFields: true,
  }),
  getAuthorizationWebhookKubeconfig: renderWebhookKubeconfig(
    'demo',
    { url: 'https://kubepass.example:8443', certificateAuthority: null },
    defaultDirectory,
  ),
  getRevocationPolicy: renderRevocationPolicy({
    mode: 'admission',
    whenInDoubt: 'deny',
    configMap: { namespace: 'kubepass', name: 'revoked-certificates' },
  }),
};

export const evaluationAsText = `PERMITTED at once, by policy "demo"

Asked
  by         "hr-system"
  who has    roles requester; groups none
  cluster    demo
  username   "jane@corp.example"
  groups     "team-a"
…
`;
