/*
 * uuid.c - the module `uuid`: identifiers by RFC 9562. See bindings/api/uuid.lua.
 */
#include <ctype.h>
#include <lauxlib.h>
#include <string.h>

#include "bindings/arguments.h"
#include "bindings/bindings.h"
#include "bindings/digest.h"
#include "host/loop.h"
#include "host/raise.h"
#include "host/uuid.h"

#define UUID_TEXT (UUID_SIZE - 1)

struct text {
    const char *data;
    size_t length;
};

struct v5_options {
    struct text name, namespace;
};

static const struct argument v5_fields[] = {
    {"name", ARGUMENT_TEXT, offsetof(struct v5_options, name), .required = true},
    {"namespace", ARGUMENT_TEXT, offsetof(struct v5_options, namespace), .required = true},
    {.name = NULL},
};

/* RFC 9562, section 6.6. They differ in one digit. */
static const struct {
    const char *name;
    const char *uuid;
} namespaces[] = {
    {"dns", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"},
    {"url", "6ba7b811-9dad-11d1-80b4-00c04fd430c8"},
    {"oid", "6ba7b812-9dad-11d1-80b4-00c04fd430c8"},
    {"x500", "6ba7b814-9dad-11d1-80b4-00c04fd430c8"},
};

static int push_uuid(lua_State *L, unsigned char uuid[UUID_BYTES], int version)
{
    char text[UUID_SIZE];
    uuid_write(uuid, version, text);
    lua_pushlstring(L, text, UUID_TEXT);
    return 1;
}

static int hex_value(char digit)
{
    return isdigit((unsigned char)digit) ? digit - '0' : tolower((unsigned char)digit) - 'a' + 10;
}

static bool parse_uuid(const char *text, size_t length, unsigned char uuid[UUID_BYTES])
{
    if (length != UUID_TEXT) {
        return false;
    }
    size_t digits = 0;
    for (size_t i = 0; i < length; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash != (text[i] == '-') || (!dash && !isxdigit((unsigned char)text[i]))) {
            return false;
        }
        if (!dash) {
            int high = digits % 2 == 0 ? 0 : uuid[digits / 2] << 4;
            uuid[digits / 2] = (unsigned char)(high | hex_value(text[i]));
            digits++;
        }
    }
    return true;
}

static void fill_random(lua_State *L, unsigned char uuid[UUID_BYTES])
{
    struct error err;
    if (!digest_random(uuid, UUID_BYTES, &err)) {
        raise_error(L, &err);
    }
}

/* uuid.v4() */
static int v4(lua_State *L)
{
    unsigned char uuid[UUID_BYTES];
    fill_random(L, uuid);
    return push_uuid(L, uuid, 4);
}

/* uuid.v7(): 48 bits of milliseconds, then random. */
static int v7(lua_State *L)
{
    unsigned char uuid[UUID_BYTES];
    fill_random(L, uuid);
    uint64_t now_ms = (uint64_t)loop_wall_ms();
    for (int i = 0; i < 6; i++) {
        uuid[i] = (unsigned char)(now_ms >> (40 - 8 * i));
    }
    return push_uuid(L, uuid, 7);
}

static void read_namespace(lua_State *L, const struct text *text, unsigned char uuid[UUID_BYTES])
{
    for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++) {
        if (strcmp(text->data, namespaces[i].name) == 0) {
            (void)parse_uuid(namespaces[i].uuid, UUID_TEXT, uuid);
            return;
        }
    }
    if (!parse_uuid(text->data, text->length, uuid)) {
        arguments_complain(L, 1, "v5",
                           "field 'namespace' is '%.64s', expected a UUID or one of dns, url, oid, "
                           "x500",
                           text->data);
    }
}

/* uuid.v5{name=, namespace=}: SHA-1 of the namespace's bytes and the name. */
static int v5(lua_State *L)
{
    struct v5_options options = {0};
    arguments_read(L, 1, "v5", v5_fields, &options, 0);
    unsigned char namespace[UUID_BYTES];
    read_namespace(L, &options.namespace, namespace);
    lua_pushlstring(L, (const char *)namespace, sizeof namespace);
    lua_pushlstring(L, options.name.data, options.name.length);
    lua_concat(L, 2);
    size_t length;
    const char *hashed = lua_tolstring(L, -1, &length);
    unsigned char digest[DIGEST_MAX];
    size_t digest_length;
    struct error err;
    if (!digest_compute(DIGEST_SHA1, hashed, length, digest, &digest_length, &err)) {
        raise_error(L, &err);
    }
    return push_uuid(L, digest, 5);
}

static const luaL_Reg functions[] = {{"v4", v4}, {"v5", v5}, {"v7", v7}, {NULL, NULL}};

int luaopen_uuid(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
