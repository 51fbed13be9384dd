import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, constants, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { reasonOf } from '../config/file-reason.js';
import type { IssuerConfig } from '../config/issuer-config.js';
import { createSecretFile } from '../config/secrets.js';
import { defaultIssuer, type RecordedIssuer } from '../model/issuer.js';
import type { CaKey } from './keys/ca-key.js';
import { KeyFileError, readKeyFile, word } from './keys/read-key-file.js';
import { readLoadableCertificate } from '@kubepass/inspect/loadable';
import {
  codeOf,
  decodePemBundle,
  judgeAuthorityChain,
  messageOf,
  type ParsedCertificate,
  type Signatures,
  signingAuthorityOf,
} from '@kubepass/x509';
import type { CertifiedIssuer } from './cluster-issuers.js';

/** The setting of an issuer that a problem is about; empty: the issuer itself. */
export type IssuerPlace = '' | '/certFile' | '/key' | '/anchorFile';

/** Something that keeps an issuer from being used; no octet of a secret is in it. */
export interface IssuerProblem {
  readonly issuer: string;
  readonly place: IssuerPlace;
  /** With the file, and a remedy. */
  readonly message: string;
}

export interface ReadParts {
  readonly clock: () => Date;
  readonly signatures: Signatures;
  /** Is told what does not keep an issuer from being used. */
  readonly remark: (issuer: string, place: IssuerPlace, fields: object, message: string) => void;
}

/** The certificates of an issuer, from its files. */
export interface IssuerCertificates extends Omit<CertifiedIssuer, 'name' | 'key'> {
  /** Reasons why a CA above the issuer has ended. An issuer in use is not refused for that. */
  readonly ended: readonly string[];
}

/** The files of an issuer, read and judged. */
export interface ReadIssuer {
  readonly config: IssuerConfig;
  /** Null where the key lies in an agent, and where the key cannot be used. */
  readonly fileKey: CaKey | null;
  /** Null while there is no certificate, and where the certificates cannot be used. */
  readonly certificates: IssuerCertificates | null;
  readonly problems: readonly IssuerProblem[];
}

/** Reads the files of an issuer, and finds everything that is wrong with them. No agent is asked. */
export async function readIssuer(cluster: string, config: IssuerConfig, parts: ReadParts): Promise<ReadIssuer> {
  const { name, key, certFile } = config;
  const ofKey: IssuerProblem[] = [];
  const fileKey = key.kind === 'file' ? await readKey(name, key, parts, ofKey) : null;
  const { certificates, problems: ofCertificates } = await readCertificates(cluster, config, parts);
  const problems = [...ofCertificates, ...ofKey];
  const publicKey = certificates?.authority.publicKey;
  if (key.kind === 'file' && publicKey && fileKey?.publicKey()?.equals(publicKey) === false)
    problems.push({
      issuer: name,
      place: '',
      message:
        `${certFile} with ${key.file}: the CA private key does not belong to the CA certificate; ` +
        `name the certificate of a CA and its own key: "openssl x509 -noout -pubkey -in ${word(certFile)}" and ` +
        `"openssl pkey -pubout -in ${word(key.file)}" print the same of a pair`,
    });
  const isMissing = certificates === null && ofCertificates.length === 0;
  if (isMissing && key.kind === 'agent' && key.label === null)
    problems.push({
      issuer: name,
      place: '/key',
      message: `${certFile} is missing, so the key in the agent at ${key.socket} is not known: put the certificate there, or name the key's label ("SSH_AUTH_SOCK=${word(key.socket)} ssh-add -L" lists them)`,
    });
  return { config, fileKey, certificates, problems };
}

async function readKey(
  issuer: string,
  { file, passphrase }: Extract<IssuerConfig['key'], { kind: 'file' }>,
  { signatures, clock, remark }: ReadParts,
  problems: IssuerProblem[],
): Promise<CaKey | null> {
  const add = (message: string) => problems.push({ issuer, place: '/key', message });
  try {
    for (const path of [file, ...(passphrase !== null && 'file' in passphrase ? [passphrase.file] : [])])
      await access(path, constants.R_OK);
    const remarks = { warn: (fields: object, message: string) => remark(issuer, '/key', fields, message) };
    return await readKeyFile({ file, passphrase }, { signatures, clock, remarks });
  } catch (error) {
    if (error instanceof KeyFileError) error.problems.forEach(add);
    else add(reasonOf(error));
    return null;
  }
}

