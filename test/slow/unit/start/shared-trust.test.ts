// Tests src/start/check-config.ts, src/clusters/shared-trust.ts
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkConfig } from '../../../../src/start/check-config.js';
import { readConfig } from '../../../../src/config/config.js';
import { readEnvironment } from '../../../../src/config/env.js';
import { makeCa } from '../../../helpers/several-issuers.js';
import { install, type Installation, written } from '../../../helpers/misconfigurations.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';

let directory: ReturnType<typeof temporaryDirectory>;
let installation: Installation;
beforeEach(async () => {
  directory = temporaryDirectory();
  installation = await install(directory.path);
});
afterEach(() => directory.remove());

const errorsOf = async () => (await checkConfig(readConfig(readEnvironment(written(installation))), new Date())).errors;

const server = { server: 'https://10.0.0.2:6443', servingCertificateAuthority: 'serving.crt' };
const pair = { localCA: { certFile: 'user-ca.crt', keyFile: 'user-ca.key' } };
/** Ways in which another cluster trusts what the first one signs. */
const others: Readonly<Record<string, () => object>> = {
  'by the CA that signs for it': () => ({ signer: pair }),
  'by clientCertificateAuthority, where the cluster signs': () => ({
    ...{ signer: 'kubernetes', inCluster: true, clientCertificateAuthority: 'user-ca.crt' },
  }),
  'by clientCertificateAuthority beside a CA of its own': () => {
    const { write } = installation;
    const ca = makeCa('prod');
    write('prod.crt', ca.pem);
    write('prod.key', ca.key.pem);
    return {
      signer: { localCA: { certFile: 'prod.crt', keyFile: 'prod.key' } },
      clientCertificateAuthority: 'user-ca.crt',
    };
  },
  'by the root above both': () => {
    const { write, file } = installation;
    const root = makeCa('root');
    for (const name of ['dev', 'prod']) {
      const ca = makeCa(name, { issuer: root });
      write(`${name}.crt`, ca.pem);
      write(`${name}.key`, ca.key.pem);
    }
    write('root.crt', root.pem);
    const issuers = (name: string) => ({
      localCA: { issuers: [{ name, certFile: `${name}.crt`, key: { file: `${name}.key` }, anchorFile: 'root.crt' }] },
    });
    file.clusters[0] = { ...file.clusters[0], signer: issuers('dev') };
    return { signer: issuers('prod') };
  },
};

describe('one trust for two clusters', () => {
  it.each(Object.entries(others))('keeps the service from starting: %s', async (_, make) => {
    const { file } = installation;
    file.clusters.push({ name: 'prod', ...server, ...make() });
    const refused = expect.stringMatching(
      /: clusters\[1\]: cluster "prod" trusts .*, to which the user certificates of cluster "dev" chain.*sharedTrust: true$/,
    ) as string;
    expect(await errorsOf()).toContainEqual(refused);
    file.clusters[0] = { ...file.clusters[0], sharedTrust: true };
    expect(await errorsOf()).toContainEqual(refused);
    file.clusters[1] = { ...file.clusters[1], sharedTrust: true };
    expect(await errorsOf()).toEqual([]);
  });

  it('is none where each has a CA of its own', async () => {
    const { file, write } = installation;
    const ca = makeCa('prod');
    write('prod.crt', ca.pem);
    write('prod.key', ca.key.pem);
    file.clusters.push({ name: 'prod', ...server, signer: { localCA: { certFile: 'prod.crt', keyFile: 'prod.key' } } });
    expect(await errorsOf()).toEqual([]);
  });
});
