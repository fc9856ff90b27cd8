#pragma once
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

// In C, because prctl is variadic and Swift cannot call it. Returns 0, or -1 with errno set.
static inline int verbatim_hide_memory(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

// Names the calling thread; 15 bytes of it are kept.
static inline void verbatim_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

// In C, because the type of RLIMIT_NOFILE differs between C libraries and Swift would have to name it. Returns 0, or -1 with
// errno set.
static inline int verbatim_open_files(rlim_t *soft, rlim_t *hard) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    *soft = limit.rlim_cur;
    *hard = limit.rlim_max;
    return 0;
}

static inline int verbatim_raise_open_files(rlim_t soft) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    limit.rlim_cur = soft;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

// In C, because the header declares it for GNU programs alone. 2 is SYNC_FILE_RANGE_WRITE.
int sync_file_range(int descriptor, long long offset, long long bytes, unsigned int flags);
static inline void verbatim_begin_writeback(int descriptor, long long offset, long long bytes) {
    (void)sync_file_range(descriptor, offset, bytes, 2);
}

// In C, because Swift does not import malloc.h. At most so many pools of memory; what is at least as large as `block` is returned when it is
// freed, and the end of a pool when it is as large as `end`. Setting the sizes also keeps the C library from raising them.
static inline void verbatim_return_memory(int pools, int block, int end) {
    mallopt(M_ARENA_MAX, pools);
    mallopt(M_MMAP_THRESHOLD, block);
    mallopt(M_TRIM_THRESHOLD, end);
}
