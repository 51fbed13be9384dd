import { Type, type Static } from 'typebox';
import Value from 'typebox/value';
import { defaultIssuer } from '../model/issuer.js';
import {
  below,
  group,
  LabelSetting,
  PathSetting,
  reportUnlessDnsLabel,
  type ReportProblem,
  type Resolve,
  resolveOptional,
  shown,
  TextSetting,
} from './setting.js';
import { reportDifferences } from './shape-problems.js';

/** The issuers of a cluster that kubepass signs for with keys of its own. */
export interface LocalCAConfig {
  readonly kind: 'localCA';
  /** In the order of the file, at least one; their names differ. */
  readonly issuers: readonly IssuerConfig[];
  /** Whether the file lists issuers, and not the two files of one. */
  readonly listed: boolean;
  /** Whether the CA is generated where neither of its files exists: only with the embedded default. */
  readonly generate: boolean;
}

/** A CA, its key, and what the API servers trust for it; every path is absolute. */
export interface IssuerConfig {
  /** A DNS label. */
  readonly name: string;
  /** PEM: its certificate first, then those of the CAs above it. */
  readonly certFile: string;
  readonly key: IssuerKeyConfig;
  /** PEM: the certificates that the API servers trust for it; null: its own. */
  readonly anchorFile: string | null;
  /** The subject that its certification request asks for; null: that of its certificate. */
  readonly subject: IssuerSubject | null;
}

export type IssuerKeyConfig = KeyFileConfig | KeyAgentConfig;

export interface KeyFileConfig {
  readonly kind: 'file';
  readonly file: string;
  /** Null: the file is not encrypted. */
  readonly passphrase: PassphraseConfig | null;
}

/** A passphrase is read from a file, or once from a file descriptor that the process was started with. */
export type PassphraseConfig = { readonly file: string } | { readonly fd: number };

/** An agent, which is asked by the SSH agent protocol. */
export interface KeyAgentConfig {
  readonly kind: 'agent';
  /** The path of its Unix socket. */
  readonly socket: string;
  /** The comment of its key, by which it is found while there is no certificate; null: by the certificate alone. */
  readonly label: string | null;
}

export interface IssuerSubject {
  readonly commonName: string;
  readonly organization: readonly string[];
}

/** Upper bounds of X.520, which RFC 5280 appendix A has. */
const NamePart = Type.String({ minLength: 1, maxLength: 64 });

const IssuerSettings = group({
  name: LabelSetting,
  certFile: PathSetting,
  // Either `file` with at most one of its passphrases, or `agent` with or without `label`; `readKey` says which.
  key: Type.Partial(
    group({
      file: PathSetting,
      passphraseFile: PathSetting,
      passphraseFd: Type.Integer({ minimum: 3, maximum: 65_535 }),
      agent: PathSetting,
      label: TextSetting,
    }),
    { additionalProperties: false },
  ),
  anchorFile: Type.Optional(PathSetting),
  subject: Type.Optional(
    group({ commonName: NamePart, organization: Type.Optional(Type.Array(NamePart, { maxItems: 10 })) }),
  ),
});
type IssuerSettings = Static<typeof IssuerSettings>;

export const LocalCASettings = group({
  localCA: Type.Partial(
    group({
      certFile: PathSetting,
      keyFile: PathSetting,
      issuers: Type.Array(IssuerSettings, { minItems: 1, maxItems: 100 }),
    }),
    { additionalProperties: false },
  ),
});

/** The issuers of `{ localCA: … }`; undefined where nothing of it can be served. Reports every problem at `/signer`. */
export function readLocalCA(value: object, resolve: Resolve, report: ReportProblem): LocalCAConfig | undefined {
  reportDifferences(LocalCASettings, value, '/signer', report);
  const settings: unknown = 'localCA' in value ? value.localCA : undefined;
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) return undefined;
  const at = below('/signer/localCA', report);
  if (!('issuers' in settings)) return readPair(settings, value, resolve, at);
  for (const name of ['certFile', 'keyFile'])
    if (name in settings) at(`/${name}`, 'and issuers exclude each other: name the file in one of the issuers');
  return readIssuers(settings.issuers, resolve, below('/issuers', at));
}

/** `{ certFile, keyFile }` is one issuer, which has the name of issuers without a name. */
function readPair(settings: object, signer: object, resolve: Resolve, report: ReportProblem) {
  for (const name of ['certFile', 'keyFile']) if (!(name in settings)) report(`/${name}`, 'is missing');
  if (!Value.Check(LocalCASettings, signer)) return undefined;
  const { certFile, keyFile } = signer.localCA;
  return certFile === undefined || keyFile === undefined
    ? undefined
    : ownIssuer({ certFile: resolve(certFile), keyFile: resolve(keyFile) }, false);
}

