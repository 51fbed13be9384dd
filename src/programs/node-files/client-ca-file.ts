import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from '@kubepass/inspect/command-line';
import { encodeCertificates, messageOf } from '@kubepass/x509';
import { ask, type Reviewer, readReviewer } from './ask-kubepass.js';
import { type AuthorityCertificate, readAuthorityCertificates } from './certificate-authorities.js';
import {
  chosenCommonOptions,
  type CommonOptions,
  commonOptions,
  commonUsage,
  keepFile,
  type Surroundings,
  type WantedText,
} from './keep-file.js';
import { unlessMissing } from './replace-file.js';

export const options = { ...commonOptions, base: { type: 'string' } } as const;

export const usage = `usage: kubepass client-ca-file --cluster NAME --base FILE --out FILE [--watch] [--every SECONDS]
                               [--kubeconfig FILE]

Keeps the client CAs of a control-plane node current: those of the node itself, and the issuers of kubepass.
--base        the CAs that the node needs without kubepass, such as /etc/kubernetes/pki/ca.crt; they come first
--out         the file that --client-ca-file of kube-apiserver names
${commonUsage}`;

export interface ClientCaFileOptions extends CommonOptions {
  /** The file of the node's own CAs, an absolute path. */
  readonly base: string;
}

/** The options of a command line. Throws `UsageError`. */
export function chosenOptions(
  { base, ...common }: Parameters<typeof chosenCommonOptions>[0] & { readonly base?: string | undefined },
  workingFolder: string,
): ClientCaFileOptions {
  const chosen = chosenCommonOptions(common, workingFolder);
  if (base === undefined) throw new UsageError('name the file of the CAs of the node itself: --base FILE');
  const file = resolve(workingFolder, base);
  if (file === chosen.out) throw new UsageError('--out is the file of --base: it would lose what the node needs');
  return { ...chosen, base: file };
}

/**
 * Keeps the file of a node's client CAs; see `keepFile`. It is written only with every CA of `base` and at least one of
 * kubepass, because an API server refuses everybody whose CA is not in it.
 */
export function keepClientCaFile(options: ClientCaFileOptions, surroundings: Surroundings): Promise<number> {
  const bundle = new Bundle(options);
  return keepFile(options, 0o644, () => wantedText(options, bundle), surroundings);
}

async function wantedText({ base, out }: ClientCaFileOptions, bundle: Bundle): Promise<WantedText> {
  const own = readAuthorityCertificates(await readBase(base, out), base);
  const { certificates, problem } = await bundle.newest();
  const more = without(own, certificates);
  return {
    text: encodeCertificates([...own, ...more]),
    has: `${own.length} of the node's own CAs, and ${more.length} more of kubepass`,
    warning: null,
    problem,
  };
}

function without(own: readonly AuthorityCertificate[], others: readonly AuthorityCertificate[]) {
  const known = new Set(own.map(({ fingerprintSha256 }) => fingerprintSha256));
  return others.filter(({ fingerprintSha256 }) => !known.has(fingerprintSha256));
}

async function readBase(base: string, out: string): Promise<string> {
  const [own, kept] = [await stat(base), await unlessMissing(stat(out))];
  if (own.dev === kept?.dev && own.ino === kept.ino)
    throw new Error(`${base} is the same file, so that what the node needs would be lost`);
  if (!own.isFile()) throw new Error(`${base} is not a regular file`);
  return readFile(base, 'utf8');
}

interface AnsweredBundle {
  readonly certificates: readonly AuthorityCertificate[];
  readonly entityTag: string | null;
}

/** The CAs that kubepass answers. */
class Bundle {
  #last: AnsweredBundle | null = null;

  constructor(private readonly options: Pick<ClientCaFileOptions, 'kubeconfig' | 'cluster'>) {}

  /**
   * Asks kubepass. Where kubepass gives no good answer, the CAs of its last answer hold, and `problem` says why: the
   * node's own CAs may have changed meanwhile. Throws an `Error` where there was no good answer yet.
   */
  async newest(): Promise<{ readonly certificates: readonly AuthorityCertificate[]; readonly problem: string | null }> {
    try {
      const { kubeconfig, cluster } = this.options;
      this.#last = await this.#fetch(await readReviewer(kubeconfig, cluster));
      return { certificates: this.#last.certificates, problem: null };
    } catch (error) {
      if (this.#last === null) throw error;
      return {
        certificates: this.#last.certificates,
        problem: `the CAs of kubepass stay as they are: ${messageOf(error)}`,
      };
    }
  }

  async #fetch(reviewer: Reviewer): Promise<AnsweredBundle> {
    const { status, headers, text } = await ask(reviewer, 'certificate-authority?role=client', {
      accept: 'application/pem-certificate-chain',
      entityTag: this.#last?.entityTag ?? null,
    });
    if (status === 304 && this.#last !== null) return this.#last;
    return {
      certificates: readAuthorityCertificates(text, 'the answer of kubepass'),
      entityTag: headers.etag ?? null,
    };
  }
}
