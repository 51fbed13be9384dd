// Tests packages/inspect/src/findings/checks/keys.ts, packages/inspect/src/relations/list-relations.ts
import { describe, expect, it } from 'vitest';
import { makeAuthority, makeCertificate, makeKey } from '../../../x509/test/helpers/certificates.js';
import { csrFor } from '../../../x509/test/helpers/csr.js';
import { inspectFiles, kubeconfigOf, secretOf } from '../inspected.js';

const ca = makeAuthority();
const jane = makeCertificate({ issuer: ca });
const joe = makeCertificate({ issuer: ca, subject: [['CN', 'joe']] });
const wrong = makeKey();

describe('a key beside a certificate', () => {
  it.each([
    ['of one user of a kubeconfig', (key: string) => ({ config: kubeconfigOf({ certificate: jane.pem, key }) })],
    ['of one Secret', (key: string) => ({ 'tls.json': secretOf({ 'tls.crt': jane.pem, 'tls.key': key }) })],
    ['of files of one name', (key: string) => ({ 'pki/jane.crt': jane.pem, 'pki/jane.key': key })],
    ['of files that cfssl named', (key: string) => ({ 'jane.pem': jane.pem, 'jane-key.pem': key })],
    ['of one file', (key: string) => ({ 'jane.pem': jane.pem + ca.pem + key })],
  ])('%s is its key or another', async (_, files) => {
    const mismatched = (await inspectFiles(files(wrong.pem))).findings.filter(({ code }) => code === 'KeyMismatch');
    expect(mismatched).toHaveLength(1);
    const own = await inspectFiles(files(jane.key.pem));
    expect(own.findings.filter(({ code }) => code === 'KeyMismatch' || code === 'KeyWithoutCertificate')).toEqual([]);
  });

  it.each([
    ['in another folder', { 'a/jane.crt': jane.pem, 'b/jane.key': wrong.pem }],
    ['of another name', { 'jane.crt': jane.pem, 'joe.key': wrong.pem }],
    ['among several', { 'all.pem': jane.pem + joe.pem + wrong.pem }],
  ])('is not taken for its key %s', async (_, files: Record<string, string>) => {
    const { findings } = await inspectFiles(files);
    expect(findings.filter(({ code }) => code === 'KeyMismatch')).toEqual([]);
  });
});

it('says when nothing here has a key', async () => {
  expect((await inspectFiles({ 'x.key': wrong.pem })).codes('x.key')).toContain('KeyWithoutCertificate');
  const { pem, keyPair } = await csrFor('jane');
  const { codes } = await inspectFiles({ 'x.csr': pem, 'x.key': keyPair.privateKeyPem });
  expect(codes('x.key')).not.toContain('KeyWithoutCertificate');
});

it('says when one key stands for different identities', async () => {
  const same = makeCertificate({ issuer: ca, key: jane.key, subject: [['CN', 'joe']] });
  const renewed = makeCertificate({ issuer: ca, key: jane.key });
  const { codes } = await inspectFiles({ 'jane.crt': jane.pem, 'joe.crt': same.pem, 'renewed.crt': renewed.pem });
  expect(codes('joe.crt')).toContain('SharedKey');
  expect(codes('jane.crt')).not.toContain('SharedKey');
  const alone = await inspectFiles({ 'jane.crt': jane.pem, 'renewed.crt': renewed.pem });
  expect(alone.codes('renewed.crt')).not.toContain('SharedKey');
});

describe('the same object again', () => {
  it('is told of files, and within one file', async () => {
    expect((await inspectFiles({ 'a.crt': jane.pem, 'b.crt': jane.pem })).codes('b.crt')).toContain('DuplicateObject');
    expect((await inspectFiles({ 'a.crt': jane.pem + jane.pem })).codes('a.crt[1]')).toContain('DuplicateObject');
    const { findings } = await inspectFiles({ config: kubeconfigOf({ authority: ca.pem + ca.pem }), 'ca.crt': ca.pem });
    expect(findings.filter(({ code }) => code === 'DuplicateObject').map(({ object }) => object)).toEqual([
      'config#clusters[0].cluster.certificate-authority-data[1]',
    ]);
  });

  it('is as it should be where a kubeconfig embeds a file', async () => {
    const config = kubeconfigOf({ authority: ca.pem, certificate: jane.pem, key: jane.key.pem });
    const { findings } = await inspectFiles({ config, 'ca.crt': ca.pem });
    expect(findings.filter(({ code }) => code === 'DuplicateObject')).toEqual([]);
  });
});
