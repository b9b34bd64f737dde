/*
 * trust.h - whose certificates are trusted.
 */
#ifndef LUNETTE_BINDINGS_AWS_TRUST_H
#define LUNETTE_BINDINGS_AWS_TRUST_H

/* A PEM file: AWS_CA_BUNDLE, else SSL_CERT_FILE, else (but in the layer, when its folder is there)
 * where Amazon Linux or Debian has it. NULL: curl's own. Borrowed until the environment changes. */
const char *trust_file(void);

#endif
