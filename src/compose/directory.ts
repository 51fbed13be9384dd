import { directoryUserService, scimService } from '../issuance/directory/directory-service.js';
import type { IssuanceContext } from '../issuance/context.js';
import type { Services } from '../services/services.js';

export const directoryServices = (context: IssuanceContext): Pick<Services, 'scim' | 'directoryUsers'> => ({
  scim: scimService(context),
  directoryUsers: directoryUserService(context),
});
