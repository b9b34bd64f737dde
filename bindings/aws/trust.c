/*
 * trust.c - finds the file of trusted certificates. Called by whatever opens connections to AWS.
 */
#include "bindings/aws/trust.h"

#include <stddef.h>
#include <unistd.h>

#include "host/env.h"

/* curl's built-in path is Debian's, and not there on Amazon Linux. */
const char *trust_file(void)
{
    static const char *const places[] = {"/etc/pki/tls/certs/ca-bundle.crt",
                                         "/etc/ssl/certs/ca-certificates.crt"};
    const char *given = env_text("AWS_CA_BUNDLE", env_text("SSL_CERT_FILE", NULL));
    for (size_t i = 0; given == NULL && i < sizeof places / sizeof *places; i++) {
        given = access(places[i], R_OK) == 0 ? places[i] : NULL;
    }
    return given;
}
