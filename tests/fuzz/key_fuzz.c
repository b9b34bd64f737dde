/*
 * key_fuzz.c - any S3 key into a file name: it must stay inside the folder and be one that a file
 * system takes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/local/key.h"
#include "bindings/s3_store.h"
#include "host/utf8.h"

#define SEGMENT_MAX 255 /* what Linux file systems take */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void require(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void check_segment(const char *segment, size_t length)
{
    require(length > 0 && length <= SEGMENT_MAX && segment[0] != '.');
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)segment[i];
        require(byte >= 0x20 && byte != 0x7F && byte != '\\');
    }
}

static void check_path(const char *path, size_t length)
{
    require(length > 0 && length <= KEY_PATH_MAX + SEGMENT_MAX && utf8_valid(path, length));
    const char *segment = path;
    for (;;) {
        const char *slash = strchr(segment, '/');
        check_segment(segment, slash == NULL ? strlen(segment) : (size_t)(slash - segment));
        if (slash == NULL) {
            break;
        }
        segment = slash + 1;
    }
    require(key_is_file_name(segment));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (length == 0 || length > S3_KEY_MAX || !utf8_valid((const char *)bytes, length) ||
        memchr(bytes, 0, length) != NULL) {
        return 0;
    }
    struct buffer path;
    struct error err;
    buffer_init(&path, 8192);
    require(key_file_name((const char *)bytes, length, "0123abcd", &path, &err));
    check_path(path.data, path.length);
    buffer_release(&path);
    return 0;
}
