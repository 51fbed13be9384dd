import {
  clusterCaCertificate,
  issuerOf,
  jane,
  janesCertificate,
  serverCertificate,
  userCertificate,
} from '../certificates.js';
import { type Fixture, several, single } from '../fixture.js';
import { user } from '../values.js';
import { pemOf } from './certificates.js';
import { base64, kubeconfig, yaml } from './kubeconfigs.js';
import { pkcs8 } from './keys.js';
import { request, requestPem } from './requests.js';

interface CsrFields {
  readonly request?: string;
  readonly signerName?: string;
  readonly usages?: readonly string[];
  readonly expirationSeconds?: number;
  readonly certificate?: string;
}

const csr = (fields: CsrFields = {}): object => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'jane' },
  spec: {
    request: fields.request ?? base64(requestPem()),
    signerName: fields.signerName ?? 'kubernetes.io/kube-apiserver-client',
    expirationSeconds: fields.expirationSeconds ?? 86_400,
    usages: fields.usages ?? ['client auth', 'digital signature'],
    ...(fields.certificate === undefined ? {} : { username: 'jane@corp.example', groups: ['system:authenticated'] }),
  },
  ...(fields.certificate === undefined
    ? {}
    : {
        status: {
          conditions: [
            {
              type: 'Approved',
              status: 'True',
              reason: 'ByHand',
              message: 'because I can',
              lastUpdateTime: '2026-11-01T00:00:00Z',
            },
          ],
          certificate: fields.certificate,
        },
      }),
});

const secret = (data: object, type = 'kubernetes.io/tls', name = 'web-tls'): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'web' },
  type,
  data,
});

const configMap = (data: object): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'kube-root-ca.crt', namespace: 'default' },
  data,
});

const tlsSecret = (key: 'server' | 'bob' = 'server'): object =>
  secret({
    'tls.crt': base64(pemOf(serverCertificate())),
    'tls.key': base64(pkcs8(key)),
    'ca.crt': base64(pemOf(clusterCaCertificate())),
  });

const fixture = (name: string, about: string, build: () => string, ...raises: Fixture['raises']): Fixture =>
  single(`manifest-${name}`, about, 'yaml', build, raises);

const list = (...items: readonly object[]): object => ({
  apiVersion: 'v1',
  kind: 'List',
  metadata: { resourceVersion: '' },
  items,
});

