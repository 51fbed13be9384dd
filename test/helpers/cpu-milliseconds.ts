/**
 * The CPU time of this process so far. Tests that share the machine measure bounds by it, because a clock on the wall
 * also counts the work of others.
 */
export function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
