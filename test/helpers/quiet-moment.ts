/**
 * A moment in which something could happen that must not. A slow machine can let such a test pass, and never makes it
 * fail; what must happen is waited for with `expect.poll`.
 */
export const quietMoment = (milliseconds = 100): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
