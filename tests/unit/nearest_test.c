/*
 * nearest_test.c - what is taken for a misspelt word, and what is not.
 */
#include <string.h>

#include "host/nearest.h"
#include "tests/unit/check.h"

TEST(nearest_guesses_what_was_meant)
{
    static const char *const names[] = {"width", "height", "handler", "store",
                                        "aws",   "alb",    "key",     NULL};
    static const struct {
        const char *wrong, *wanted; /* NULL: nothing is like it */
    } cases[] = {
        {"hight", "height"},
        {"wdith", "width"},
        {"hand", "handler"},
        {"han", "handler"},
        {"ha", NULL},
        {"", NULL},
        {"quality", NULL},
        {"stores", "store"},
        {"aws-store", NULL},
        {"AWS", NULL},
        {"aw", "aws"},
        {"api", NULL}, /* "alb" is something else */
        {"kye", "key"},
        {"hadnlre", "handler"},
        {"x", NULL},
        {"width", "width"},
        {"handlerhandlerhandlerhandlerhandler", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_case("%s", cases[i].wrong);
        struct nearest nearest = nearest_to(cases[i].wrong);
        for (size_t k = 0; names[k] != NULL; k++) {
            nearest_try(&nearest, names[k]);
        }
        CHECK_TEXT(nearest.name != NULL ? nearest.name : "none",
                   cases[i].wanted != NULL ? cases[i].wanted : "none");
    }
}

TEST(nearest_reads_no_further_than_the_word)
{
    struct nearest nearest = nearest_to_part("hight=300", strlen("hight"));
    nearest_try(&nearest, "height");
    CHECK_TEXT(nearest.name, "height");
    CHECK_INTEGER(nearest.distance, 1);
}
