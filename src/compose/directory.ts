import { directoryUserService, scimService } from '../issuance/directory/directory-service.js';
import type { IssuanceContext } from '../issuance/context.js';
import type { Services } from '../services/services.js';

export const directoryServices = (
  context: IssuanceContext,
  budgets: Services['budgets'],
): Pick<Services, 'scim' | 'directoryUsers'> => ({
  scim: scimService(context, budgets),
  directoryUsers: directoryUserService(context),
});
