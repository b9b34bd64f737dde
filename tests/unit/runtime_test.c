/*
 * runtime_test.c - what the Lambda runtime makes of a handler's name and of an error; the rest is
 * checked from outside, in tests/runtime/.
 */
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

#include "host/runtime_environment.h"
#include "host/runtime_failure.h"
#include "tests/unit/allocation.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

TEST(runtime_handler_names)
{
    static const struct {
        const char *name, *file, *entry; /* NULL: refused */
    } cases[] = {
        {"handler.main", "handler.lua", "main"},
        {"handler", "handler.lua", "main"},
        {"handler.lua", "handler.lua", "main"},
        {"handler.lua:resize", "handler.lua", "resize"},
        {"handler:resize", "handler.lua", "resize"},
        {"a.b.main", "a/b.lua", "main"},
        {"a/b.main", "a/b.lua", "main"},
        {"a/b.c.main", "a/b.c.lua", "main"},
        {"a/b", "a/b.lua", "main"},
        {"./a.main", "./a.lua", "main"},
        {"/opt/rules/a.main", "/opt/rules/a.lua", "main"},
        {"handler.", NULL, NULL},
        {".main", NULL, NULL},
        {".", NULL, NULL},
        {"handler.lua:", NULL, NULL},
        {":main", NULL, NULL},
        {"a/.main", NULL, NULL},
        {"a/", NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct runtime_environment environment = {.workers = 0};
        struct error err = {.code = ""};
        check_case("handler '%s'", cases[i].name);
        bool ok = runtime_environment_split(cases[i].name, &environment, &err);
        CHECK(ok == (cases[i].file != NULL));
        CHECK_TEXT(ok ? environment.handler : err.code, ok ? cases[i].file : "bad_handler_name");
        CHECK_TEXT(ok ? environment.entry : "", ok ? cases[i].entry : "");
    }
}

TEST(runtime_handler_names_that_are_too_long)
{
    char name[1024];
    struct runtime_environment environment;
    struct error err;
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    CHECK(!runtime_environment_split(name, &environment, &err));
    memcpy(name, "h.", 2);
    CHECK(!runtime_environment_split(name, &environment, &err));
}

TEST(runtime_error_types)
{
    static const char *const cases[][2] = {
        {"NoSuchKey", "Function.NoSuchKey"},
        {"bad_image", "Function.BadImage"},
        {"lua", "Function.LuaError"},
        {"syntax", "Runtime.UserCodeSyntaxError"},
        {"response_size_too_large", "Function.ResponseSizeTooLarge"},
        {"", "Function.Error"},
        {"a", "Function.Error"},
        {"__", "Function.Error"},
        {"a1", "Function.Error"},
        {"http2 goaway", "Function.HttpGoaway"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char type[RUNTIME_TYPE_MAX];
        check_case("code '%s'", cases[i][0]);
        runtime_failure_type(cases[i][0], type);
        CHECK_TEXT(type, cases[i][1]);
    }
}

/* The traceback of a task that was waited for, as raise.c makes it. */
static const char lines[] = "\t[C]: in function 'error'\n"
                            "\thandler.lua:12: in upvalue 'deeper'\n"
                            "\t(...tail calls...)\n"
                            "\tlunette/events.lua:240: in function 'called'\n"
                            "\trules/a b.lua:3: in function <rules/a b.lua:1>\n"
                            "waited for by:\n"
                            "\thandler.lua:31: in function 'main'\n"
                            "waited for by:\n"
                            "\t[C]: in ?";

static void make(struct runtime_failure *failure, struct error *err, struct buffer *traceback)
{
    (void)error_set(err, "NoSuchKey", "it is \"gone\"");
    (void)strcpy(err->operation, "s3.get");
    (void)strcpy(err->where, "handler.lua:12");
    buffer_init(traceback, 4096);
    (void)buffer_append_text(traceback, lines);
    runtime_failure_make(failure, err, traceback, "r1");
}

TEST(runtime_failure_documents)
{
    struct runtime_failure failure;
    struct error err;
    struct buffer traceback;
    make(&failure, &err, &traceback);
    CHECK_TEXT(runtime_failure_body(&failure),
               "{\"errorMessage\":\"handler.lua:12: s3.get: NoSuchKey: it is \\\"gone\\\"\","
               "\"errorType\":\"Function.NoSuchKey\","
               "\"stackTrace\":[\"handler.lua:12: in upvalue 'deeper'\","
               "\"rules/a b.lua:3: in function <rules/a b.lua:1>\",\"waited for by:\","
               "\"handler.lua:31: in function 'main'\"],\"requestId\":\"r1\"}");
    const char *cause = runtime_failure_cause(&failure);
    CHECK(cause != NULL && strchr(cause, '\n') == NULL);
    CHECK(strstr(cause, "{\"path\":\"rules/a b.lua\",\"line\":3,"
                        "\"label\":\"function <rules/a b.lua:1>\"}") != NULL);
    CHECK(strstr(cause, "\"paths\":[\"handler.lua\",\"rules/a b.lua\"]}") != NULL);
    runtime_failure_release(&failure);
    buffer_release(&traceback);
}

/* Whatever memory is missing, there is a body to send. */
TEST(runtime_failure_without_memory)
{
    for (long n = 1; n < 100; n++) {
        struct runtime_failure failure;
        struct error err;
        struct buffer traceback;
        make(&failure, &err, &traceback);
        runtime_failure_release(&failure);
        allocation_fail(n);
        runtime_failure_make(&failure, &err, &traceback, "r1");
        bool failed = allocation_has_failed();
        allocation_fail(0);
        check_case("allocation %ld", n);
        const char *body = runtime_failure_body(&failure);
        CHECK(strncmp(body, "{\"errorMessage\":\"", 17) == 0);
        CHECK_TEXT(body + strlen(body) - 1, "}");
        CHECK_TEXT(failure.type, "Function.NoSuchKey");
        runtime_failure_release(&failure);
        buffer_release(&traceback);
        if (!failed) {
            CHECK(n > 3);
            return;
        }
    }
    CHECK(!"it never came through");
}
