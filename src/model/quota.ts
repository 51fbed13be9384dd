/** How much a policy gives out on one cluster; a bound that is left out does not exist. */
export interface Quota {
  /** Certificates at once. */
  readonly livePerUsername?: number;
  readonly livePerGroup?: number;
  readonly livePerRequester?: number;
  /** To one requester. */
  readonly issuancesPerHour?: number;
}

/** What a quota counts on one cluster: valid certificates, and requests that are approved or being issued. */
export type QuotaLimit =
  | { readonly kind: 'livePerUsername'; readonly cluster: string; readonly username: string }
  | { readonly kind: 'livePerGroup'; readonly cluster: string; readonly group: string }
  | { readonly kind: 'livePerRequester'; readonly cluster: string; readonly requester: string }
  /** Issued since `now` less an hour, and on their way. */
  | { readonly kind: 'issuancesPerHour'; readonly cluster: string; readonly requester: string };
