/** The time since `began`, an instant of `performance.now()`. */
export const secondsSince = (began: number): number => (performance.now() - began) / 1000;
