/*
 * hash.c - the module `hash`: digests of strings and bytes. See bindings/api/hash.lua.
 */
#include <lauxlib.h>

#include "bindings/arguments.h"
#include "bindings/bindings.h"
#include "bindings/bytes.h"
#include "bindings/crc.h"
#include "bindings/digest.h"
#include "host/raise.h"

enum encoding { ENCODING_HEX, ENCODING_BASE64, ENCODING_RAW };

static const char *const encodings[] = {"hex", "base64", "raw", NULL};

struct text {
    const char *data;
    size_t length;
};

struct options {
    int encoding;
    struct text key, text; /* hmac_sha256 */
};

static const struct argument digest_fields[] = {
    {"encoding", ARGUMENT_CHOICE, offsetof(struct options, encoding), .choices = encodings},
    {.name = NULL},
};

static const struct argument hmac_fields[] = {
    {"key", ARGUMENT_TEXT, offsetof(struct options, key), .required = true},
    {"text", ARGUMENT_BYTES, offsetof(struct options, text), .required = true},
    {"encoding", ARGUMENT_CHOICE, offsetof(struct options, encoding), .choices = encodings},
    {.name = NULL},
};

static size_t encode_base64(const unsigned char *bytes, size_t length, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t used = 0;
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        unsigned group = (unsigned)bytes[i] << 16;
        group |= left > 1 ? (unsigned)bytes[i + 1] << 8 : 0;
        group |= left > 2 ? bytes[i + 2] : 0;
        out[used++] = digits[group >> 18];
        out[used++] = digits[group >> 12 & 63];
        out[used++] = '=';
        out[used++] = '=';
        if (left > 1) {
            out[used - 2] = digits[group >> 6 & 63];
        }
        if (left > 2) {
            out[used - 1] = digits[group & 63];
        }
    }
    return used;
}

static int push_encoded(lua_State *L, const unsigned char *bytes, size_t length, int encoding)
{
    char text[2 * DIGEST_MAX + 1];
    switch ((enum encoding)encoding) {
    case ENCODING_HEX:
        digest_hex(bytes, length, text);
        lua_pushlstring(L, text, 2 * length);
        break;
    case ENCODING_BASE64:
        lua_pushlstring(L, text, encode_base64(bytes, length, text));
        break;
    case ENCODING_RAW:
        lua_pushlstring(L, (const char *)bytes, length);
        break;
    }
    return 1;
}

static const char *check_text(lua_State *L, size_t *length)
{
    const char *text;
    if (!bytes_read(L, 1, &text, length)) {
        (void)luaL_typeerror(L, 1, "string or bytes");
    }
    return text;
}

static int read_encoding(lua_State *L, const char *function)
{
    struct options options = {.encoding = ENCODING_HEX};
    if (!lua_isnoneornil(L, 2)) {
        arguments_read(L, 2, function, digest_fields, &options, 0);
    }
    return options.encoding;
}

static int push_digest(lua_State *L, enum digest_kind kind, const char *function)
{
    size_t length;
    const char *text = check_text(L, &length);
    int encoding = read_encoding(L, function);
    unsigned char digest[DIGEST_MAX];
    size_t digest_length;
    struct error err;
    if (!digest_compute(kind, text, length, digest, &digest_length, &err)) {
        raise_error(L, &err);
    }
    return push_encoded(L, digest, digest_length, encoding);
}

/* hash.sha256(text [, {encoding=}]) */
static int sha256(lua_State *L)
{
    return push_digest(L, DIGEST_SHA256, "sha256");
}

/* hash.sha1(text [, {encoding=}]) */
static int sha1(lua_State *L)
{
    return push_digest(L, DIGEST_SHA1, "sha1");
}

/* hash.md5(text [, {encoding=}]) */
static int md5(lua_State *L)
{
    return push_digest(L, DIGEST_MD5, "md5");
}

/* hash.crc32(text [, {encoding=}]): the four bytes of the checksum, highest first. */
static int crc32(lua_State *L)
{
    size_t length;
    const char *text = check_text(L, &length);
    int encoding = read_encoding(L, "crc32");
    uint32_t crc = (uint32_t)crc_update(CRC_32, 0, text, length);
    const unsigned char bytes[] = {(unsigned char)(crc >> 24), (unsigned char)(crc >> 16),
                                   (unsigned char)(crc >> 8), (unsigned char)crc};
    return push_encoded(L, bytes, sizeof bytes, encoding);
}

/* hash.hmac_sha256{key=, text=, encoding=} */
static int hmac_sha256(lua_State *L)
{
    struct options options = {.encoding = ENCODING_HEX};
    arguments_read(L, 1, "hmac_sha256", hmac_fields, &options, 0);
    unsigned char digest[DIGEST_MAX];
    size_t length;
    struct error err;
    if (!digest_hmac(DIGEST_SHA256, options.key.data, options.key.length, options.text.data,
                     options.text.length, digest, &length, &err)) {
        raise_error(L, &err);
    }
    return push_encoded(L, digest, length, options.encoding);
}

static const luaL_Reg functions[] = {
    {"sha256", sha256},           {"sha1", sha1}, {"md5", md5}, {"crc32", crc32},
    {"hmac_sha256", hmac_sha256}, {NULL, NULL},
};

int luaopen_hash(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
