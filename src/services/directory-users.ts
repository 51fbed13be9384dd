import type { ListedCertificate } from '../model/certificate.js';
import type { DirectoryGroup, DirectoryUser } from '../model/directory.js';
import type { ResidualExposure } from '../model/identity.js';
import type { Outcome } from '../model/outcome.js';
import type { Page, PageQuery } from '../model/page.js';
import type { ApiToken, Principal } from '../model/principal.js';

/** A person in the directory. */
export interface DirectoryUserView {
  readonly user: DirectoryUser;
  readonly groups: readonly DirectoryGroup[];
  /** Why the person is nobody's username; null where they are. */
  readonly whyNoUsername: string | null;
}

export interface DirectoryUserDetails extends DirectoryUserView {
  /** Live certificates with groups that only the directory gives, and gives to this person no longer. */
  readonly lostGroups: readonly {
    readonly cluster: string;
    readonly fingerprintSha256: string;
    readonly groups: readonly string[];
  }[];
  readonly consequences: {
    /** Ids; the first ones. */
    readonly cancelledRequests: readonly string[];
    readonly revokedTokens: readonly string[];
    /** Tokens in the person's name that go on: without them no admin would be left. */
    readonly keptTokens: readonly string[];
    readonly tokensMade: readonly ApiToken[];
    readonly requestedForOthers: readonly ListedCertificate[];
    readonly residualExposure: readonly ResidualExposure[];
  };
}

/** The people in the directory, for people. */
export interface DirectoryUserService {
  /** Listed ones, oldest first. */
  list(
    principal: Principal,
    filter: { readonly active?: boolean; readonly userName?: string; readonly username?: string },
    page: PageQuery,
  ): Promise<Outcome<Page<DirectoryUserView>>>;
  /** One who was deleted too. */
  find(principal: Principal, id: string): Promise<Outcome<DirectoryUserDetails>>;
  /** Says of a user whose name was somebody else's that the name is theirs now. */
  confirm(principal: Principal, id: string): Promise<Outcome<DirectoryUserDetails>>;
}
