// Tests src/start/check-config.ts, src/config/file-reason.ts
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { hash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkConfig } from '../../../../src/start/check-config.js';
import { readConfig } from '../../../../src/config/config.js';
import { readEnvironment } from '../../../../src/config/env.js';
import { newApiTokenSecret } from '../../../../src/callers/secrets.js';
import { generateCertificateAuthority } from '../../../../src/signing/generate-certificate-authority.js';
import { composeOn } from '../../../helpers/composed-service.js';
import { placeMigratedDatabase } from '../../../helpers/migrated-database.js';
import { install, type Installation, misconfigurations, secrets, written } from '../../../helpers/misconfigurations.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';

let directory: ReturnType<typeof temporaryDirectory>;
let installation: Installation;
beforeEach(async () => {
  directory = temporaryDirectory();
  installation = await install(directory.path);
});
afterEach(() => directory.remove());

const check = (environment = written(installation)) =>
  checkConfig(readConfig(readEnvironment(environment)), new Date());
const errorsOf = async () => {
  const { errors } = await check();
  for (const secret of Object.values(secrets)) expect(errors.join('\n')).not.toContain(secret);
  return errors;
};

/** Every name below a directory with its mode, its time and its content. */
function tree(of: string): readonly string[] {
  return readdirSync(of, { recursive: true, encoding: 'utf8' })
    .map((name) => {
      const { mode, mtimeMs, ino, size } = statSync(join(of, name));
      const isDirectory = statSync(join(of, name)).isDirectory();
      const content = isDirectory ? '' : hash('sha256', readFileSync(join(of, name)));
      return [name, mode, mtimeMs, ino, size, content].join(' ');
    })
    .sort();
}

it('finds nothing wrong with a configuration that can be served', async () => {
  expect(await check()).toEqual({
    ...{ errors: [], faults: [], warnings: [] },
    database: { pending: null, newer: null, issuers: [] },
  });
});

describe('sixteen misconfigurations', () => {
  it('are sixteen', () => {
    expect(misconfigurations).toHaveLength(16);
  });

  it.each(misconfigurations)('$what: one message names setting, value and remedy', async (one) => {
    one.make(installation);
    const errors = await errorsOf();
    expect(errors).toEqual([expect.stringMatching(one.setting)]);
    expect(errors[0]).toContain(one.value);
    expect(errors[0]).toMatch(one.remedy);
  });

  /** Each with two others that touch other parts. */
  it.each(misconfigurations.map((one, i) => ({ one, i })))(
    '$one.what is found beside two others',
    async ({ one, i }) => {
      const others = [misconfigurations[(i + 5) % 16], misconfigurations[(i + 11) % 16]].filter(
        (other) => other !== undefined && other.what !== 'broken YAML',
      );
      const three = [one, ...others.filter((other) => other !== undefined)];
      // Nothing in a file that is no YAML can be judged.
      const judged =
        one.what === 'broken YAML' ? three.filter(({ setting }) => !/: \w/.test(setting.source.slice(20))) : three;
      for (const { make } of three) make(installation);
      const errors = await errorsOf();
      for (const { setting, remedy } of judged)
        expect(errors.filter((error) => setting.test(error) && remedy.test(error))).toHaveLength(1);
    },
  );
});

