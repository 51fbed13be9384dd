import type { DirectoryGroup } from '../../model/directory.js';
import type { IssuanceContext } from '../context.js';

/** The name by which policies know a group; null where it has none. */
export const policyNameOf = ({ directory }: Pick<IssuanceContext, 'directory'>, group: DirectoryGroup): string | null =>
  group[directory.groupsBy];
