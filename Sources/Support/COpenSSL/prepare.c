#include "COpenSSL.h"

// By default, OpenSSL frees its state in exit(), although other threads may still use it. The first call in the process decides; libcurl and
// libpq make theirs later.
__attribute__((constructor)) static void verbatim_prepare_openssl(void) {
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}
