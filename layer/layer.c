/*
 * layer.c - keeps a static executable from loading libraries of the system that it finds itself on.
 * Called by main.c when the program was built as the Lambda layer (layer/Makefile).
 */
#include "layer/layer.h"

#include <dlfcn.h>
#include <nss.h>
#include <openssl/crypto.h>
#include <stddef.h>
#include <stdlib.h>

/*
 * A static glibc has the name services `files` and `dns` built in, and opens a library for any
 * other that the system's nsswitch.conf names. That library brings the system's own libc along, and
 * the process aborts: on some systems at once, on others with the first name that isn't found.
 */
static void choose_name_services(void)
{
    static const char *const databases[] = {"passwd",   "group",     "services",
                                            "networks", "protocols", "ethers"};
    (void)__nss_configure_lookup("hosts", "files dns");
    for (size_t i = 0; i < sizeof databases / sizeof *databases; i++) {
        (void)__nss_configure_lookup(databases[i], "files");
    }
}

void layer_start(void)
{
    choose_name_services();
    /* OpenSSL's configuration could name a library to load; GraphicsMagick's, files to write. */
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    (void)unsetenv("MAGICK_CONFIGURE_PATH");
}

/*
 * What Lua (package.loadlib) and OpenSSL (engines, providers) would open libraries with. These take
 * the place of the C library's own, which would load a second libc into the process.
 */
void *dlopen(const char *file, int mode)
{
    (void)file;
    (void)mode;
    return NULL;
}

void *dlsym(void *restrict handle, const char *restrict name)
{
    (void)handle;
    (void)name;
    return NULL;
}

int dlclose(void *handle)
{
    (void)handle;
    return -1;
}

char *dlerror(void)
{
    static char message[] = "native modules can't be loaded: the program is static";
    return message;
}
