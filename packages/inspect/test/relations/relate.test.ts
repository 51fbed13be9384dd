// Tests packages/inspect/src/relations/relations.ts, packages/inspect/src/relations/find-issuers.ts,
// packages/inspect/src/relations/certificate-node.ts, packages/inspect/src/relations/list-relations.ts
import { describe, expect, it } from 'vitest';
import { encodePem } from '@kubepass/x509';
import { makeAuthority, makeCertificate, makeKey, makeList, nameOf } from '../../../x509/test/helpers/certificates.js';
import { csrFor } from '../../../x509/test/helpers/csr.js';
import { inspectFiles, kubeconfigOf, knownCluster } from '../inspected.js';

const ca = makeAuthority();
const jane = makeCertificate({ issuer: ca });

describe('who signed whom', () => {
  it('is found by signature, and the chain is followed to its root', async () => {
    const between = makeAuthority({ subject: [['CN', 'between']], issuer: ca });
    const leaf = makeCertificate({ issuer: between });
    const { related } = await inspectFiles({ 'leaf.crt': leaf.pem, 'ca.crt': ca.pem, 'between.crt': between.pem });
    expect(related).toEqual([
      'leaf.crt SignedBy between.crt',
      'leaf.crt ChainsTo ca.crt',
      'between.crt SignedBy ca.crt',
      'between.crt ChainsTo ca.crt',
    ]);
  });

  it('is followed as far as it goes, and the answer says where it stops', async () => {
    const between = makeAuthority({ subject: [['CN', 'between']], issuer: ca });
    const below = makeAuthority({ subject: [['CN', 'below']], issuer: between });
    const leaf = makeCertificate({ issuer: below });
    const files = { 'leaf.crt': leaf.pem, 'below.crt': below.pem, 'between.crt': between.pem };
    const { related, finding } = await inspectFiles(files);
    expect(related).toEqual([
      'leaf.crt SignedBy below.crt',
      'leaf.crt ChainStopsAt between.crt',
      'below.crt SignedBy between.crt',
      'below.crt ChainStopsAt between.crt',
    ]);
    expect(finding('IssuerMissing')?.object).toBe('between.crt');
  });

  it('is not told by a name alone', async () => {
    const namesake = makeAuthority();
    const { related, finding } = await inspectFiles({ 'jane.crt': jane.pem, 'namesake.crt': namesake.pem });
    expect(related).toEqual([]);
    expect(finding('IssuerMissing')?.message).toContain('namesake.crt bears that name');
  });

  it('is found by the key identifier where the name differs', async () => {
    const renamed = makeCertificate({ issuer: ca, issuerName: nameOf([['CN', 'another']]) });
    const { related } = await inspectFiles({ 'renamed.crt': renamed.pem, 'ca.crt': ca.pem });
    expect(related).toContain('renamed.crt SignedBy ca.crt');
  });

  it('is found among many CAs of one name', async () => {
    const files: Record<string, string> = {};
    const expected: string[] = [];
    for (let i = 0; i < 40; i++) {
      // Neither identifies the other's key.
      const authority = makeAuthority({ subjectKeyIdentifier: null });
      const leaf = makeCertificate({ issuer: authority, authorityKeyIdentifier: null });
      // The CA of the same folder, and that of the same kubeconfig, come first among many.
      const embedded = kubeconfigOf({ authority: authority.pem, certificate: leaf.pem });
      Object.assign(
        files,
        i % 2 === 0 ? { [`${i}/ca.crt`]: authority.pem, [`${i}/z/leaf.crt`]: leaf.pem } : { [`${i}.conf`]: embedded },
      );
      expected.push(
        i % 2 === 0
          ? `${i}/z/leaf.crt SignedBy ${i}/ca.crt`
          : `${i}.conf#users[0].user.client-certificate-data SignedBy ${i}.conf#clusters[0].cluster.certificate-authority-data`,
      );
    }
    const { related, findings } = await inspectFiles(files);
    expect(related.filter((each) => each.includes(' SignedBy ')).sort()).toEqual(expected.sort());
    // A root is its own issuer however many bear its name.
    const codes = new Set(findings.map(({ code }) => code));
    expect([...codes].filter((code) => /Issuer|Signature/.test(code))).toEqual([]);
  });

  it('is found for certificates that take few tries before one that takes many', async () => {
    const others = Array.from({ length: 30 }, () => makeAuthority({ subjectKeyIdentifier: null }));
    const files = Object.fromEntries(others.map(({ pem }, i) => [`ca${i}.crt`, pem]));
    // None of the CAs signed these, so that each takes all tries.
    const strangers = Array.from({ length: 20 }, () =>
      makeCertificate({ issuer: makeAuthority(), authorityKeyIdentifier: null }),
    );
    const leaf = makeCertificate({ issuer: ca });
    const { related, codes } = await inspectFiles({
      ...Object.fromEntries(strangers.map(({ pem }, i) => [`a${i}.crt`, pem])),
      ...files,
      'z.crt': leaf.pem,
      'ca.crt': ca.pem,
    });
    expect(related).toContain('z.crt SignedBy ca.crt');
    expect(codes('a19.crt')).toContain('SignatureNotChecked');
  });

  it('tells two CAs of one name apart by key', async () => {
    const namesakes = [makeAuthority(), makeAuthority(), makeAuthority()];
    const files = Object.fromEntries(namesakes.map((each, i) => [`ca${i}.crt`, each.pem]));
    const leaves = Object.fromEntries(
      namesakes.map((issuer, i) => [`leaf${i}.crt`, makeCertificate({ issuer, authorityKeyIdentifier: null }).pem]),
    );
    const { related } = await inspectFiles({ ...leaves, ...files });
    expect(related.filter((each) => each.includes('SignedBy'))).toEqual([
      'leaf0.crt SignedBy ca0.crt',
      'leaf1.crt SignedBy ca1.crt',
      'leaf2.crt SignedBy ca2.crt',
    ]);
  });

  it('names every certificate of a CA that is cross-signed, and both roots', async () => {
    const other = makeAuthority({ subject: [['CN', 'other-root']] });
    const key = makeKey();
    const identity = { subject: [['CN', 'between']] as const, key, subjectKeyIdentifier: Buffer.alloc(20, 7) };
    const byOne = makeAuthority({ ...identity, issuer: ca });
    const byOther = makeAuthority({ ...identity, issuer: other });
    const leaf = makeCertificate({ issuer: byOne });
    const { related } = await inspectFiles({
      'leaf.crt': leaf.pem,
      'one.crt': byOne.pem,
      'other.crt': byOther.pem,
      'ca.crt': ca.pem,
      'other-root.crt': other.pem,
    });
    expect(related.filter((each) => each.startsWith('leaf.crt'))).toEqual([
      'leaf.crt SignedBy one.crt',
      'leaf.crt SignedBy other.crt',
      'leaf.crt ChainsTo ca.crt',
      'leaf.crt ChainsTo other-root.crt',
    ]);
  });

  it('ends where certificates sign each other in a circle', async () => {
    const [keyA, keyB] = [makeKey(), makeKey()];
    const b = makeAuthority({ subject: [['CN', 'b']], key: keyB, subjectKeyIdentifier: Buffer.alloc(20, 2) });
    const a = makeAuthority({
      subject: [['CN', 'a']],
      key: keyA,
      issuer: b,
      subjectKeyIdentifier: Buffer.alloc(20, 1),
    });
    const bByA = makeAuthority({
      subject: [['CN', 'b']],
      key: keyB,
      issuer: a,
      subjectKeyIdentifier: Buffer.alloc(20, 2),
    });
    const { related } = await inspectFiles({ 'a.crt': a.pem, 'b.crt': bByA.pem });
    expect(related).toEqual([
      'a.crt SignedBy b.crt',
      'a.crt ChainStopsAt b.crt',
      'b.crt SignedBy a.crt',
      'b.crt ChainStopsAt a.crt',
    ]);
  });

  it('goes for certificate lists, and for requests by the key that made them', async () => {
    const list = makeList(ca, []);
    const { pem, keyPair } = await csrFor('jane');
    const { privateKey } = keyPair;
    const key = { privateKey, spki: keyPair.subjectPublicKeyInfo, pem: '' };
    const { related } = await inspectFiles({
      'ca.crt': ca.pem,
      'crl.pem': list.pem,
      'jane.csr': pem,
      'jane.crt': makeCertificate({ key, issuer: ca }).pem,
    });
    expect(related).toContain('crl.pem SignedBy ca.crt');
    expect(related).toContain('jane.csr SignedBy jane.crt');
  });
});

