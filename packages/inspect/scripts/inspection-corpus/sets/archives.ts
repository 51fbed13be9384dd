import { gzipSync } from 'node:zlib';
import { clusterCaCertificate, janesCertificate, serverCertificate } from '../certificates.js';
import { type Fixture, several, single } from '../fixture.js';
import { run } from '../openssl.js';
import { tar } from '../tar.js';
import { pemOf } from './certificates.js';
import { pkcs8 } from './keys.js';
import { kubeconfig, yaml } from './kubeconfigs.js';

const folder = (): Buffer =>
  tar(
    { path: 'pki/', type: '5' },
    { path: 'pki/ca.crt', content: pemOf(clusterCaCertificate()) },
    { path: 'pki/apiserver.crt', content: pemOf(serverCertificate()) },
    { path: 'pki/apiserver.key', content: pkcs8('server') },
    { path: 'pki/README', content: 'keep these secret\n' },
  );

export const archiveFixtures: readonly Fixture[] = [
  single('archive-tar', 'a folder of certificates and keys', 'tar', folder),
  single('archive-tar-gz', 'the same, compressed', 'tar.gz', () => gzipSync(folder(), { level: 9 })),
  single(
    'archive-hostile-entries',
    'links, a device, and paths out of the archive',
    'tar',
    () =>
      tar(
        { path: 'pki/ca.crt', content: pemOf(clusterCaCertificate()) },
        { path: 'pki/passwd', type: '2', linkName: '/etc/passwd' },
        { path: 'pki/shadow', type: '1', linkName: '/etc/shadow' },
        { path: 'pki/null', type: '3' },
        { path: '../../etc/kubernetes/admin.conf', content: yaml(kubeconfig()) },
        { path: '/etc/kubernetes/pki/ca.crt', content: pemOf(clusterCaCertificate()) },
      ),
    ['EntrySkipped'],
  ),
  single('archive-cut-off', 'an archive that ends within an entry', 'tar', () => folder().subarray(0, 1500)),
  single('archive-gzip-cut-off', 'a compressed archive that ends too early', 'tar.gz', () =>
    gzipSync(folder(), { level: 9 }).subarray(0, 700),
  ),
  single('archive-in-archive', 'an archive in an archive', 'tar', () =>
    tar({ path: 'inner.tar.gz', content: gzipSync(folder(), { level: 9 }) }),
  ),
  single('archive-same-name-twice', 'two entries of one path', 'tar', () =>
    tar(
      { path: 'ca.crt', content: pemOf(clusterCaCertificate()) },
      { path: 'ca.crt', content: pemOf(janesCertificate()) },
    ),
  ),
  single('archive-empty', 'an archive without entries', 'tar', () => tar()),
];

const zip = (): Buffer => run('zip', ['-q', '-X', '-', 'ca.crt'], { 'ca.crt': pemOf(clusterCaCertificate()) });

export const otherFixtures: readonly Fixture[] = [
  single(
    'unknown-text',
    'a text that is nothing of ours',
    'txt',
    () => 'Dear all,\n\nplease renew your certificates.\n',
    ['UnrecognisedContent'],
  ),
  single('unknown-octets', 'octets that are nothing of ours', 'bin', () =>
    Buffer.from(Array.from({ length: 256 }, (_, i) => (i * 167 + 13) % 256)),
  ),
  single('unknown-zip', 'a ZIP archive', 'zip', zip),
  single('unknown-png', 'a picture', 'png', () => Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')),
  single('unknown-json', 'JSON that is nothing of ours', 'json', () => '{"hello": ["world"]}\n'),
  single('unknown-der', 'DER that is nothing of ours', 'der', () => Buffer.from('300a0201050c0568656c6c6f', 'hex')),
  single(
    'unknown-jwt',
    'a token of a service account',
    'txt',
    () =>
      `${['{"alg":"none"}', '{"sub":"system:serviceaccount:ci:robot"}'].map((part) => Buffer.from(part).toString('base64url')).join('.')}.c2lnbmF0dXJl`,
  ),
  single(
    'unknown-ssh-public-key',
    'a public key of OpenSSH',
    'pub',
    () => 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1q0b7m9tX0c0m0o0n0p0q0r0s0t0u0v0w0x0y0z0AA jane\n',
  ),
  several('unknown-keys', 'keys of age and of WireGuard', () => ({
    'age.txt': `# created: 2026-11-30T12:00:00Z\n# public key: age1${'q'.repeat(58)}\nAGE-SECRET-KEY-1${'Q'.repeat(58)}\n`,
    'recipients.txt': `age1${'q'.repeat(58)}\n`,
    'secret.age': Buffer.concat([Buffer.from('age-encryption.org/v1\n-> X25519 '), Buffer.alloc(32)]),
    'secret.pem': `-----BEGIN AGE ENCRYPTED FILE-----\n${Buffer.from('age-encryption.org/v1\n').toString('base64')}\n-----END AGE ENCRYPTED FILE-----\n`,
    privatekey: `${Buffer.alloc(32, 0x48).toString('base64')}\n`,
    'wg0.conf': `[Interface]\nPrivateKey = ${Buffer.alloc(32, 0x48).toString('base64')}\nAddress = 10.9.0.1/24\n`,
  })),
  several('mixed', 'a bit of everything in one upload', () => ({
    'bundle.pem': pemOf(janesCertificate()) + pkcs8('jane'),
    'jane.kubeconfig': yaml(kubeconfig()),
    'pki.tar.gz': gzipSync(folder(), { level: 9 }),
    'notes.txt': 'nothing to see here\n',
  })),
  several('names-that-lie', 'files that are something else than their names say', () => ({
    'ca.key': pemOf(clusterCaCertificate()),
    'config.tar.gz': yaml(kubeconfig()),
    '../../etc/passwd': pemOf(janesCertificate()),
  })),
];
