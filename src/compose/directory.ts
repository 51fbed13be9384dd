import type { Config } from '../config/config.js';
import { DirectoryUse } from '../issuance/directory/directory-use.js';
import { directoryUserService, scimService } from '../issuance/directory/directory-service.js';
import type { IssuanceContext } from '../issuance/context.js';
import type { Services } from '../services.js';
import type { Store } from '../store/store.js';

/** The directory's part of the context of use cases. */
export const openDirectory = (
  { directory }: Config,
  store: Store,
): Pick<IssuanceContext, 'directory' | 'directoryUse'> => ({
  directory,
  directoryUse: new DirectoryUse(() => store.directory.isInUse()),
});

export const directoryServices = (context: IssuanceContext): Pick<Services, 'scim' | 'directoryUsers'> => ({
  scim: scimService(context),
  directoryUsers: directoryUserService(context),
});
