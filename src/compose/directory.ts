import type { DirectoryUse } from '../issuance/directory/directory-use.js';
import { directoryUserService, scimService } from '../issuance/directory/directory-service.js';
import type { IssuanceContext } from '../issuance/context.js';
import type { Services } from '../services.js';
import type { Writer } from '../store/step.js';

export const directoryServices = (context: IssuanceContext): Pick<Services, 'scim' | 'directoryUsers'> => ({
  scim: scimService(context),
  directoryUsers: directoryUserService(context),
});

/**
 * A writer that calls `forget` with each API token of somebody who left, and tells `use` of each change of a user, before the
 * commit is answered.
 */
export const forgettingLeavers = (
  writer: Writer,
  use: Pick<DirectoryUse, 'changed'>,
  forget: (tokenId: string) => void,
): Writer => ({
  async commit(step) {
    const changes = step.operations.some(({ op }) => op === 'insertDirectoryUser' || op === 'updateDirectoryUser');
    try {
      const result = await writer.commit(step);
      if (result.committed)
        for (const operation of step.operations) if (operation.op === 'revokeTokenOfLeaver') forget(operation.id);
      return result;
    } finally {
      // A commit without an answer may have been made.
      if (changes) use.changed();
    }
  },
});