/** Reads and judges the certificates of an issuer. Neither certificates nor problems: the file is missing. */
export async function readCertificates(
  cluster: string,
  { name, certFile, anchorFile }: IssuerConfig,
  { clock, remark }: Omit<ReadParts, 'signatures'>,
): Promise<Pick<ReadIssuer, 'certificates' | 'problems'>> {
  const problems: IssuerProblem[] = [];
  const read = async (file: string, place: IssuerPlace): Promise<readonly ParsedCertificate[]> => {
    try {
      return parseAll(await readFile(file, 'utf8'), file);
    } catch (error) {
      problems.push({ issuer: name, place, message: reasonOf(error) });
      return [];
    }
  };
  const isMissing = await access(certFile).then(
    () => false,
    (error: unknown) => codeOf(error) === 'ENOENT',
  );
  const own = isMissing ? [] : await read(certFile, '/certFile');
  const anchors = anchorFile === null ? null : await read(anchorFile, '/anchorFile');
  if (isMissing || problems.length > 0) return { certificates: null, problems };
  const now = clock();
  const judged = judgeAuthorityChain(own, anchors, now);
  const [issuer] = own;
  if (!judged.ok || issuer === undefined) {
    const message =
      `${certFile}${anchorFile === null ? '' : ` below ${anchorFile}`}: ${judged.ok ? '' : judged.problems.join('; ')}; name the certificate of a CA that API servers ` +
      `accept, then those of the CAs above it: "openssl storeutl -noout -text -certs ${word(certFile)}" shows them`;
    return { certificates: null, problems: [{ issuer: name, place: '', message }] };
  }
  const { chain, notBefore, notAfter } = judged;
  for (const each of judged.remarks) remark(name, '/certFile', { cluster, issuer: name }, each);
  if (now < notBefore || now > notAfter)
    remark(
      name,
      '',
      { cluster, issuer: name, notBefore, notAfter },
      'a CA is not valid now: nothing is issued for its cluster',
    );
  const ended = judged.outOfDate.flatMap(({ certificate, reason }) =>
    certificate === issuer || now < certificate.notBefore ? [] : [reason],
  );
  const authority = signingAuthorityOf(issuer);
  return { certificates: { authority, chain, anchors: judged.anchors, notBefore, notAfter, ended }, problems };
}

/** Reads a file of certificates. Throws an `Error` that says what is wrong, with the file. */
function parseAll(text: string, file: string): readonly ParsedCertificate[] {
  const bundle = decodePemBundle(text, 'CERTIFICATE');
  if (!bundle.ok) throw new Error(`${file} holds no certificates in PEM: ${bundle.refusal.message}`);
  return bundle.ders.map((der, i) => {
    try {
      return readLoadableCertificate(der);
    } catch (error) {
      const reason = messageOf(error);
      throw new Error(`certificate ${i + 1} of ${file} cannot be read: ${reason}`, { cause: error });
    }
  });
}

/**
 * Makes the CA of the embedded default where the cluster never had one. Both files appear at once, by a rename of their
 * directory, so that no crash leaves half a CA behind. Throws where the cluster had a CA and its files are gone.
 */
export async function generateMissingAuthority(
  cluster: string,
  { certFile, keyFile }: { readonly certFile: string; readonly keyFile: string },
  recorded: Parameters<typeof whyNotGenerated>[2],
  now: Date,
  log: { info(fields: object, message: string): void },
): Promise<void> {
  const directory = dirname(certFile);
  if (existsSync(certFile) || existsSync(keyFile)) return;
  const whyNot = whyNotGenerated(cluster, directory, recorded);
  if (whyNot !== null) throw new Error(whyNot);
  // Loaded only here, because most starts find a CA.
  const { generateCertificateAuthority } = await import('./generate-certificate-authority.js');
  const made = await generateCertificateAuthority({ commonName: `kubepass-${cluster}-ca`, now, random: randomBytes });
  const temporary = await mkdtemp(`${directory}.`);
  try {
    await createSecretFile(join(temporary, basename(keyFile)), made.privateKeyPem);
    await createSecretFile(join(temporary, basename(certFile)), made.certificatePem);
    await rename(temporary, directory);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  log.info({ certFile }, 'a CA was generated');
}

/** Why a missing CA is not generated: the cluster had a CA. Null where the cluster never had a CA. */
export function whyNotGenerated(
  cluster: string,
  directory: string,
  recorded: readonly Pick<RecordedIssuer, 'name' | 'spkiSha256'>[],
): string | null {
  const pinned = recorded.find(({ name }) => name === defaultIssuer);
  return pinned === undefined
    ? null
    : `the CA that cluster "${cluster}" was served with (SPKI SHA-256 ${pinned.spkiSha256}) is gone from ${directory}: ` +
        'restore that directory from the backup';
}
