/* What a test breaks under a program: loaded before it, this reads the orders of the test from a file that both have mapped
 * and obeys them for one SQLite database with its log ("-wal") and its shared memory ("-shm"), and for the clock.
 *
 * FAULT_FILE     the database
 * FAULT_ORDERS   the orders: struct orders below, written by the test while the program runs
 *
 * It changes nothing unless it is told to. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { WHOLE, FULL, READ_ONLY, NO_SYNC };

struct orders {
    /* WHOLE and so on. */
    volatile int64_t disk;
    /* At which change of the files, counted from one, the program is killed, before it is made; zero is never. */
    volatile int64_t kill_at;
    /* The changes so far. */
    volatile int64_t changes;
    /* By how much the clock is ahead. Milliseconds. */
    volatile int64_t ahead;
};

static struct orders *orders;

/* Before anything of the program runs, and before it has threads. */
__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULT_ORDERS");
    int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *mapped = mmap(NULL, sizeof *orders, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped != MAP_FAILED) orders = mapped;
    syscall(SYS_close, fd);
}

static int is_ours(int fd) {
    char link[64], path[4096];
    struct stat stat;
    const char *database = getenv("FAULT_FILE");
    if (!orders || !database || fd < 0 || fstat(fd, &stat) || !S_ISREG(stat.st_mode)) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    size_t begin = strlen(database);
    const char *end = path + begin;
    return !strncmp(path, database, begin) && (!*end || !strcmp(end, "-wal") || !strcmp(end, "-shm"));
}

/* Counts a change, and says with what it fails. */
static int refused(int fd, int is_sync) {
    if (!is_ours(fd)) return 0;
    if (__sync_add_and_fetch(&orders->changes, 1) == orders->kill_at) kill(getpid(), SIGKILL);
    switch (orders->disk) {
    case FULL: return is_sync ? 0 : ENOSPC;
    case READ_ONLY: return is_sync ? 0 : EROFS;
    case NO_SYNC: return is_sync ? EIO : 0;
    default: return 0;
    }
}

static int fails(int error) {
    errno = error;
    return error ? -1 : 0;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    int error = refused(fd, 0);
    return error ? fails(error) : syscall(SYS_pwrite64, fd, bytes, length, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) { return pwrite(fd, bytes, length, offset); }

ssize_t write(int fd, const void *bytes, size_t length) {
    int error = refused(fd, 0);
    return error ? fails(error) : syscall(SYS_write, fd, bytes, length);
}

int ftruncate(int fd, off_t length) {
    int error = refused(fd, 0);
    return error ? fails(error) : (int)syscall(SYS_ftruncate, fd, length);
}

int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }

int fsync(int fd) {
    int error = refused(fd, 1);
    return error ? fails(error) : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
    int error = refused(fd, 1);
    return error ? fails(error) : (int)syscall(SYS_fdatasync, fd);
}

int clock_gettime(clockid_t which, struct timespec *told) {
    int outcome = (int)syscall(SYS_clock_gettime, which, told);
    if (outcome == 0 && orders && which == CLOCK_REALTIME) {
        int64_t ahead = orders->ahead;
        told->tv_sec += ahead / 1000;
        told->tv_nsec += ahead % 1000 * 1000000;
        if (told->tv_nsec >= 1000000000) told->tv_sec++, told->tv_nsec -= 1000000000;
        if (told->tv_nsec < 0) told->tv_sec--, told->tv_nsec += 1000000000;
    }
    return outcome;
}
