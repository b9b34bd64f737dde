/*
 * trust.c - finds the file of trusted certificates. Called by whatever opens connections to AWS.
 */
#include "bindings/aws/trust.h"

#include <stddef.h>
#include <unistd.h>

#include "host/env.h"

/*
 * curl's built-in path is Debian's, and not there on Amazon Linux. In the layer it is the layer's
 * own folder, and comes first: of a folder only the certificate that is asked for is read, while a
 * file of all of them takes 20 ms, and ten times that in a small function.
 */
const char *trust_file(void)
{
    static const char *const places[] = {"/etc/pki/tls/certs/ca-bundle.crt",
                                         "/etc/ssl/certs/ca-certificates.crt"};
    const char *given = env_text("AWS_CA_BUNDLE", env_text("SSL_CERT_FILE", NULL));
#ifdef LUNETTE_CA_FOLDER
    if (given == NULL && access(LUNETTE_CA_FOLDER, R_OK) == 0) {
        return NULL;
    }
#endif
    for (size_t i = 0; given == NULL && i < sizeof places / sizeof *places; i++) {
        given = access(places[i], R_OK) == 0 ? places[i] : NULL;
    }
    return given;
}
