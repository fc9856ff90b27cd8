#pragma once
#include <libpq-fe.h>
#include <sys/prctl.h>

// libpq's field codes are character macros, which Swift does not import.
enum {
    CPG_SQLSTATE = PG_DIAG_SQLSTATE,
    CPG_MESSAGE_PRIMARY = PG_DIAG_MESSAGE_PRIMARY,
    CPG_TABLE_NAME = PG_DIAG_TABLE_NAME,
    CPG_CONSTRAINT_NAME = PG_DIAG_CONSTRAINT_NAME,
    CPG_SOURCE_FUNCTION = PG_DIAG_SOURCE_FUNCTION,
};

// prctl takes a variable number of arguments, which Swift cannot call. Names the calling thread.
static inline void cpg_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
