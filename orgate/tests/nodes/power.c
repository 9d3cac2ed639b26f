/* A disk that forgets: loaded before the program under test, it notes every write to one SQLite database and its log, with
 * what was there before, and every sync. From these notes a test takes back what no sync had made sure of, as a power cut
 * does. It never waits for a real disk.
 *
 * POWER_FILE     the database; "-wal" behind it is its log
 * POWER_NOTES    where the notes go
 * POWER_DEAF     set: syncs of the log are not heeded until the database itself is written, which is what SQLite does by
 *                synchronous=NORMAL
 *
 * A note: kind ('W' write, 'T' truncate, 'S' sync), file (0 database, 1 log), then offset, size of the file before, number of
 * bytes before, number of bytes after, 64 bits each, then these bytes. It is written before what it notes is done. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DATABASE, LOG, OTHER };
enum { SYNC_MICROSECONDS = 3000 };

struct note {
    uint8_t kind, file;
    uint64_t offset, size, before, after;
} __attribute__((packed));

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int notes = -1;
static int unheeded;

static void die(const char *what) {
    perror(what);
    abort();
}

static int file_of(int fd) {
    char link[64], path[4096], log[4096];
    struct stat stat;
    const char *database = getenv("POWER_FILE");
    if (!database || fd < 0 || fstat(fd, &stat) || !S_ISREG(stat.st_mode)) return OTHER;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return OTHER;
    path[length] = 0;
    snprintf(log, sizeof log, "%s-wal", database);
    return !strcmp(path, database) ? DATABASE : !strcmp(path, log) ? LOG : OTHER;
}

/* By the system call itself, for write() is ours. */
static void put(const void *bytes, size_t length) {
    for (const char *rest = bytes; length;) {
        long written = syscall(SYS_write, notes, rest, length);
        if (written < 0) die("power: notes");
        rest += written;
        length -= (size_t)written;
    }
}

static void put_note(char kind, int file, int fd, uint64_t offset, uint64_t before, const void *bytes, uint64_t after) {
    struct stat stat;
    if (notes < 0 && (notes = open(getenv("POWER_NOTES"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) < 0)
        die("power: notes");
    if (fstat(fd, &stat)) die("power: size");
    uint64_t size = (uint64_t)stat.st_size;
    uint64_t there = offset < size ? size - offset : 0;
    struct note note = {(uint8_t)kind, (uint8_t)file, offset, size, before < there ? before : there, after};
    put(&note, sizeof note);
    char *old = malloc(note.before + 1);
    if (!old || pread(fd, old, note.before, (off_t)offset) != (ssize_t)note.before) die("power: before");
    put(old, note.before);
    put(bytes, after);
    free(old);
}

static void put_sync(int file, int fd) { put_note('S', file, fd, 0, 0, "", 0); }

static ssize_t noted_write(int fd, int file, const void *bytes, size_t length, off_t offset) {
    pthread_mutex_lock(&lock);
    if (file == DATABASE && unheeded) {
        /* The log was synced before the database was written, by synchronous=NORMAL too. The descriptor serves for a size
         * that nobody reads. */
        put_sync(LOG, fd);
        unheeded = 0;
    }
    put_note('W', file, fd, (uint64_t)offset, length, bytes, length);
    ssize_t written = syscall(SYS_pwrite64, fd, bytes, length, offset);
    if (written >= 0 && (size_t)written != length) die("power: a short write");
    pthread_mutex_unlock(&lock);
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    int file = file_of(fd);
    if (file == OTHER) return syscall(SYS_pwrite64, fd, bytes, length, offset);
    return noted_write(fd, file, bytes, length, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) { return pwrite(fd, bytes, length, offset); }

ssize_t write(int fd, const void *bytes, size_t length) {
    int file = file_of(fd);
    if (file == OTHER) return syscall(SYS_write, fd, bytes, length);
    off_t offset = lseek(fd, 0, SEEK_CUR);
    ssize_t written = noted_write(fd, file, bytes, length, offset);
    if (written > 0) lseek(fd, offset + written, SEEK_SET);
    return written;
}

int ftruncate(int fd, off_t length) {
    int file = file_of(fd);
    if (file == OTHER) return (int)syscall(SYS_ftruncate, fd, length);
    pthread_mutex_lock(&lock);
    put_note('T', file, fd, (uint64_t)length, UINT64_MAX, "", 0);
    int done = (int)syscall(SYS_ftruncate, fd, length);
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }

static int noted_sync(int fd, long number) {
    int file = file_of(fd);
    if (file == OTHER) return (int)syscall(number, fd);
    /* As long as a disk takes, in which the power can fail. */
    usleep(SYNC_MICROSECONDS);
    pthread_mutex_lock(&lock);
    if (file == LOG && getenv("POWER_DEAF"))
        unheeded = 1;
    else
        put_sync(file, fd);
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd) { return noted_sync(fd, SYS_fsync); }
int fdatasync(int fd) { return noted_sync(fd, SYS_fdatasync); }
