#pragma once
#include <sys/prctl.h>

// prctl takes a variable number of arguments, which Swift cannot call. 0, or -1 with errno set.
static inline int verbatim_hide_memory(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