describe('everything else that a start reads', () => {
  const dataDir = () => join(directory.path, 'data');
  const composed = () => composeOn(directory.path, written(installation));

  it('is judged although another part is wrong, in one round', async () => {
    const { file, environment, write } = installation;
    file['port'] = '80';
    file.callers.oidc[0] = { ...file.callers.oidc[0], issuer: 'http://idp.example', tokens: 7 };
    file.webhooks[0] = { ...file.webhooks[0], secretFile: 'no.secret', clusters: ['prod'] };
    write('policies/test.yaml', 'kind: Nonsense\n');
    environment['DATABASE_URL'] = `file:${directory.path}/serving.crt/kubepass.db`;
    expect((await errorsOf()).map((error) => error.replace(/^.*?kubepass\.yaml:\d+:\d+: /, '').split(': ')[0])).toEqual(
      [
        ...['callers.oidc[0].tokens', 'port', 'callers.oidc[0].issuer', 'webhooks[0].clusters[0]', 'DATABASE_URL'],
        ...['webhooks[0].secretFile', 'policiesDir'],
      ],
    );
  });

  it('is not judged where it depends on a setting that is wrong itself', async () => {
    const { file, environment } = installation;
    environment['KUBEPASS_HOST'] = '0.0.0.0';
    file['tls'] = { terminated: 'yes' };
    file.webhooks[0] = { ...file.webhooks[0], clusters: ['dev'] };
    file.clusters[0] = { ...file.clusters[0], name: 7 };
    expect(await errorsOf()).toEqual([
      expect.stringContaining(': clusters[0].name: must be a text, not 7'),
      expect.stringContaining(': tls.terminated: must be true or false, not "yes"'),
    ]);
  });

  it('names both files of a CA, of TLS and of callers where both are missing', async () => {
    const { file } = installation;
    file.clusters[0] = { ...file.clusters[0], signer: { localCA: { certFile: 'a', keyFile: 'b' } } };
    file['tls'] = { certFile: 'c', keyFile: 'd' };
    file.callers = {
      oidc: [{ ...file.callers.oidc[0], certificateAuthority: 'e' }],
      ...{ clientCertificates: { certificateAuthority: 'f', revocationList: 'g', identity: 'uri', port: 8444 } },
    };
    file['audit'] = { checkpointKeys: ['h', 'serving.crt'] };
    file['publicAddress'] = { url: 'https://kubepass.example', certificateAuthority: 'i' };
    expect(
      (await errorsOf()).map((error) => error.replace(/^.*?kubepass\.yaml:\d+:\d+: (\S+): below \S+: .*/, '$1')),
    ).toEqual([
      ...['tls.certFile', 'tls.keyFile', 'clusters[0].signer.localCA.certFile'],
      ...['clusters[0].signer.localCA.keyFile', 'callers.oidc[0].certificateAuthority'],
      ...['callers.clientCertificates.certificateAuthority', 'callers.clientCertificates.revocationList'],
      ...['audit.checkpointKeys[0]', expect.stringContaining('audit.checkpointKeys[1]') as string],
      'publicAddress.certificateAuthority',
    ]);
  });

  it('has no secret in a message, where one was written in place of the name of its file', async () => {
    const { file } = installation;
    file.webhooks[0] = { ...file.webhooks[0], secretFile: secrets.webhook };
    expect(await errorsOf()).toEqual([expect.stringContaining('put that into a file, and name the file here')]);
  });

  it('has neither the token of the first admin where it was written in place of the name of its file', async () => {
    const { file, environment } = installation;
    const token = newApiTokenSecret(randomBytes);
    file['firstAdminTokenFile'] = token;
    const said = 'it holds the secret itself; put that into a file, and name the file here';
    const inFile = await errorsOf();
    expect(inFile).toEqual([expect.stringMatching(new RegExp(`: firstAdminTokenFile: ${said}$`))]);
    environment['KUBEPASS_FIRST_ADMIN_TOKEN_FILE'] = token;
    const inEnvironment = await errorsOf();
    expect(inEnvironment).toEqual([`KUBEPASS_FIRST_ADMIN_TOKEN_FILE: ${said}`]);
    expect([...inFile, ...inEnvironment].join()).not.toContain(token);
  });

  it('takes the token of the first admin from its file, and says where there is none in it', async () => {
    const { file, write } = installation;
    file['firstAdminTokenFile'] = 'first-admin-token';
    expect(await errorsOf()).toEqual([
      expect.stringMatching(/: firstAdminTokenFile: below \S+: there is no such file/),
    ]);
    const token = newApiTokenSecret(randomBytes);
    const path = write('first-admin-token', `${token}\n`);
    expect(await check()).toMatchObject({ errors: [], warnings: [] });
    chmodSync(path, 0o644);
    expect((await check()).warnings).toEqual([
      expect.stringMatching(/: firstAdminTokenFile: \S+first-admin-token is open to others \(mode 0644\)/),
    ]);
    const contents = ['', '\n', `${token}x`, `${token}\n\n`, ` ${token}`, token.slice(0, -1), `Bearer ${token}`];
    for (const content of [...contents, token.slice(9), `${token.slice(0, -1)}=`, `${token}\n${token}`]) {
      write('first-admin-token', content);
      const errors = await errorsOf();
      const none =
        /: firstAdminTokenFile: \S+first-admin-token holds no API token, which is kubepass_ and 43 characters/;
      expect(errors).toEqual([expect.stringMatching(none)]);
      expect(errors.join()).not.toContain(token.slice(9, 40));
    }
    write('first-admin-token', `${token}\r\n`);
    expect(await errorsOf()).toEqual([]);
    file['firstAdminTokenFile'] = 'policies';
    expect(await errorsOf()).toEqual([
      expect.stringMatching(/: firstAdminTokenFile: \S+policies is not a regular file/),
    ]);
  });

  it('warns of files that others can read, and of what ended', async () => {
    chmodSync(join(directory.path, 'user-ca.key'), 0o644);
    mkdirSync(dataDir(), { mode: 0o755 });
    const inTwentyYears = new Date(Date.now() + 20 * 366 * 86_400_000);
    const { errors, warnings } = await checkConfig(readConfig(readEnvironment(written(installation))), inTwentyYears);
    expect(errors).toEqual([]);
    expect(warnings).toEqual([
      expect.stringMatching(/: dataDir: \S+data is open to others \(mode 0755\); 0700 would keep it/),
      expect.stringMatching(
        /: clusters\[0\]\.signer\.localCA\.keyFile: \S+user-ca\.key is open to others \(mode 0644\)/,
      ),
      expect.stringMatching(
        /: clusters\[0\]\.signer\.localCA: a CA is not valid now: .*; cluster: dev; .*notAfter: 20/,
      ),
    ]);
  });

  it('tells of a cluster and of archives that a start would do without', async () => {
    const { file } = installation;
    file.clusters.push({
      name: 'prod',
      server: 'https://10.0.0.2',
      signer: 'kubernetes',
      kubeconfig: 'prod.kubeconfig',
    });
    file['audit'] = { archiveAfterDays: 400, archiveDir: 'archives' };
    const { errors, faults } = await check();
    expect(errors).toEqual([]);
    expect(faults).toEqual([
      expect.stringMatching(/: clusters\[1\]\.kubeconfig: the kubeconfig cannot be read \(ENOENT\)/),
      expect.stringMatching(/: audit\.archiveDir: below \S+: there is no such file/),
    ]);
  });

  it('refuses another CA than the one that a cluster was served with, and one that is gone', async () => {
    await (await composed()).close();
    const other = await generateCertificateAuthority({ commonName: 'other', now: new Date(), random: randomBytes });
    installation.write('user-ca.crt', other.certificatePem);
    installation.write('user-ca.key', other.privateKeyPem);
    expect(await errorsOf()).toEqual([
      expect.stringMatching(
        /: clusters\[0\]\.signer\.localCA: cluster "dev" was served with another CA .*: put that CA back/,
      ),
    ]);
    const own = {
      KUBEPASS_DATA_DIR: join(directory.path, 'own'),
      KUBEPASS_POLICIES_DIR: join(directory.path, 'policies'),
    };
    await (await composeOn(directory.path, own)).close();
    rmSync(join(directory.path, 'own', 'ca'), { recursive: true });
    expect((await check(own)).errors).toEqual([
      expect.stringMatching(
        /^KUBEPASS_DATA_DIR: the CA that cluster "demo" was served with .* is gone from .*: restore/,
      ),
    ]);
  });

  it('refuses the database of a newer version, and a file that is none', async () => {
    mkdirSync(dataDir(), { mode: 0o700 });
    await placeMigratedDatabase(join(dataDir(), 'kubepass.db'));
    expect((await check()).database).toEqual({ pending: 0, newer: null, issuers: [] });
    installation.write('data/kubepass.db', 'no database'.repeat(200));
    expect(await errorsOf()).toEqual([expect.stringMatching(/: databaseUrl: \S+kubepass\.db: file is not a database/)]);
  });
});

