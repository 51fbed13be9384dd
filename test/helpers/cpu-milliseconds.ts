/**
 * CPU time of this process so far. What is bounded is measured by it where a test may share the machine: a clock on the
 * wall also counts what others do.
 */
export function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
