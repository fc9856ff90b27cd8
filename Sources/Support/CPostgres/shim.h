#pragma once
#include <libpq-fe.h>

// libpq's field codes are character macros, which Swift does not import.
enum {
    CPG_SQLSTATE = PG_DIAG_SQLSTATE,
    CPG_MESSAGE_PRIMARY = PG_DIAG_MESSAGE_PRIMARY,
    CPG_TABLE_NAME = PG_DIAG_TABLE_NAME,
    CPG_CONSTRAINT_NAME = PG_DIAG_CONSTRAINT_NAME,
    CPG_SOURCE_FUNCTION = PG_DIAG_SOURCE_FUNCTION,
};
