/*
 * dynamodb_ask.c - see dynamodb_ask.h.
 */
#include "tests/unit/dynamodb_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/local/dynamodb/dynamodb.h"
#include "tests/unit/check.h"

struct ask ask_open(void)
{
    struct error err;
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/lunette.db", check_folder());
    struct ask ask = {.database = database_open(path, &err)};
    if (!CHECK(ask.database != NULL)) {
        abort();
    }
    ask.local = dynamodb_local_new(ask.database, &err);
    if (!CHECK(ask.local != NULL)) {
        abort();
    }
    CHECK(dynamodb_local_declare_table(ask.local, "things", "id", &err));
    CHECK(dynamodb_local_declare_table(ask.local, "lines", "id:S,at:N", &err));
    CHECK(dynamodb_local_declare_table(ask.local, "bytes", "id:B,part", &err));
    return ask;
}

void ask_close(struct ask *ask)
{
    dynamodb_local_free(ask->local);
    database_close(ask->database);
}

static char *with_quotes(const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL) {
        abort();
    }
    for (char *at = copy; *at != '\0'; at++) {
        *at = *at == '\'' && text[0] != '!' ? '"' : *at;
    }
    return copy;
}

static void check_error(const struct error *err, const char *wanted)
{
    char got[2048];
    (void)snprintf(got, sizeof got, "!%s: %s", err->code, err->message);
    if (strstr(got, wanted) != got) {
        const char *message = strchr(wanted, ' ');
        size_t code_length = message == NULL ? strlen(wanted) : (size_t)(message - wanted);
        bool good = strncmp(got, wanted, code_length) == 0 &&
                    (message == NULL || strstr(err->message, message + 1) != NULL);
        if (!good) {
            CHECK_TEXT(got, wanted);
        }
    }
}

static void check_answer(const struct buffer *got, const char *wanted)
{
    struct error err;
    json_t *got_document = document_parse(buffer_text(got), got->length, &err);
    json_t *wanted_document = document_parse(wanted, strlen(wanted), &err);
    CHECK(wanted_document != NULL);
    if (got_document == NULL || json_equal(got_document, wanted_document) != 1) {
        CHECK_TEXT(buffer_text(got), wanted);
    }
    json_decref(got_document);
    json_decref(wanted_document);
}

static void ask_step(struct ask *ask, const struct ask_step *step)
{
    struct error err;
    struct buffer response;
    buffer_init(&response, DYNAMODB_RESPONSE_MAX);
    char *request = with_quotes(step->request), *wanted = with_quotes(step->wanted);
    struct dynamodb_store *store = dynamodb_local_store(ask->local);
    bool good =
        store->execute(store, step->operation, request, strlen(request), &response, NULL, &err);
    check_case("%s %s", step->operation, request);
    if (!good) {
        check_error(&err, wanted);
    } else if (wanted[0] == '!') {
        CHECK_TEXT(buffer_text(&response), wanted);
    } else {
        check_answer(&response, wanted);
    }
    free(request);
    free(wanted);
    buffer_release(&response);
}

void ask_steps(struct ask *ask, const struct ask_step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ask_step(ask, &steps[i]);
    }
}
