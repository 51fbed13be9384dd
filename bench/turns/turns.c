/*
 * A library to preload into a service under bench (Linux). It measures how long a thread keeps its event loop from going on,
 * and how long it waits for the disk:
 *
 *   turn   from the return of one epoll_pwait to the call of the next one. libuv makes that call once in each turn of a loop.
 *   sync   one fsync or fdatasync.
 *
 * Each that takes at least a millisecond is a line of the file in BENCH_TURNS. A turn counts the processor time of
 * its thread, so other work of the machine does not lengthen it; a sync counts the clock, because it mostly waits. A line has
 * the kind, the time of its end on the monotonic clock, its length, both in milliseconds, and the name of the thread.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static const double least_milliseconds = 1;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int file = -1;
static int (*real_epoll_pwait)(int, struct epoll_event *, int, int, const sigset_t *);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);

/* Processor time of the thread at the begin of its turn; negative before its first one. */
static __thread double turn_began = -1;

static void prepare(void) {
  const char *path = getenv("BENCH_TURNS");
  if (path != NULL) file = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  real_epoll_pwait = dlsym(RTLD_NEXT, "epoll_pwait");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
}

static double milliseconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static void note(const char *kind, double length) {
  char name[16] = "", line[128];
  if (file < 0 || length < least_milliseconds) return;
  prctl(PR_GET_NAME, name);
  int octets = snprintf(line, sizeof line, "%s %.3f %.3f %s\n", kind, milliseconds(CLOCK_MONOTONIC), length, name);
  /* One write to a file that is open for appending, so the lines of two threads do not mix. */
  if (write(file, line, octets) != octets) abort(); /* A lost line would make the figures too good. */
}

int epoll_pwait(int epoll, struct epoll_event *events, int most, int timeout, const sigset_t *signals) {
  pthread_once(&once, prepare);
  if (turn_began >= 0) note("turn", milliseconds(CLOCK_THREAD_CPUTIME_ID) - turn_began);
  int result = real_epoll_pwait(epoll, events, most, timeout, signals);
  turn_began = milliseconds(CLOCK_THREAD_CPUTIME_ID);
  return result;
}

static int timed(int (**sync)(int), int descriptor) {
  pthread_once(&once, prepare);
  double began = milliseconds(CLOCK_MONOTONIC);
  int result = (*sync)(descriptor);
  note("sync", milliseconds(CLOCK_MONOTONIC) - began);
  return result;
}

int fsync(int descriptor) { return timed(&real_fsync, descriptor); }

int fdatasync(int descriptor) { return timed(&real_fdatasync, descriptor); }
