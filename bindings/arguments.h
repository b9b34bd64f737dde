/*
 * arguments.h - reads the one named table that a bound function takes, by a table of fields.
 *
 *     static const struct argument put_fields[] = {
 *         {"bucket", ARGUMENT_TEXT, offsetof(struct s3_request, bucket), .required = true},
 *         {"quality", ARGUMENT_INTEGER, offsetof(struct x, quality), .min = 1, .max = 100},
 *         {"metadata", ARGUMENT_TABLE},
 *         {NULL},
 *     };
 *     arguments_read(L, 1, "put", put_fields, &job->request, job_index);
 *
 * Every complaint is an error object with code `usage` that names the field:
 *
 *     bad argument #1 to 'put' (unknown field 'buckt', did you mean 'bucket'? fields: bucket, key)
 *     bad argument #1 to 'put' (field 'key' is missing)
 *     bad argument #1 to 'put' (field 'key' is a number, expected a string)
 *     bad argument #1 to 'put' (field 'quality' is 101, expected 1 to 100)
 */
#ifndef LUNETTE_BINDINGS_ARGUMENTS_H
#define LUNETTE_BINDINGS_ARGUMENTS_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

enum argument_type {
    ARGUMENT_TEXT,     /* a string (numbers are refused) -> struct { const char *; size_t } such as
                          s3_text; min and max, if max is not 0, bound its length in bytes */
    ARGUMENT_BYTES,    /* a string or bytes.h's object -> likewise */
    ARGUMENT_INTEGER,  /* -> int64_t; min and max hold unless both are 0 */
    ARGUMENT_NUMBER,   /* -> double; finite; min and max likewise */
    ARGUMENT_BOOLEAN,  /* -> bool */
    ARGUMENT_CHOICE,   /* a string of `choices` -> int, its index */
    ARGUMENT_TABLE,    /* only checked; the caller reads it */
    ARGUMENT_FUNCTION, /* only checked */
    ARGUMENT_ANY,      /* only known */
};

struct argument {
    const char *name; /* NULL ends the table */
    enum argument_type type;
    size_t offset; /* where in `out`; a field that is absent leaves it as it was */
    bool required;
    lua_Integer min, max;
    const char *const *choices; /* ended by NULL */
};

/*
 * Raises on the first complaint. Texts stay borrowed from the Lua values; with `job_index` not 0
 * they are anchored to that job and live as long as it does.
 */
void arguments_read(lua_State *L, int index, const char *function, const struct argument *fields,
                    void *out, int job_index);

/* Likewise a table at `index` that came within the function's argument number `argument`. */
void arguments_read_part(lua_State *L, int index, int argument, const char *function,
                         const struct argument *fields, void *out, int job_index);

/* Raises "bad argument #INDEX to 'FUNCTION' (TEXT)" with code `usage`. */
_Noreturn void arguments_complain(lua_State *L, int index, const char *function, const char *format,
                                  ...) __attribute__((format(printf, 4, 5)));

#endif
