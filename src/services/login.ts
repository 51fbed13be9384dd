import type { LoginAttempt, LoginBegun, LoginFinished } from '../model/login.js';

/** How people sign in with their browsers. */
export interface LoginService {
  /** The names of the issuers by which they do. */
  readonly issuers: readonly string[];
  /** `issuer`: one of them. `returnTo`: where the browser goes when it is signed in, a path of this service. */
  begin(issuer: string, returnTo: string): Promise<LoginBegun>;
  /** `query`: that of the address to which the identity provider sent the browser. */
  finish(attempt: LoginAttempt, query: string): Promise<LoginFinished>;
}
