import { randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { softHsmLibrary } from './key-tools.js';
import { run } from './run.js';

/** As `pkcs11-tool --key-type` names them. */
export type TokenKeyType = 'rsa:2048' | 'rsa:3072' | 'rsa:4096' | 'EC:prime256v1' | 'EC:secp384r1' | 'EC:secp521r1';

/** A SoftHSM with one token in a folder of its own. */
export class SoftHsm {
  #keys = 0;

  private constructor(
    readonly folder: string,
    readonly remove: () => void,
    readonly library: string,
    readonly pin: string,
  ) {}

  static async create(): Promise<SoftHsm> {
    const library = softHsmLibrary();
    if (library === null) throw new Error('there is no SoftHSM here');
    const { path, remove } = temporaryDirectory();
    mkdirSync(join(path, 'tokens'), { mode: 0o700 });
    const settings = {
      'directories.tokendir': join(path, 'tokens'),
      'objectstore.backend': 'file',
      'log.level': 'ERROR',
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
    writeFileSync(join(path, 'softhsm2.conf'), lines.join(''));
    const hsm = new SoftHsm(path, remove, library, randomInt(10_000_000, 99_999_999).toString());
    const pins = ['--so-pin', '12345678', '--pin', hsm.pin];
    await run('softhsm2-util', ['--init-token', '--free', '--label', 'kubepass', ...pins], hsm.environment);
    return hsm;
  }

  get configuration(): string {
    return join(this.folder, 'softhsm2.conf');
  }

  /** For the programs that use the token. */
  get environment(): Readonly<Record<string, string>> {
    return { SOFTHSM2_CONF: this.configuration };
  }

  /** Makes a key pair whose private key never leaves the token. An agent has the label as the comment of the key. */
  async generate({ type, label }: { readonly type: TokenKeyType; readonly label: string }): Promise<void> {
    await this.pkcs11Tool([
      '--keypairgen',
      '--key-type',
      type,
      '--id',
      this.#nextId(),
      '--label',
      label,
      '--usage-sign',
    ]);
  }

  /** Brings in a private key from a file (PKCS#8 PEM), as a CA of kubeadm comes into an HSM. */
  async import({ file, label }: { readonly file: string; readonly label: string }): Promise<void> {
    const token = ['--token', 'kubepass', '--pin', this.pin];
    const key = ['--import', file, '--label', label, '--id', this.#nextId()];
    await run('softhsm2-util', [...key, ...token], this.environment);
  }

  /** Runs pkcs11-tool on the token, logged in. */
  pkcs11Tool(args: readonly string[]): Promise<string> {
    const token = ['--module', this.library, '--token-label', 'kubepass', '--login', '--pin', this.pin];
    return run('pkcs11-tool', [...token, ...args], this.environment);
  }

  #nextId(): string {
    this.#keys += 1;
    return this.#keys.toString(16).padStart(2, '0');
  }
}
