#include "COpenSSL.h"

// By default the library takes itself apart in exit(), while other threads may still compute: what they call then fails.
// The first call in the process decides; libcurl and libpq make theirs later.
__attribute__((constructor)) static void verbatim_prepare_openssl(void) {
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}