describe('our clusters', () => {
  it('are where a chain ends', async () => {
    const cluster = knownCluster('dev', 'https://10.0.0.1:6443', [ca.der]);
    const { related, codes } = await inspectFiles({ 'jane.crt': jane.pem }, { clusters: [cluster] });
    expect(related).toEqual(['jane.crt ChainsTo /v1/clusters/dev']);
    expect(codes('jane.crt')).not.toContain('IssuerMissing');
  });

  it('are named for their CA itself, which the upload may hold too', async () => {
    const cluster = knownCluster('dev', 'https://10.0.0.1:6443', [ca.der]);
    const { related } = await inspectFiles({ 'jane.crt': jane.pem, 'ca.crt': ca.pem }, { clusters: [cluster] });
    expect(related).toEqual([
      'jane.crt SignedBy ca.crt',
      'jane.crt ChainsTo ca.crt',
      'jane.crt ChainsTo /v1/clusters/dev',
      'ca.crt ChainsTo /v1/clusters/dev',
    ]);
  });

  it.each([
    ['https://api.example:6443', 'https://API.example.:6443/', true],
    ['https://api.example', 'https://api.example:443', true],
    ['https://[fd00:0::1]:6443', 'https://[fd00::1]:6443', true],
    ['https://api.example:6443', 'https://api.example:6444', false],
    ['https://api.example/k8s/clusters/a', 'https://api.example/k8s/clusters/b', false],
    ['https://api.example:6443', 'http://api.example:6443', false],
  ])('are pointed at where the server is the same: %s and %s', async (ours, theirs, same) => {
    const { related } = await inspectFiles(
      { config: kubeconfigOf({ server: theirs }) },
      { clusters: [knownCluster('dev', ours, [ca.der])] },
    );
    expect(related.includes('config PointsAt /v1/clusters/dev')).toBe(same);
  });
});

