// Tests src/signing/cluster-issuers.ts
import { expect, it } from 'vitest';
import { issuerStates } from '../../../src/model/issuer.js';
import { ClusterIssuers } from '../../../src/signing/cluster-issuers.js';

it.each(issuerStates)(
  'client CAs are known without an issuer that is %s and not loaded, unless its certificates work',
  (state) => {
    const issuers = new ClusterIssuers('prod', [], () => Promise.resolve([]));
    const recorded = { cluster: 'prod', name: 'users', spkiSha256: '00', fingerprints: [], probe: null } as const;
    issuers.know([{ ...recorded, state, since: new Date(0) }]);
    const ask = () => issuers.requireServed();
    if (state === 'active' || state === 'retiring')
      expect(ask).toThrow(`issuer "users" of cluster "prod" is ${state}, and this process has not loaded it`);
    else expect(ask).not.toThrow();
  },
);