export const manifestFixtures: readonly Fixture[] = [
  fixture('csr', 'a CertificateSigningRequest', () => yaml(csr())),
  fixture('csr-issued', 'a CertificateSigningRequest with its certificate', () =>
    yaml(csr({ certificate: base64(pemOf(janesCertificate())) })),
  ),
  single('manifest-csr-json', 'a CertificateSigningRequest in JSON', 'json', () => JSON.stringify(csr())),
  fixture(
    'csr-of-another-request',
    'the certificate of another key',
    () => yaml(csr({ certificate: base64(pemOf(userCertificate(jane, 'bob'))) })),
    'CertificateNotForRequest',
  ),
  fixture(
    'csr-legacy-signer',
    'a signer that signs nothing',
    () => yaml(csr({ signerName: 'kubernetes.io/legacy-unknown' })),
    'SignerNameLegacy',
  ),
  fixture(
    'csr-blank-in-group',
    'a request for a group that begins with a blank',
    () => yaml(csr({ request: base64(requestPem({ subject: user('jane', ' ops') })) })),
    'BlankInName',
  ),
  fixture(
    'csr-server-auth',
    'usages that the signer refuses',
    () => yaml(csr({ usages: ['server auth', 'digital signature'] })),
    'UsagesUnsuitable',
  ),
  fixture(
    'csr-five-minutes',
    'a lifetime that the API server refuses',
    () => yaml(csr({ expirationSeconds: 300 })),
    'ExpirationTooShort',
  ),
  fixture('csr-request-der', 'DER where PEM belongs', () => yaml(csr({ request: base64(request()) }))),
  fixture(
    'csr-request-not-base64',
    'PEM where its base64 belongs',
    () => yaml(csr({ request: requestPem() })),
    'FieldNotBase64',
  ),
  fixture(
    'csr-without-request',
    'no request',
    () => yaml({ ...csr(), spec: { signerName: 'kubernetes.io/kube-apiserver-client' } }),
    'FieldMissing',
  ),
  fixture('secret-tls', 'a Secret of type tls', () => yaml(tlsSecret()), 'PrivateKeyUnprotected'),
  fixture(
    'secret-tls-key-of-another',
    'a Secret of type tls with the key of another',
    () => yaml(tlsSecret('bob')),
    'KeyMismatch',
  ),
  fixture(
    'secret-tls-without-key',
    'a Secret of type tls without key',
    () => yaml(secret({ 'tls.crt': base64(pemOf(serverCertificate())) })),
    'FieldMissing',
  ),
  fixture('secret-string-data', 'a Secret in stringData', () => {
    const { data: _data, ...rest } = tlsSecret() as { data: object };
    return yaml({ ...rest, stringData: { 'tls.crt': pemOf(serverCertificate()), 'tls.key': pkcs8('server') } });
  }),
  fixture('secret-with-kubeconfig', 'a Secret that holds a kubeconfig, as Cluster API keeps it', () =>
    yaml(secret({ value: base64(yaml(kubeconfig())) }, 'cluster.x-k8s.io/secret', 'production-kubeconfig')),
  ),
  fixture('secret-opaque', 'a Secret that holds no credential of ours', () =>
    yaml(secret({ password: base64('hunter2-hunter2') }, 'Opaque', 'db')),
  ),
  fixture('config-map', 'the ConfigMap kube-root-ca.crt', () =>
    yaml(configMap({ 'ca.crt': pemOf(clusterCaCertificate()) })),
  ),
  fixture(
    'config-map-leaf-as-ca',
    'a ConfigMap whose ca.crt is no CA',
    () => yaml(configMap({ 'ca.crt': pemOf(serverCertificate()) })),
    'LeafUsedAsCa',
  ),
  fixture('config-map-client-ca', 'extension-apiserver-authentication', () =>
    yaml({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
      data: {
        'client-ca-file': pemOf(clusterCaCertificate()),
        'requestheader-allowed-names': '["front-proxy-client"]',
      },
    }),
  ),
  fixture('list', 'what kubectl get -o yaml answers', () =>
    yaml(list(tlsSecret(), configMap({ 'ca.crt': pemOf(clusterCaCertificate()) }), csr())),
  ),
  fixture('documents', 'several documents', () =>
    [tlsSecret(), configMap({ 'ca.crt': pemOf(clusterCaCertificate()) }), kubeconfig()].map(yaml).join('---\n'),
  ),
  fixture(
    'of-another-kind',
    'a manifest that holds no credential',
    () => yaml({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'web' } }),
    'UnrecognisedContent',
  ),
  fixture(
    'helm-template',
    'the template of a chart, which is no YAML',
    () => `{{- if .Values.tls.enabled }}
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata:
  name: {{ include "web.fullname" . }}-tls
data:
  tls.crt: ${base64(pemOf(serverCertificate()))}
  tls.key: {{ .Values.tls.key | b64enc | quote }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "web.fullname" . }}-ca
data:
  ca.crt: |
${pemOf(clusterCaCertificate()).replace(/^(?=.)/gm, '    ')}{{- end }}
`,
    'UnrecognisedContent',
  ),
  fixture('template-in-quotes', 'a Secret whose values a template fills in, which is YAML', () =>
    yaml(secret({ 'tls.crt': '{{ .Values.tls.crt | b64enc }}', 'tls.key': '{{ .Values.tls.key | b64enc }}' })),
  ),
  several('manifest-beside-code', 'a chart, its documents and code, in which lines look like a manifest', () => ({
    'README.md': '# Web\n\nA Secret of this shape:\n\n```yaml\nkind: Secret\ntype: [kubernetes.io/tls\n```\n',
    'docs/trust.md': `The CA:\n\nkind: [CA\n\n    ${pemOf(clusterCaCertificate()).replaceAll('\n', '\n    ')}\n`,
    'web.go':
      `const kind = ` + '`' + `\nkind: Pod\n\tusers: 1` + '`' + `\n\nvar begin = "-----BEGIN CERTIFICATE-----"\n`,
    Makefile: 'kind: build\n\tkind create cluster --name web\n',
    'chart/templates/_helpers.tpl': '{{- define "web" -}}\nkind: {{ .kind }}\n{{- end }}\n',
    'chart/templates/web.yaml': 'kind: Service\nmetadata: {name: {{ .Release.Name }}}\n',
    'values.txt': 'users:\n\t- jane\nclusters: none [yet\n',
  })),
  fixture('crd', 'a certificate of cert-manager, which is not one of X.509', () =>
    yaml({
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { name: 'web' },
      spec: { secretName: 'web-tls' },
    }),
  ),
  fixture('webhook-ca-bundle', 'a webhook with its caBundle', () =>
    yaml({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'web' },
      webhooks: [
        {
          name: 'web.corp.example',
          clientConfig: { url: 'https://web.corp.example', caBundle: base64(pemOf(clusterCaCertificate())) },
        },
      ],
    }),
  ),
  fixture('issued-by-another', 'a CertificateSigningRequest whose certificate another CA signed', () =>
    yaml(
      csr({
        certificate: base64(pemOf(userCertificate(jane, 'jane', { issuer: issuerOf(user('other'), 'other-ca') }))),
      }),
    ),
  ),
];