describe('keys and copies', () => {
  it('relates a private key to certificate, request and public key', async () => {
    const key = makeKey();
    const { related } = await inspectFiles({
      'a.key': key.pem,
      'a.crt': makeCertificate({ key, issuer: ca }).pem,
      'a.pub': encodePem('PUBLIC KEY', key.spki),
      'other.crt': jane.pem,
    });
    expect(related.filter((each) => each.includes('IsKeyOf'))).toEqual([
      'a.key IsKeyOf a.crt',
      'a.key IsKeyOf a.pub',
      'a.pub IsKeyOf a.crt',
    ]);
  });

  it('names the first of what is there twice', async () => {
    const { related } = await inspectFiles({ 'a.crt': jane.pem, 'b.crt': jane.pem, 'c.der': jane.der });
    expect(related).toEqual(['b.crt SameAs a.crt', 'c.der SameAs a.crt']);
  });

  it('names the file rather than what embeds it', async () => {
    const config = kubeconfigOf({ authority: ca.pem, certificate: jane.pem });
    const { related } = await inspectFiles({ config, 'pki/ca.crt': ca.pem });
    expect(related).toEqual([
      'config#clusters[0].cluster.certificate-authority-data SameAs pki/ca.crt',
      'config#users[0].user.client-certificate-data SignedBy pki/ca.crt',
      'config#users[0].user.client-certificate-data ChainsTo pki/ca.crt',
    ]);
  });

  it('says for which request a certificate was issued', async () => {
    const entry = {
      requestId: '0199',
      state: 'issued',
      cluster: 'dev',
      requester: 'hr',
      orphan: false,
      revocation: null,
    };
    const { related, objects } = await inspectFiles(
      { 'jane.crt': jane.pem },
      { inventory: async (fingerprints) => new Map(fingerprints.map((each) => [each, entry])) },
    );
    expect(related).toEqual(['jane.crt IssuedFor /v1/certificate-requests/0199']);
    expect(objects[0]).toMatchObject({ inventory: entry });
  });
});

describe('certificate lists', () => {
  const serialNumber = Buffer.from('5a0102030405060708090a0b0c0d0e0f', 'hex');
  const revoked = makeCertificate({ issuer: ca, serialNumber });

  it('revoke what their issuer signed', async () => {
    const { related } = await inspectFiles({
      'jane.crt': revoked.pem,
      'ca.crt': ca.pem,
      'crl.pem': makeList(ca, [serialNumber]).pem,
    });
    expect(related).toContain('jane.crt RevokedBy crl.pem');
  });

  it('revoke nothing where another key signed them, or another CA of that name', async () => {
    const namesake = makeAuthority();
    const { related } = await inspectFiles({
      'jane.crt': revoked.pem,
      'ca.crt': ca.pem,
      'namesake.crt': namesake.pem,
      'forged.pem': makeList(ca, [serialNumber], undefined, makeKey()).pem,
      'namesake.pem': makeList(namesake, [serialNumber]).pem,
    });
    expect(related.filter((each) => each.includes('RevokedBy'))).toEqual([]);
  });
});
