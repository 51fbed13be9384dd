import { Type } from 'typebox';
import { named, nullable, objectOf, oneOf, ref } from '../../src/http/schemas/schema-parts.js';
import { integerOf, listOf, nullableText, pathOf, typed, uploadText } from './inspection-object-parts.js';

const CredentialSourceSchema = named(
  'CredentialSource',
  Type.Union(
    [
      objectOf('In the kubeconfig.', {
        from: oneOf(['data'], 'It is in the kubeconfig.'),
        object: nullable(pathOf('The object of this answer.'), 'Null if it could not be read.'),
      }),
      objectOf('In a file.', {
        from: oneOf(['file'], 'It is in a file, which is not read.'),
        file: uploadText('The file.', '/etc/kubernetes/pki/ca.crt'),
      }),
      objectOf('Nowhere.', { from: oneOf(['nothing'], 'There is none.') }),
    ],
    { description: 'Where a kubeconfig keeps a credential or CA.' },
  ),
);

export const InspectedKubeconfigSchema = typed('InspectedKubeconfig', 'Kubeconfig', 'A kubeconfig.', {
  currentContext: nullableText('Its current context.', 'jane@demo'),
  contexts: listOf(
    objectOf('A context.', {
      name: uploadText('Its name.', 'jane@demo'),
      cluster: nullableText('Its cluster.', 'demo'),
      user: nullableText('Its user.', 'jane'),
      namespace: nullableText('Its namespace.', 'team-a'),
    }),
    'Contexts.',
  ),
  clusters: listOf(
    objectOf('A cluster.', {
      name: uploadText('Its name.', 'demo'),
      server: nullableText('The API server, without credentials and query.', 'https://10.0.0.1:6443'),
      tlsServerName: nullableText('`tls-server-name`.'),
      insecureSkipTlsVerify: Type.Boolean({ description: '`insecure-skip-tls-verify`.' }),
      proxyUrl: nullableText('`proxy-url`, without credentials and query.'),
      certificateAuthority: ref(CredentialSourceSchema),
    }),
    'Clusters.',
  ),
  users: listOf(
    objectOf('A user.', {
      name: uploadText('Its name.', 'jane'),
      authentication: listOf(
        oneOf(['clientCertificate', 'token', 'exec', 'authProvider', 'basic'], 'One way.'),
        'How it authenticates.',
      ),
      clientCertificate: ref(CredentialSourceSchema),
      clientKey: ref(CredentialSourceSchema),
      tokenFile: nullableText('`tokenFile`.'),
      exec: nullable(
        objectOf('A program that supplies credentials. `[redacted]` stands for what has the shape of a secret.', {
          command: uploadText('The command. It is never run.', 'aws'),
          args: listOf(uploadText('One argument.'), 'Arguments.'),
          env: listOf(uploadText('A variable’s name.'), 'Names of variables.'),
        }),
      ),
      authProvider: nullableText('`auth-provider`.'),
      impersonates: nullableText('`as`.'),
    }),
    'Users.',
  ),
});

export const InspectedCertificateSigningRequestSchema = typed(
  'InspectedCertificateSigningRequest',
  'CertificateSigningRequest',
  'A certificates.k8s.io object; its certification request is another object of this answer.',
  {
    name: nullableText('`metadata.name`.'),
    signerName: nullableText('The signer that is asked to sign.', 'kubernetes.io/kube-apiserver-client'),
    expirationSeconds: nullable(integerOf('The requested lifetime.')),
    usages: listOf(uploadText('One usage.', 'client auth'), 'The requested usages.'),
    requester: nullableText('The user who created it.'),
    conditions: listOf(
      objectOf('A condition.', {
        type: uploadText('`Approved`, `Denied`, `Failed`.'),
        reason: nullableText('The reason.'),
        message: nullableText('The reason in words.'),
      }),
      'Its conditions.',
    ),
  },
);

const manifest = {
  name: nullableText('`metadata.name`.', 'serving-cert'),
  namespace: nullableText('`metadata.namespace`.', 'team-a'),
};
const keysOf = (description: string) => listOf(uploadText('One name.', 'tls.crt'), description);

export const InspectedSecretSchema = typed('InspectedSecret', 'Secret', 'A Secret.', {
  ...manifest,
  secretType: nullableText('Its type.', 'kubernetes.io/tls'),
  keys: keysOf('The names of its entries; values are never shown.'),
});

export const InspectedConfigMapSchema = typed('InspectedConfigMap', 'ConfigMap', 'A ConfigMap.', {
  ...manifest,
  keys: keysOf('The names of its entries.'),
});
