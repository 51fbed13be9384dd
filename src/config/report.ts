/** Notes what is wrong with a setting: where it stands, and what. Reading goes on, so that all is told at once. */
export type Report = (place: string, message: string) => void;