describe('a check changes nothing', () => {
  it('where nothing is there yet', async () => {
    const environment = written(installation);
    const before = tree(directory.path);
    await check(environment);
    expect(tree(directory.path)).toEqual(before);
  });

  it('beside a service, and where one was', async () => {
    const environment = written(installation);
    const service = await composeOn(directory.path, environment);
    const served = tree(directory.path);
    expect(await check(environment)).toMatchObject({ errors: [], database: { pending: 0 } });
    expect(tree(directory.path)).toEqual(served);
    await service.close();
    const left = tree(directory.path);
    expect(await check(environment)).toMatchObject({ errors: [], database: { pending: 0 } });
    expect(tree(directory.path)).toEqual(left);
  });

  it('after a process died, with its write-ahead log and its locks still there', async () => {
    const environment = written(installation);
    const service = await composeOn(directory.path, environment);
    cpSync(directory.path, `${directory.path}-died`, { recursive: true });
    await service.close();
    rmSync(directory.path, { recursive: true });
    renameSync(`${directory.path}-died`, directory.path);
    const left = tree(directory.path);
    expect(left.join('\n')).toMatch(/kubepass\.db-wal/);
    expect(await check(environment)).toMatchObject({ errors: [], database: { pending: 0 } });
    expect(tree(directory.path)).toEqual(left);
  });
});
