/*
 * system.c - files, environment and memory for the REPL's Lua. See system.h.
 */
#include "host/repl/system.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int system_stamp(lua_State *L)
{
    struct stat info;
    if (stat(luaL_checkstring(L, 1), &info) != 0) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushfstring(L, "%I.%I/%I/%I", (LUAI_UACINT)info.st_mtim.tv_sec,
                    (LUAI_UACINT)info.st_mtim.tv_nsec, (LUAI_UACINT)info.st_size,
                    (LUAI_UACINT)info.st_ino);
    return 1;
}

/* ---- folders --------------------------------------------------------------------------------- */

static int system_make_folder(lua_State *L)
{
    char path[PATH_MAX];
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    luaL_argcheck(L, length < sizeof path, 1, "the path is too long");
    memcpy(path, text, length + 1);
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
    lua_pushboolean(L, mkdir(path, 0700) == 0 || errno == EEXIST);
    return 1;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static int system_remove_folder(lua_State *L)
{
    lua_pushboolean(L, nftw(luaL_checkstring(L, 1), remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
    return 1;
}

static int system_temporary_folder(lua_State *L)
{
    char path[] = "/tmp/lunette-XXXXXX";
    if (mkdtemp(path) == NULL) {
        return luaL_error(L, "no folder can be made in /tmp: %s", strerror(errno));
    }
    lua_pushstring(L, path);
    return 1;
}

/* ---- the process ----------------------------------------------------------------------------- */

static int system_set_environment(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const char *value = luaL_optstring(L, 2, NULL);
    int failed = value == NULL ? unsetenv(name) : setenv(name, value, 1);
    return failed == 0 ? 0 : luaL_argerror(L, 1, strerror(errno));
}

/* Linux sets the high-water mark back to what is used now when it is told 5. */
static int system_forget_peak(lua_State *L)
{
    int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, "5", 1) == 1;
    if (fd >= 0) {
        (void)close(fd);
    }
    lua_pushboolean(L, ok);
    return 1;
}

static int system_peak_bytes(lua_State *L)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[256];
    long long kilobytes = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kilobytes = strtoll(line + 6, NULL, 10);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    lua_pushinteger(L, (lua_Integer)kilobytes * 1024);
    return 1;
}

static int system_program(lua_State *L)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path);
    if (length <= 0) {
        return luaL_error(L, "/proc/self/exe can't be read: %s", strerror(errno));
    }
    lua_pushlstring(L, path, (size_t)length);
    return 1;
}

static const luaL_Reg functions[] = {
    {"stamp", system_stamp},
    {"make_folder", system_make_folder},
    {"remove_folder", system_remove_folder},
    {"temporary_folder", system_temporary_folder},
    {"set_environment", system_set_environment},
    {"forget_peak", system_forget_peak},
    {"peak_bytes", system_peak_bytes},
    {"program", system_program},
    {NULL, NULL},
};

int luaopen_system(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
