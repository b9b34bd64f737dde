/*
 * stages.c - what each stage has cost this process so far, and the internal module `stages`.
 * effects.c adds the store calls, the image engine keeps its own; see stages.h.
 */
#include "bindings/stages.h"

#include <lauxlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bindings/bindings.h"
#include "bindings/image/times.h"

/* Of the process and not of a Lua state, as the image engine's: readers take differences. */
static struct {
    int64_t get_us, put_us, s3_us, dynamodb_us;
    int64_t bytes_in, bytes_out, requests;
} calls;

void stages_record(const struct effect *effect, int64_t duration_us)
{
    const char *operation = effect->operation;
    calls.requests++;
    if (strcmp(operation, "s3.get") == 0 || strcmp(operation, "s3.find") == 0) {
        calls.get_us += duration_us;
        calls.bytes_in += effect->bytes;
    } else if (strcmp(operation, "s3.put") == 0) {
        calls.put_us += duration_us;
        calls.bytes_out += effect->bytes;
    } else if (strncmp(operation, "s3.", 3) == 0) {
        calls.s3_us += duration_us;
    } else {
        calls.dynamodb_us += duration_us;
    }
}

static void set_ms(lua_State *L, const char *field, int64_t us)
{
    lua_pushnumber(L, (lua_Number)us / 1000);
    lua_setfield(L, -2, field);
}

static void set_integer(lua_State *L, const char *field, int64_t value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, field);
}

/* The kernel says kibibytes. */
static int64_t peak_memory_bytes(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (int64_t)usage.ru_maxrss * 1024 : 0;
}

/* stages.totals() */
static int totals(lua_State *L)
{
    struct times times;
    times_read(&times);
    lua_createtable(L, 0, 14);
    set_ms(L, "get_ms", calls.get_us);
    set_ms(L, "put_ms", calls.put_us);
    set_ms(L, "s3_ms", calls.s3_us);
    set_ms(L, "dynamodb_ms", calls.dynamodb_us);
    set_ms(L, "decode_ms", times.stage_us[TIMES_DECODE]);
    set_ms(L, "resize_ms", times.stage_us[TIMES_RESIZE]);
    set_ms(L, "encode_ms", times.stage_us[TIMES_ENCODE]);
    set_ms(L, "lua_ms", loop_lua_us(loop_of(L)));
    set_integer(L, "bytes_in", calls.bytes_in);
    set_integer(L, "bytes_out", calls.bytes_out);
    set_integer(L, "pixels", times.pixels);
    set_integer(L, "pictures", times.pictures);
    set_integer(L, "requests", calls.requests);
    set_integer(L, "peak_memory_bytes", peak_memory_bytes());
    return 1;
}

static const luaL_Reg functions[] = {
    {"totals", totals},
    {NULL, NULL},
};

int luaopen_stages(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