/** The one issuer of a cluster whose configuration names none. */
export const ownIssuer = (
  { certFile, keyFile }: { readonly certFile: string; readonly keyFile: string },
  generate: boolean,
): LocalCAConfig => ({
  kind: 'localCA',
  issuers: [
    {
      name: defaultIssuer,
      certFile,
      key: { kind: 'file', file: keyFile, passphrase: null },
      anchorFile: null,
      subject: null,
    },
  ],
  listed: false,
  generate,
});

function readIssuers(listed: unknown, resolve: Resolve, report: ReportProblem): LocalCAConfig | undefined {
  // Another shape is reported already; the issuers that have the right one are judged all the same.
  const settings: readonly unknown[] = Array.isArray(listed) ? listed : [];
  const names = new Set<string>();
  const issuers = settings.flatMap((one, i) => {
    if (!Value.Check(IssuerSettings, one)) return [];
    const at = below(`/${i}`, report);
    reportUnlessDnsLabel(one.name, '/name', at);
    if (names.size === names.add(one.name).size) at('/name', `${shown(one.name)} is the name of an earlier issuer`);
    return readIssuer(one, resolve, at) ?? [];
  });
  return issuers.length === 0 ? undefined : { kind: 'localCA', issuers, listed: true, generate: false };
}

function readIssuer(settings: IssuerSettings, resolve: Resolve, report: ReportProblem): IssuerConfig | undefined {
  const { name, certFile, anchorFile, subject } = settings;
  const key = readKey(settings.key, resolve, below('/key', report));
  if (subject !== undefined) reportUnlessText(subject, below('/subject', report));
  return (
    key && {
      name,
      certFile: resolve(certFile),
      key,
      anchorFile: resolveOptional(anchorFile, resolve),
      subject: subject ? { commonName: subject.commonName, organization: subject.organization ?? [] } : null,
    }
  );
}

function readKey(
  { file, passphraseFile, passphraseFd, agent, label }: IssuerSettings['key'],
  resolve: Resolve,
  report: ReportProblem,
): IssuerKeyConfig | undefined {
  if (file === undefined && agent === undefined) report('', 'names no key: it takes file, or agent');
  if (file !== undefined && agent !== undefined) report('/agent', 'and file exclude each other');
  if (file === undefined)
    for (const [name, value] of Object.entries({ passphraseFile, passphraseFd }))
      if (value !== undefined) report(`/${name}`, 'goes with file');
  if (agent === undefined && label !== undefined) report('/label', 'goes with agent');
  if (passphraseFile !== undefined && passphraseFd !== undefined)
    report('/passphraseFd', 'and passphraseFile exclude each other');
  if (file !== undefined) {
    const fromFile = passphraseFile === undefined ? null : { file: resolve(passphraseFile) };
    const passphrase = passphraseFd === undefined ? fromFile : { fd: passphraseFd };
    return { kind: 'file', file: resolve(file), passphrase };
  }
  return agent === undefined ? undefined : { kind: 'agent', socket: resolve(agent), label: label ?? null };
}

/** A Name has well-formed Unicode in it, each part once. */
function reportUnlessText(
  { commonName, organization = [] }: NonNullable<IssuerSettings['subject']>,
  report: ReportProblem,
) {
  if (!commonName.isWellFormed()) report('/commonName', 'is not well-formed Unicode');
  for (const [i, name] of organization.entries()) {
    if (!name.isWellFormed()) report(`/organization/${i}`, 'is not well-formed Unicode');
    if (organization.indexOf(name) !== i) report(`/organization/${i}`, 'is named twice');
  }
}

/** The file descriptors with a passphrase, each with its place: each of them can be read once. */
export function reportSharedDescriptors(signers: readonly { readonly signer: unknown }[], report: ReportProblem): void {
  const seen = new Set<number>();
  for (const [i, { signer }] of signers.entries()) {
    const issuers: unknown = Value.Check(LocalCASettings, signer) ? signer.localCA.issuers : undefined;
    for (const [j, one] of (Array.isArray(issuers) ? issuers : []).entries()) {
      const fd = Value.Check(IssuerSettings, one) ? one.key.passphraseFd : undefined;
      if (fd !== undefined && seen.size === seen.add(fd).size)
        report(
          `/clusters/${i}/signer/localCA/issuers/${j}/key/passphraseFd`,
          `${fd} is read for an earlier issuer, and can be read once`,
        );
    }
  }
}
