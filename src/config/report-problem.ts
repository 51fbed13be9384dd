/** Records a problem of a setting: its place, and a message. Reading goes on, so that all problems are reported at once. */
export type ReportProblem = (place: string, message: string) => void;
