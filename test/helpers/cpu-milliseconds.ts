/**
 * The CPU time of this thread so far. Tests that share the machine measure bounds by it, because a clock on the wall
 * also counts the work of others, and the CPU time of the process that of threads which an earlier file has left.
 */
export function cpuMilliseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
