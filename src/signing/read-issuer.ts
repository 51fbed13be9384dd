import { access, constants, readFile } from 'node:fs/promises';
import { reasonOf } from '../config/file-reason.js';
import type { IssuerConfig } from '../config/issuer-config.js';
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

/** Says something about a setting that does not keep it from being used. */
export type RemarkOn = (place: IssuerPlace, fields: object, message: string) => void;

export interface ReadParts {
  readonly cluster: string;
  readonly clock: () => Date;
  readonly signatures: Signatures;
  readonly remark: RemarkOn;
}

/** The certificates of an issuer, from its files. */
export interface IssuerCertificates extends Omit<CertifiedIssuer, 'name' | 'key'> {
  /** Reasons why a CA above it is at its end, which an issuer in use is not refused for. */
  readonly ended: readonly string[];
}

/** The files of an issuer, read and judged. */
export interface ReadIssuer {
  readonly config: IssuerConfig;
  /** Null where it lies in an agent, and where it cannot be used. */
  readonly fileKey: CaKey | null;
  /** Null while there is none, and where they cannot be used. */
  readonly certificates: IssuerCertificates | null;
  readonly problems: readonly IssuerProblem[];
}

/** Reads the files of an issuer, and finds everything that is wrong with them. No agent is asked. */
export async function readIssuer(config: IssuerConfig, parts: ReadParts): Promise<ReadIssuer> {
  const { name, key, certFile } = config;
  const ofKey: IssuerProblem[] = [];
  const fileKey = key.kind === 'file' ? await readKey(name, key, parts, ofKey) : null;
  const found = await readCertificates(config, parts);
  const certificates = isCertificates(found) ? found : null;
  const problems = found === null || isCertificates(found) ? ofKey : [...found, ...ofKey];
  const { publicKey } = certificates?.authority ?? {};
  if (fileKey !== null && publicKey !== undefined && fileKey.publicKey()?.equals(publicKey) === false)
    problems.push({
      issuer: name,
      place: '',
      message:
        `${certFile} with ${key.kind === 'file' ? key.file : ''}: the CA private key does not belong to the CA certificate; ` +
        `name the certificate of a CA and its own key: "openssl x509 -noout -pubkey -in ${word(certFile)}" and ` +
        `"openssl pkey -pubout -in ${key.kind === 'file' ? word(key.file) : ''}" print the same of a pair`,
    });
  if (found === null && key.kind === 'agent' && key.label === null)
    problems.push({
      issuer: name,
      place: '/key',
      message: `${certFile} is missing, so the key in the agent at ${key.socket} is not known: put the certificate there, or name the key's label ("SSH_AUTH_SOCK=${word(key.socket)} ssh-add -L" lists them)`,
    });
  return { config, fileKey, certificates, problems };
}

const isCertificates = (found: IssuerCertificates | readonly IssuerProblem[] | null): found is IssuerCertificates =>
  found !== null && 'authority' in found;

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
    const remarks = { warn: (fields: object, message: string) => remark('/key', fields, message) };
    return await readKeyFile({ file, passphrase }, { signatures, clock, remarks });
  } catch (error) {
    if (error instanceof KeyFileError) error.problems.forEach(add);
    else add(reasonOf(error));
    return null;
  }
}

/** Reads and judges the certificates of an issuer. Null where its file is missing; problems where it cannot be used. */
export async function readCertificates(
  { name, certFile, anchorFile }: IssuerConfig,
  { cluster, clock, remark }: Pick<ReadParts, 'cluster' | 'clock' | 'remark'>,
): Promise<IssuerCertificates | readonly IssuerProblem[] | null> {
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
  if (problems.length > 0) return problems;
  if (isMissing) return null;
  const now = clock();
  const judged = judgeAuthorityChain(own, anchors, now);
  const [issuer] = own;
  if (!judged.ok || issuer === undefined)
    return [
      {
        issuer: name,
        place: '',
        message:
          `${certFile}${anchorFile === null ? '' : ` below ${anchorFile}`}: ${judged.ok ? '' : judged.problems.join('; ')}; name the certificate of a CA that API servers ` +
          `accept, then those of the CAs above it: "openssl storeutl -noout -text -certs ${word(certFile)}" shows them`,
      },
    ];
  const { notBefore, notAfter } = judged;
  for (const each of judged.remarks) remark('/certFile', { cluster, issuer: name }, each);
  if (now < notBefore || now > notAfter)
    remark(
      '',
      { cluster, issuer: name, notBefore, notAfter },
      'a CA is not valid now: nothing is issued for its cluster',
    );
  return {
    authority: signingAuthorityOf(issuer),
    ...{ chain: judged.chain, anchors: judged.anchors, notBefore, notAfter },
    ended: judged.outOfDate.flatMap(({ certificate, reason }) =>
      certificate === issuer || now < certificate.notBefore ? [] : [reason],
    ),
  };
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
