/*
 * terminal.c - a question to the terminal and its answer. See terminal.h; picture.lua asks whether
 * it can show pictures.
 */
#include "host/repl/terminal.h"

#include <lauxlib.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "host/loop.h"

#define ANSWER_MAX 512

/* The next byte, -1 when none comes until then. */
static int read_byte(int64_t until_us)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    int64_t left_ms = (until_us - loop_now_us()) / 1000;
    unsigned char byte;
    if (left_ms <= 0 || poll(&input, 1, (int)left_ms) != 1 || read(STDIN_FILENO, &byte, 1) != 1) {
        return -1;
    }
    return byte;
}

static size_t read_answer(char *answer, int last, int64_t until_us)
{
    size_t length = 0;
    while (length < ANSWER_MAX) {
        int byte = read_byte(until_us);
        if (byte < 0) {
            break;
        }
        answer[length++] = (char)byte;
        if (byte == last) {
            break;
        }
    }
    return length;
}

static int terminal_ask(lua_State *L)
{
    size_t length;
    const char *query = luaL_checklstring(L, 1, &length);
    int last = (unsigned char)luaL_checkstring(L, 2)[0];
    int64_t until_us = loop_now_us() + luaL_checkinteger(L, 3) * 1000;
    char answer[ANSWER_MAX];
    size_t answered = 0;
    struct termios before, quiet;
    if (tcgetattr(STDIN_FILENO, &before) == 0) {
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &quiet);
        if (write(STDOUT_FILENO, query, length) == (ssize_t)length) {
            answered = read_answer(answer, last, until_us);
        }
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    }
    lua_pushlstring(L, answer, answered);
    return 1;
}

static const luaL_Reg functions[] = {{"ask", terminal_ask}, {NULL, NULL}};

int luaopen_terminal(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
