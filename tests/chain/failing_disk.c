/* A disk that fails at a call of choice. Loaded before the C library (LD_PRELOAD); `disk_fails` sets when and how, and
 * `disk_calls` tells how many calls there have been since. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

enum { NOT_DONE = 0, HALF_DONE = 1, DONE = 2 };

static long calls, fails_at;
static int fails_with, how, for_ever;

/* From now on the `at`th call (1 is the next) fails with an error number, and with `ever` all after it: nothing is done, half
 * of what is to be written is (and that is told, as a short count), or all of it is and only the answer is an error. */
void disk_fails(long at, int error, int way, int ever) { calls = 0; fails_at = at; fails_with = error; how = way; for_ever = ever; }

long disk_calls(void) { return calls; }

static int fails(void) {
    calls++;
    return fails_at && (calls == fails_at || (for_ever && calls > fails_at));
}

#define REAL(name) __typeof__(name) *real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define SYNC(name)                                                                                                             \
    int name(int file) {                                                                                                       \
        REAL(name);                                                                                                            \
        if (!fails()) return real(file);                                                                                       \
        if (how == DONE) real(file);                                                                                           \
        errno = fails_with;                                                                                                    \
        return -1;                                                                                                             \
    }

#define WRITE(name, offset_type)                                                                                               \
    ssize_t name(int file, const void *data, size_t size, offset_type at) {                                                    \
        REAL(name);                                                                                                            \
        if (!fails()) return real(file, data, size, at);                                                                       \
        if (how == HALF_DONE && size > 1) return real(file, data, size / 2, at);                                               \
        if (how == DONE) real(file, data, size, at);                                                                           \
        errno = fails_with;                                                                                                    \
        return -1;                                                                                                             \
    }

#define WRITE_MANY(name, offset_type)                                                                                          \
    ssize_t name(int file, const struct iovec *parts, int count, offset_type at) {                                             \
        REAL(name);                                                                                                            \
        if (!fails()) return real(file, parts, count, at);                                                                     \
        if (how == HALF_DONE && count > 1) return real(file, parts, count / 2, at);                                            \
        if (how == DONE) real(file, parts, count, at);                                                                         \
        errno = fails_with;                                                                                                    \
        return -1;                                                                                                             \
    }

SYNC(fsync)
SYNC(fdatasync)
WRITE(pwrite, off_t)
WRITE(pwrite64, off64_t)
WRITE_MANY(pwritev, off_t)
WRITE_MANY(pwritev64, off64_t)

ssize_t writev(int file, const struct iovec *parts, int count) {
    REAL(writev);
    if (!fails()) return real(file, parts, count);
    if (how == HALF_DONE && count > 1) return real(file, parts, count / 2);
    if (how == DONE) real(file, parts, count);
    errno = fails_with;
    return -1;
}

int msync(void *start, size_t size, int flags) {
    int (*real)(void *, size_t, int) = (int (*)(void *, size_t, int))dlsym(RTLD_NEXT, "msync");
    if (!fails()) return real(start, size, flags);
    if (how == DONE) real(start, size, flags);
    errno = fails_with;
    return -1;
}
