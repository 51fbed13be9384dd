// Tests packages/inspect/src/reading/read-manifest.ts, packages/inspect/src/reading/read-kubernetes-documents.ts,
// packages/inspect/src/reading/document.ts
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { csrFor } from '../../../x509/test/helpers/csr.js';
import { authority, base64, client, codesOf, outline, read } from './uploads.js';

const tls = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'web', namespace: 'shop' },
  type: 'kubernetes.io/tls',
  data: { 'tls.crt': base64(client.pem), 'tls.key': base64(client.key.pem), 'ca.crt': base64(authority.pem) },
};
const manifest = (value: object) => read(stringify(value), 'm.yaml');

describe('a Secret', () => {
  it('is read with the certificates and keys in it', async () => {
    const objects = await manifest(tls);
    expect(outline(objects)).toEqual([
      'm.yaml Secret',
      'm.yaml#data["tls.crt"] Certificate',
      'm.yaml#data["tls.key"] PrivateKey',
      'm.yaml#data["ca.crt"] Certificate',
    ]);
    expect(objects[0]?.content).toEqual({
      type: 'Secret',
      name: 'web',
      namespace: 'shop',
      secretType: 'kubernetes.io/tls',
      keys: ['tls.crt', 'tls.key', 'ca.crt'],
    });
    expect(codesOf(objects)).toEqual([]);
  });

  it('is read from stringData too', async () => {
    const objects = await manifest({
      ...tls,
      data: undefined,
      stringData: { 'tls.crt': client.pem, 'tls.key': client.key.pem },
    });
    expect(outline(objects)).toEqual([
      'm.yaml Secret',
      'm.yaml#stringData["tls.crt"] Certificate',
      'm.yaml#stringData["tls.key"] PrivateKey',
    ]);
    expect(codesOf(objects)).toEqual([]);
  });

  it('of any type is searched for PEM, DER and kubeconfigs, and tells nothing of its other values', async () => {
    const objects = await manifest({
      ...tls,
      type: 'Opaque',
      data: {
        password: base64('hunter2'),
        'keystore.der': base64(client.der),
        bundle: base64(authority.pem + client.pem),
        kubeconfig: base64('clusters: [{name: c, cluster: {server: "https://a"}}]'),
        note: base64('{"a": 1}'),
        zipped: base64(Buffer.from('1f8b0800', 'hex')),
      },
    });
    expect(outline(objects)).toEqual([
      'm.yaml Secret',
      'm.yaml#data["keystore.der"] Certificate',
      'm.yaml#data.bundle[0] Certificate',
      'm.yaml#data.bundle[1] Certificate',
      'm.yaml#data.kubeconfig Kubeconfig',
    ]);
    expect(JSON.stringify(objects.map(({ content, observations }) => [content, observations]))).not.toContain(
      'hunter2',
    );
  });

  it.each<[string, object, string]>([
    ['has no key', { data: { 'tls.crt': base64(client.pem) } }, 'FieldMissing: data["tls.key"] is missing'],
    [
      'has plain PEM for base64',
      { data: { ...tls.data, 'tls.crt': client.pem } },
      'FieldNotBase64: data["tls.crt"] is not base64 as Go reads it',
    ],
    [
      'has a number for a value',
      { data: { ...tls.data, pin: 1234 } },
      'FieldMissing: data.pin is a number (write it in quotes) where a string belongs',
    ],
    ['has a list for its data', { data: [] }, 'FieldMissing: data is a list where an object belongs'],
  ])('that %s is told so', async (_, change, message) => {
    const [secret] = await manifest({ ...tls, ...change });
    expect(secret?.observations.map((observation) => `${observation.code}: ${observation.message}`)).toContain(message);
  });

  it('has an object for a tls.crt that is no certificate', async () => {
    const objects = await manifest({ ...tls, data: { ...tls.data, 'tls.crt': base64('none') } });
    expect(objects[1]).toMatchObject({ content: { type: 'Unknown' }, observations: [{ code: 'MalformedObject' }] });
  });

  it('is not read from what kubectl keeps of it in an annotation', async () => {
    const applied = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(tls) };
    const objects = await manifest({ ...tls, metadata: { ...tls.metadata, annotations: applied } });
    expect(objects).toHaveLength(4);
  });
});

