/*
 * json_scan.h - is this text JSON, and JSON that lua-cjson reads right? Pure C, no Lua.
 *
 * lua-cjson accepts more than JSON (hexadecimal numbers, NaN, Infinity, any bytes in strings) and
 * reads every number as a double. The scan accepts RFC 8259 and nothing else, and rewrites what
 * lua-cjson would get wrong into strings that begin with a byte that no JSON text can hold:
 *
 *     9007199254740993    ->  "\xFFI9007199254740993"     integers of 16 digits or more
 *     []                  ->  "\xFFA"                     else the same as {} in Lua
 */
#ifndef LUNETTE_BINDINGS_JSON_SCAN_H
#define LUNETTE_BINDINGS_JSON_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "host/buffer.h"
#include "host/error.h"

#define JSON_DEPTH_MAX 128                /* arrays and objects within one another */
#define JSON_TEXT_MAX  (64 * 1024 * 1024) /* bytes of text, both ways */

#define JSON_MARK         '\xFF'
#define JSON_MARK_INTEGER 'I'
#define JSON_MARK_ARRAY   'A'

/*
 * `text` must be followed by a NUL. On success `rewritten` is empty when the text can be decoded as
 * it is, else it holds the text to decode instead. Errors: `bad_json`, which says what was expected
 * and at which byte (the first is byte 1) and line; `memory`, `too_large`.
 */
MUST_CHECK bool json_scan(const char *text, size_t length, struct buffer *rewritten,
                          struct error *err);

/* The integer in `text`, "-"? digits; false when it does not fit. */
bool json_parse_integer(const char *text, size_t length, int64_t *value);

#endif
