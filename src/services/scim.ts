import type {
  DirectoryGroup,
  DirectoryGroupAttributes,
  DirectoryMember,
  DirectoryOutcome,
  DirectoryPage,
  DirectoryRange,
  DirectoryUser,
  DirectoryUserAttributes,
  GroupCondition,
  MembershipChange,
  UserCondition,
} from '../model/directory.js';
import type { Principal } from '../model/principal.js';

/** The directory, as its connector changes it over SCIM. The routes let nobody else in. */
export interface ScimService {
  /** How others reach the service; null where that is not known. */
  readonly address: string | null;
  user(id: string): Promise<DirectoryOutcome<DirectoryUser>>;
  users(conditions: readonly UserCondition[], range: DirectoryRange): Promise<DirectoryPage<DirectoryUser>>;
  /** Somebody who left and comes back under the same `externalId` is changed, not made. */
  createUser(principal: Principal, attributes: DirectoryUserAttributes): Promise<DirectoryOutcome<DirectoryUser>>;
  /** `version` null: whichever there is. `change` may throw. */
  changeUser(
    principal: Principal,
    id: string,
    version: number | null,
    change: (before: DirectoryUserAttributes) => DirectoryUserAttributes,
  ): Promise<DirectoryOutcome<DirectoryUser>>;
  deleteUser(principal: Principal, id: string, version: number | null): Promise<DirectoryOutcome<null>>;
  group(id: string): Promise<DirectoryOutcome<DirectoryGroup>>;
  groups(conditions: readonly GroupCondition[], range: DirectoryRange): Promise<DirectoryPage<DirectoryGroup>>;
  /** The first members of a group. */
  members(groupId: string, limit: number): Promise<readonly DirectoryMember[]>;
  createGroup(
    principal: Principal,
    attributes: DirectoryGroupAttributes,
    members: readonly string[],
  ): Promise<DirectoryOutcome<DirectoryGroup>>;
  changeGroup(
    principal: Principal,
    id: string,
    version: number | null,
    change: {
      readonly attributes: Partial<DirectoryGroupAttributes>;
      readonly members: readonly MembershipChange[];
    },
  ): Promise<DirectoryOutcome<DirectoryGroup>>;
  deleteGroup(principal: Principal, id: string, version: number | null): Promise<DirectoryOutcome<null>>;
}
