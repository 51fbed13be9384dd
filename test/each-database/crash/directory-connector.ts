import type { Principal } from '../../../src/model/principal.js';

export const connector: Principal = {
  ...{ name: 'connector', groups: [], roles: ['directory'], createdBy: [], method: 'api-token' },
  ...{ credentialId: 'connector', expiresAt: null, cluster: null },
};