describe('a ConfigMap', () => {
  const configMap = (data: object, more: object = {}) =>
    manifest({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm', namespace: 'shop' }, data, ...more });

  it('is read with the certificates in it, and tells nothing of its other values', async () => {
    const objects = await configMap(
      {
        'ca.crt': authority.pem,
        'client-ca-file': authority.pem,
        'nginx.conf': 'server {\n  listen 80;\n}\n',
        plain: 'x: {y',
      },
      { binaryData: { 'ca.der': base64(authority.der) } },
    );
    expect(outline(objects)).toEqual([
      'm.yaml ConfigMap',
      'm.yaml#data["ca.crt"] Certificate',
      'm.yaml#data.client-ca-file Certificate',
      'm.yaml#binaryData["ca.der"] Certificate',
    ]);
    expect(objects[0]?.content).toEqual({
      type: 'ConfigMap',
      name: 'm',
      namespace: 'shop',
      keys: ['ca.crt', 'client-ca-file', 'nginx.conf', 'plain', 'ca.der'],
    });
    expect(codesOf(objects)).toEqual([]);
  });

  it('may hold a kubeconfig, as kube-public/cluster-info does', async () => {
    const kubeconfig = stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: '', cluster: { server: 'https://a', 'certificate-authority-data': base64(authority.pem) } }],
      contexts: null,
      users: null,
    });
    expect(outline(await configMap({ kubeconfig }))).toEqual([
      'm.yaml ConfigMap',
      'm.yaml#data.kubeconfig Kubeconfig',
      'm.yaml#data.kubeconfig#clusters[0].cluster.certificate-authority-data Certificate',
    ]);
    expect(outline(await read(stringify({ apiVersion: 'v1', kind: 'ConfigMap', data: { kubeconfig } })))).toEqual([
      'upload ConfigMap',
      'data.kubeconfig Kubeconfig',
      'data.kubeconfig#clusters[0].cluster.certificate-authority-data Certificate',
    ]);
  });
});

describe('a CertificateSigningRequest', async () => {
  const { pem } = await csrFor('jane');
  const spec = {
    request: base64(pem),
    signerName: 'kubernetes.io/kube-apiserver-client',
    usages: ['client auth'],
    expirationSeconds: 3600,
    username: 'admin',
  };
  const csr = (change: object = {}, more: object = {}) =>
    manifest({
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'jane' },
      spec: { ...spec, ...change },
      ...more,
    });

  it('is read with its request and its certificate', async () => {
    const condition = { type: 'Approved', status: 'True', reason: 'ok', message: 'fine' };
    const objects = await csr({}, { status: { conditions: [condition], certificate: base64(client.pem) } });
    expect(outline(objects)).toEqual([
      'm.yaml CertificateSigningRequest',
      'm.yaml#spec.request CertificationRequest',
      'm.yaml#status.certificate Certificate',
    ]);
    expect(objects[0]?.content).toEqual({
      type: 'CertificateSigningRequest',
      name: 'jane',
      signerName: 'kubernetes.io/kube-apiserver-client',
      expirationSeconds: 3600,
      usages: ['client auth'],
      requester: 'admin',
      conditions: [{ type: 'Approved', reason: 'ok', message: 'fine' }],
    });
    expect(objects[0]?.observations).toEqual([]);
  });

  const legacy = 'The signer is "kubernetes.io/legacy-unknown", which no API server trusts and nothing approves';
  it.each<[string, object, string]>([
    [
      'a lifetime that is too short',
      { expirationSeconds: 599 },
      'ExpirationTooShort: spec.expirationSeconds is 599; the least is 600',
    ],
    [
      'a lifetime that is no number',
      { expirationSeconds: '1h' },
      'FieldMissing: spec.expirationSeconds is a string where a whole number belongs',
    ],
    ['the legacy signer', { signerName: 'kubernetes.io/legacy-unknown' }, `SignerNameLegacy: ${legacy}`],
    [
      'a usage that the signer refuses',
      { usages: ['client auth', 'server auth'] },
      'UsagesUnsuitable: The signer "kubernetes.io/kube-apiserver-client" refuses "server auth"',
    ],
    [
      'usages without the one that is needed',
      { usages: ['digital signature'] },
      'UsagesUnsuitable: The signer "kubernetes.io/kube-apiserver-client" demands "client auth"',
    ],
    ['no signer', { signerName: null }, 'FieldMissing: spec.signerName is missing'],
    ['no usages', { usages: [] }, 'FieldMissing: spec.usages is empty'],
    ['no request', { request: null }, 'FieldMissing: spec.request is missing'],
  ])('is told of %s', async (_, change, message) => {
    const [object] = await csr(change);
    expect(object?.observations.map((observation) => `${observation.code}: ${observation.message}`)).toEqual([message]);
  });

  it('of v1beta1 had the legacy signer where it named none', async () => {
    const [object] = await csr(
      { signerName: undefined, usages: undefined },
      { apiVersion: 'certificates.k8s.io/v1beta1' },
    );
    expect(object?.observations).toEqual([{ code: 'SignerNameLegacy', message: legacy }]);
  });

  it('may ask a signer of which nothing is known for anything', async () => {
    const [object] = await csr({ signerName: 'example.com/mine', usages: ['code signing'] });
    expect(object?.observations).toEqual([]);
  });
});

