/** Acts with the texts of the draft; throws `ProblemError` unless that is shown at the texts. */
export type Attempt = (act: (policies: string[]) => Promise<unknown>) => Promise<void>;
