/*
 * xray.c - subsegments for X-Ray. effects.c calls it for every store call that has ended; see
 * xray.h.
 */
#include "bindings/xray.h"

#include <arpa/inet.h>
#include <lauxlib.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bindings/digest.h"
#include "bindings/json.h"
#include "bindings/scratch.h"

#define DATAGRAM_MAX 65507 /* of UDP over IPv4 */
#define HEADER       "{\"format\":\"json\",\"version\":1}\n"

/* ---- where to, and whether ------------------------------------------------------------------- */

struct trace {
    char root[64], parent[32];
};

/* The value of `name` in "Root=1-5e...;Parent=53...;Sampled=1"; false when it isn't there. */
static bool trace_part(const char *header, const char *name, char *out, size_t size)
{
    size_t name_length = strlen(name);
    for (const char *part = header; part != NULL; part = strchr(part, ';')) {
        part += *part == ';' ? 1 : 0;
        size_t length = strcspn(part, ";");
        if (length > name_length && strncmp(part, name, name_length) == 0 &&
            length - name_length < size) {
            (void)snprintf(out, size, "%.*s", (int)(length - name_length), part + name_length);
            return true;
        }
    }
    return false;
}

static bool is_sampled(struct trace *trace)
{
    const char *header = getenv("_X_AMZN_TRACE_ID");
    char sampled[4];
    return header != NULL && trace_part(header, "Sampled=", sampled, sizeof sampled) &&
           strcmp(sampled, "1") == 0 &&
           trace_part(header, "Root=", trace->root, sizeof trace->root) &&
           trace_part(header, "Parent=", trace->parent, sizeof trace->parent);
}

/* "127.0.0.1:2000", or "tcp:127.0.0.1:2000 udp:127.0.0.1:2000": the daemon's socket, or -1. */
static int connect_to(const char *text)
{
    const char *udp = strstr(text, "udp:");
    text = udp != NULL ? udp + strlen("udp:") : text;
    char host[INET_ADDRSTRLEN];
    size_t length = strcspn(text, ":");
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (text[length] != ':' || length >= sizeof host) {
        return -1;
    }
    (void)snprintf(host, sizeof host, "%.*s", (int)length, text);
    address.sin_port = htons((uint16_t)strtoul(text + length + 1, NULL, 10));
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) {
        return -1;
    }
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

/* One for the life of the process: Lambda doesn't change the address. -1: there is no daemon. */
static int daemon_socket(void)
{
    static int fd = -1;
    static bool asked;
    if (!asked) {
        const char *address = getenv("AWS_XRAY_DAEMON_ADDRESS");
        asked = true;
        fd = address != NULL ? connect_to(address) : -1;
    }
    return fd;
}

/* ---- the document ---------------------------------------------------------------------------- */

static const struct {
    const char *operation, *name;
} names[] = {
    {"s3.get", "GetObject"},
    {"s3.find", "GetObject"},
    {"s3.head", "HeadObject"},
    {"s3.put", "PutObject"},
    {"s3.copy", "CopyObject"},
    {"s3.delete", "DeleteObject"},
    {"s3.delete_all", "DeleteObjects"},
    {"s3.list", "ListObjectsV2"},
    {"dynamodb.get", "GetItem"},
    {"dynamodb.put", "PutItem"},
    {"dynamodb.update", "UpdateItem"},
    {"dynamodb.delete", "DeleteItem"},
    {"dynamodb.query", "Query"},
    {"dynamodb.scan", "Scan"},
    {"dynamodb.batch_get", "BatchGetItem"},
    {"dynamodb.batch_write", "BatchWriteItem"},
    {"dynamodb.transact", "TransactWriteItems"},
};

static const char *aws_name(const char *operation)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i].operation, operation) == 0) {
            return names[i].name;
        }
    }
    return operation;
}

static void set_text(lua_State *L, const char *field, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, field);
}

static void set_bytes(lua_State *L, const char *field, const char *bytes, size_t length)
{
    lua_pushlstring(L, bytes, length);
    lua_setfield(L, -2, field);
}

/* Monotonic to wall-clock, in seconds. */
static void set_time(lua_State *L, const char *field, int64_t at_us)
{
    int64_t wall_us = loop_wall_ms() * 1000 - (loop_now_us() - at_us);
    lua_pushnumber(L, (lua_Number)wall_us / 1000000);
    lua_setfield(L, -2, field);
}

static void push_aws(lua_State *L, const struct effect *effect, bool is_s3)
{
    lua_createtable(L, 0, 4);
    set_text(L, "operation", aws_name(effect->operation));
    set_bytes(L, is_s3 ? "bucket_name" : "table_name", effect->place, effect->place_length);
    if (is_s3 && effect->key != NULL) {
        set_bytes(L, "key", effect->key, effect->key_length);
    }
    const char *region = getenv("AWS_REGION");
    if (region != NULL) {
        set_text(L, "region", region);
    }
}

/* X-Ray's words: an error is the caller's, a fault the service's, or that of the way there. */
static void set_outcome(lua_State *L, const struct error *err)
{
    int status = err == NULL ? 200 : err->status;
    if (status != 0) {
        lua_createtable(L, 0, 1);
        lua_createtable(L, 0, 1);
        lua_pushinteger(L, status);
        lua_setfield(L, -2, "status");
        lua_setfield(L, -2, "response");
        lua_setfield(L, -2, "http");
    }
    if (err != NULL) {
        lua_pushboolean(L, true);
        lua_setfield(L, -2, status >= 400 && status < 500 ? "error" : "fault");
    }
    if (status == 429) {
        lua_pushboolean(L, true);
        lua_setfield(L, -2, "throttle");
    }
}

static void push_subsegment(lua_State *L, const struct trace *trace, const char *id,
                            const struct effect *effect, const struct job *job,
                            const struct error *err)
{
    bool is_s3 = strncmp(effect->operation, "s3.", 3) == 0;
    lua_createtable(L, 0, 12);
    set_text(L, "id", id);
    set_text(L, "trace_id", trace->root);
    set_text(L, "parent_id", trace->parent);
    set_text(L, "type", "subsegment");
    set_text(L, "namespace", "aws");
    set_text(L, "name", is_s3 ? "S3" : "DynamoDB");
    set_time(L, "start_time", job->started_us);
    set_time(L, "end_time", job->finished_us);
    set_outcome(L, err);
    push_aws(L, effect, is_s3);
    lua_setfield(L, -2, "aws");
}

void xray_record(lua_State *L, const struct effect *effect, const struct job *job,
                 const struct error *err)
{
    static const struct json_style style = {0};
    struct trace trace;
    struct error failure;
    unsigned char random[8];
    if (daemon_socket() < 0 || !is_sampled(&trace) ||
        !digest_random(random, sizeof random, &failure)) {
        return;
    }
    char id[17];
    for (size_t i = 0; i < sizeof random; i++) {
        (void)snprintf(id + 2 * i, 3, "%02x", random[i]);
    }
    luaL_checkstack(L, 8, "tracing");
    struct buffer *out = scratch_push_buffer(L, DATAGRAM_MAX);
    push_subsegment(L, &trace, id, effect, job, err);
    (void)buffer_append_text(out, HEADER);
    if (json_encode(L, -1, &style, out, &failure)) {
        (void)send(daemon_socket(), out->data, out->length, MSG_NOSIGNAL);
    }
    buffer_release(out);
    lua_pop(L, 2);
}