describe('a list and a stream', () => {
  it('has its items as objects of their own', async () => {
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [tls, { ...tls, data: {}, type: 'Opaque' }, { apiVersion: 'v1', kind: 'Pod' }],
    };
    for (const text of [JSON.stringify(list), stringify(list), JSON.stringify(list.items)])
      expect(outline(await read(text)).filter((line) => !line.includes('#'))).toEqual([
        'upload[0] Secret',
        'upload[1] Secret',
        'upload[2] Unknown',
      ]);
    expect(outline(await read(JSON.stringify({ ...list, items: [tls] })))[0]).toBe('upload Secret');
  });

  it('of one type need not say it in its items', async () => {
    const { data, metadata } = tls;
    const list = {
      apiVersion: 'v1',
      kind: 'SecretList',
      items: [
        { data, metadata },
        { data, metadata },
      ],
    };
    expect(outline(await read(JSON.stringify(list)))[0]).toBe('upload[0] Secret');
  });

  it('says in which item a member is given twice', async () => {
    const twice =
      'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap}\n- apiVersion: v1\n  kind: ConfigMap\n  data: {a: x, a: z}\n';
    const objects = await read(twice);
    expect(objects.map(({ observations }) => observations)).toEqual([
      [],
      [{ code: 'DuplicateMember', message: '"a" occurs twice in data; kubectl takes the last one' }],
    ]);
  });

  it('may be JSON objects one after the other', async () => {
    const text = `${JSON.stringify(tls)}\n${JSON.stringify({ ...tls, data: {}, type: 'x' })}\n`;
    expect(outline(await read(text)).filter((line) => !line.includes('#'))).toEqual([
      'upload[0] Secret',
      'upload[1] Secret',
    ]);
  });

  it('that is empty is nothing', async () => {
    expect(await read(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [] }))).toMatchObject([
      { content: { type: 'Unknown' }, observations: [{ code: 'UnrecognisedContent' }] },
    ]);
  });
});

describe('any other document', () => {
  it('is searched for PEM, plain and in base64', async () => {
    const webhook = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { annotations: { copy: client.pem } },
      webhooks: [{ clientConfig: { caBundle: base64(authority.pem) } }],
    };
    expect(outline(await manifest(webhook))).toEqual([
      'm.yaml Unknown',
      'm.yaml#webhooks[0].clientConfig.caBundle Certificate',
    ]);
    const answer = await read(JSON.stringify({ cert: client.pem, key: client.key.pem, ca: [authority.pem] }));
    expect(outline(answer)).toEqual(['upload Unknown', 'cert Certificate', 'key PrivateKey', 'ca[0] Certificate']);
    expect(codesOf(answer)).toEqual([]);
  });

  it('is searched even where it is a piece of a kubeconfig', async () => {
    expect(outline(await read(`    client-certificate-data: ${base64(client.pem)}\n`))).toEqual([
      'upload Unknown',
      'client-certificate-data Certificate',
    ]);
  });

  it('that only looks like YAML around PEM is a text', async () => {
    const text = `kind: of a note: with PEM\n  - [in it\n${client.pem}`;
    expect(outline(await read(text))).toEqual(['upload Certificate']);
  });
});
